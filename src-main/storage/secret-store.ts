import * as z from 'zod'
import { jsonFile } from './atomic-file'

/** The system's own store of secrets, where there is one: a desktop app has it, a program in a terminal has not. */
export interface SecretCipher {
  isAvailable(): boolean
  seal(text: string): Uint8Array
  /** Throws when it was sealed elsewhere. */
  open(bytes: Uint8Array): string
}

export type SecretName = 'huggingFaceToken'

/** `keyring`: sealed by the system. `file`: plain, in a file of this user alone. `locked`: sealed, and not for us. */
export type Protection = 'keyring' | 'file' | 'locked'

export interface SecretStore {
  /** Null when there is none, or it can't be opened here. */
  get(name: SecretName): Promise<string | null>
  /** How it is kept; null when there is none. */
  protection(name: SecretName): Promise<Protection | null>
  /** Null forgets it. */
  set(name: SecretName, value: string | null): Promise<void>
  /** How the next one will be kept. */
  offered(): 'keyring' | 'file'
}

const KeptSchema = z.strictObject({ isSealed: z.boolean(), value: z.string().max(8_192) })
const FileSchema = z.partialRecord(z.enum(['huggingFaceToken']), KeptSchema)

/**
 * Secrets of one data directory. Sealed where the system offers it; elsewhere in a file that only its user can read,
 * which is said wherever the secret is asked for.
 */
export function createSecretStore(path: string, cipher: SecretCipher | null): SecretStore {
  const file = jsonFile(path, FileSchema, { keepsCopy: true, refusesUnsaved: true })
  let turn: Promise<unknown> = Promise.resolve()
  const hasCipher = () => cipher?.isAvailable() ?? false

  async function read(name: SecretName): Promise<{ value: string | null; protection: Protection } | null> {
    const kept = (await file.load())?.[name]
    if (!kept) return null
    if (!kept.isSealed) return { value: kept.value, protection: 'file' }
    if (!cipher || !hasCipher()) return { value: null, protection: 'locked' }
    try {
      return { value: cipher.open(Buffer.from(kept.value, 'base64')), protection: 'keyring' }
    } catch {
      return { value: null, protection: 'locked' }
    }
  }

  async function write(name: SecretName, value: string | null): Promise<void> {
    const { [name]: _, ...others } = (await file.load()) ?? {}
    if (value === null) return file.save(others)
    const isSealed = hasCipher()
    const kept = isSealed && cipher ? Buffer.from(cipher.seal(value)).toString('base64') : value
    await file.save({ ...others, [name]: { isSealed, value: kept } })
  }

  return {
    get: async (name) => (await read(name))?.value ?? null,
    protection: async (name) => (await read(name))?.protection ?? null,
    set(name, value) {
      // One after the other: each begins from what the one before has written.
      const writing = turn.then(() => write(name, value))
      turn = writing.catch(() => undefined)
      return writing
    },
    offered: () => (hasCipher() ? 'keyring' : 'file'),
  }
}
