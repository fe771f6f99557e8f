import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolders } from '../../storage/make-folders'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12

/** Makes a file that nobody else may read; rejects when it is there. */
export type OpenFile = (path: string) => Promise<Pick<FileHandle, 'read' | 'write' | 'close'>>

const openNew: OpenFile = (path) => open(path, 'wx+', 0o600)

/**
 * What one session has no room for in memory, piece after piece. Hidden states tell about the prompt, so they are
 * encrypted with a key that only this process has: what a crash leaves behind is of no use to anybody. A piece that was
 * changed is noticed when it is read. One `append` at a time.
 */
export function createKeptFile(path: string, openFile: OpenFile = openNew) {
  const key = randomBytes(32)
  const pieces: { readonly at: number; readonly length: number; readonly tag: Buffer }[] = []
  let file: ReturnType<OpenFile> | null = null
  let endsAt = 0

  async function openOnce(): ReturnType<OpenFile> {
    await makeFolders(dirname(path), 0o700)
    return openFile(path)
  }

  return {
    get pieces() {
      return pieces.length
    },
    async append(plain: Uint8Array): Promise<void> {
      const cipher = createCipheriv(CIPHER, key, nonceOf(pieces.length))
      const bytes = Buffer.concat([cipher.update(plain), cipher.final()])
      file ??= openOnce()
      const handle = await file
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, endsAt + written)
        written += bytesWritten
      }
      pieces.push({ at: endsAt, length: bytes.length, tag: cipher.getAuthTag() })
      endsAt += bytes.length
    },
    /** Rejects for a piece that is not as it was written. */
    async read(index: number): Promise<Buffer> {
      const piece = pieces[index]
      if (!piece || !file) throw new Error(`there is no piece ${index}`)
      const bytes = Buffer.alloc(piece.length)
      const { bytesRead } = await (await file).read(bytes, 0, bytes.length, piece.at)
      const decipher = createDecipheriv(CIPHER, key, nonceOf(index)).setAuthTag(piece.tag)
      return Buffer.concat([decipher.update(bytes.subarray(0, bytesRead)), decipher.final()])
    },
    /** Never rejects: what can't be removed now is removed at the next start. */
    async remove(): Promise<void> {
      if (!file) return
      await file.then((handle) => handle.close()).catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
    },
  }
}

/** Each piece of a key has its own number. */
function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32LE(index)
  return nonce
}

export type KeptFile = ReturnType<typeof createKeptFile>
