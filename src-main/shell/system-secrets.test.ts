import { expect, it } from 'vitest'
import { systemSecrets } from './system-secrets'

function storage(isAvailable: boolean, backend: string) {
  return {
    isEncryptionAvailable: () => isAvailable,
    getSelectedStorageBackend: () => backend as 'basic_text',
    encryptString: (text: string) => Buffer.from(`sealed ${text}`),
    decryptString: (bytes: Buffer) => bytes.toString().replace('sealed ', ''),
  }
}

it.each([
  ['linux', true, 'gnome_libsecret', true],
  ['linux', true, 'basic_text', false],
  ['linux', false, 'unknown', false],
  ['darwin', true, 'unknown', true],
  ['win32', false, 'unknown', false],
] as const)('on %s with %s and the backend %s: sealed %s', (platform, isAvailable, backend, expected) => {
  const secrets = systemSecrets(storage(isAvailable, backend), platform)
  expect(secrets?.isAvailable()).toBe(expected)
  expect(secrets?.open(secrets.seal('x'))).toBe('x')
})

it('is absent where Electron has none', () => {
  expect(systemSecrets(undefined, 'linux')).toBeNull()
})
