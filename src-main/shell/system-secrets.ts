/// <reference types="electron" />
import type { SecretCipher } from '../storage/secret-store'

type SafeStorage = Pick<
  typeof Electron.CrossProcessExports.safeStorage,
  'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'
>

/**
 * Electron's safeStorage. On Linux without a keyring it would seal with a password that stands in its own source: that
 * is no protection, so it counts as absent. Null where this Electron has none.
 */
export function systemSecrets(safeStorage: SafeStorage | undefined, platform: NodeJS.Platform): SecretCipher | null {
  if (!safeStorage) return null
  return {
    isAvailable() {
      if (!safeStorage.isEncryptionAvailable()) return false
      return platform !== 'linux' || !['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend())
    },
    seal: (text) => safeStorage.encryptString(text),
    open: (bytes) => safeStorage.decryptString(Buffer.from(bytes)),
  }
}
