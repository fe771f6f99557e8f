import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSecretStore, type SecretCipher } from './secret-store'

const TOKEN = 'hf_abcdefghijklmnopqrstuvwx'
let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-secrets-'))
  path = join(directory, 'secrets.json')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Not a cipher; enough to tell what went through it. */
const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a)
function cipher(change: Partial<SecretCipher> = {}): SecretCipher {
  return {
    isAvailable: () => true,
    seal: (text) => flip(Buffer.from(text)),
    open: (bytes) => Buffer.from(flip(bytes)).toString(),
    ...change,
  }
}

it('seals with the system’s store where there is one', async () => {
  const secrets = createSecretStore(path, cipher())
  expect(secrets.offered()).toBe('keyring')
  await secrets.set('huggingFaceToken', TOKEN)
  expect(await secrets.get('huggingFaceToken')).toBe(TOKEN)
  expect(await secrets.protection('huggingFaceToken')).toBe('keyring')
  expect(await readFile(path, 'utf8')).not.toContain(TOKEN)
})

it.each([
  ['there is none', null],
  ['it says that it can’t', cipher({ isAvailable: () => false })],
])('keeps it in a file of this user alone, and says so, where %s', async (_, none) => {
  const secrets = createSecretStore(path, none)
  expect(secrets.offered()).toBe('file')
  await secrets.set('huggingFaceToken', TOKEN)
  expect(await secrets.get('huggingFaceToken')).toBe(TOKEN)
  expect(await secrets.protection('huggingFaceToken')).toBe('file')
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o077).toBe(0)
})

it('says that it is locked where another program has sealed it, and takes a new one', async () => {
  await createSecretStore(path, cipher()).set('huggingFaceToken', TOKEN)
  const headless = createSecretStore(path, null)
  expect([await headless.protection('huggingFaceToken'), await headless.get('huggingFaceToken')]).toEqual([
    'locked',
    null,
  ])
  const refuses = cipher({
    open: () => {
      throw new Error('another user')
    },
  })
  expect(await createSecretStore(path, refuses).protection('huggingFaceToken')).toBe('locked')
  await headless.set('huggingFaceToken', 'hf_another')
  expect(await headless.get('huggingFaceToken')).toBe('hf_another')
})

it('forgets it', async () => {
  const secrets = createSecretStore(path, null)
  await secrets.set('huggingFaceToken', TOKEN)
  await secrets.set('huggingFaceToken', null)
  expect([await secrets.get('huggingFaceToken'), await secrets.protection('huggingFaceToken')]).toEqual([null, null])
  expect(await readFile(path, 'utf8')).not.toContain(TOKEN)
})
