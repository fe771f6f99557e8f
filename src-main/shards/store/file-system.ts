import { type FileHandle, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { makeFolders } from '../../storage/make-folders'

export interface FileFacts {
  readonly sizeBytes: number
  /** What it takes on the disk: holes take nothing. */
  readonly allocatedBytes: number
  /** Milliseconds since the epoch; with the size it tells cheaply that a file was touched. */
  readonly modifiedMs: number
  readonly isDirectory: boolean
}

/** An open file, read and written at positions. */
export interface ShardFile {
  /** Fills `target` from `position`; returns how many bytes there were. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** Returns when data and size are on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * The disk, passed in, so that a test can make any call of it fail. What cannot be written is SHARD_WRITE_FAILED, or
 * DISK_FULL when the system says that there is no room; what cannot be read SHARD_READ_FAILED or SHARD_MISSING.
 */
export interface ShardFileSystem {
  /** `create` empties the file, `update` keeps what is there and makes it when missing. */
  open(path: string, mode: 'read' | 'create' | 'update'): Promise<ShardFile>
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file or a whole directory; nothing there is fine. */
  remove(path: string): Promise<void>
  /** Names in a directory; empty when there is none. */
  list(path: string): Promise<string[]>
  /** Null when there is nothing. */
  facts(path: string): Promise<FileFacts | null>
  /** A whole small file; null when there is none. */
  readSmall(path: string, maxBytes: number): Promise<Uint8Array | null>
  /** Bytes that this user may still write on the disk that holds `path`. */
  freeBytes(path: string): Promise<number>
  /** A rename is on the disk when its directory is. */
  syncDirectory(path: string): Promise<void>
}

const FLAGS = { read: 'r', create: 'w+', update: 'r+' } as const

export const nodeFileSystem: ShardFileSystem = {
  async open(path, mode) {
    if (mode === 'read') return shardFile(await reading(() => open(path, 'r')))
    const file = await writing(async () => {
      if (mode === 'create') return open(path, FLAGS.create)
      try {
        return await open(path, FLAGS.update)
      } catch (error) {
        if (isMissing(error)) return open(path, FLAGS.create)
        throw error
      }
    })
    return shardFile(file)
  },
  makeDirectory: async (path) => void (await writing(() => makeFolders(path))),
  rename: (from, to) => writing(() => rename(from, to)),
  remove: (path) => writing(() => rm(path, { force: true, recursive: true })),
  list: (path) => reading(() => readdir(path)).catch((error: unknown) => ifMissing(error, [])),
  facts: (path) =>
    reading(async () => {
      const found = await stat(path)
      const allocatedBytes = found.blocks > 0 ? found.blocks * 512 : found.size
      return { sizeBytes: found.size, allocatedBytes, modifiedMs: found.mtimeMs, isDirectory: found.isDirectory() }
    }).catch((error: unknown) => ifMissing(error, null)),
  async readSmall(path, maxBytes) {
    const found = await nodeFileSystem.facts(path)
    if (found === null) return null
    if (found.sizeBytes > maxBytes) {
      throw new EspalierError('SHARD_READ_FAILED', `${path} is longer than ${maxBytes} bytes`)
    }
    return reading(() => readFile(path)).catch((error: unknown) => ifMissing(error, null))
  },
  async freeBytes(path) {
    const { bavail, bsize } = await reading(() => statfs(path))
    return bavail * bsize
  },
  async syncDirectory(path) {
    // Windows has no such call and does not need it.
    if (process.platform === 'win32') return
    const handle = await reading(() => open(path, 'r'))
    try {
      await writing(() => handle.sync())
    } finally {
      await handle.close()
    }
  },
}

function shardFile(file: FileHandle): ShardFile {
  return {
    read: (target, position) =>
      reading(async () => {
        let filled = 0
        while (filled < target.byteLength) {
          const { bytesRead } = await file.read(target, filled, target.byteLength - filled, position + filled)
          if (bytesRead === 0) break
          filled += bytesRead
        }
        return filled
      }),
    write: (bytes, position) =>
      writing(async () => {
        for (let done = 0; done < bytes.byteLength; ) {
          const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done)
          done += bytesWritten
        }
      }),
    truncate: (sizeBytes) => writing(() => file.truncate(sizeBytes)),
    sync: () => writing(() => file.datasync()),
    close: () => file.close(),
  }
}

/** Replaces a small file so that readers see the old or the new content, also after a crash. */
export async function replaceFile(disk: ShardFileSystem, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await disk.open(temporary, 'create')
  try {
    await file.write(content, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(temporary, path)
}

async function writing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw writeFailure(error)
  }
}

/** What the system says about a write, in our words. */
export function writeFailure(error: unknown): EspalierError {
  if (error instanceof EspalierError) return error
  const isFull = codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'
  return new EspalierError(isFull ? 'DISK_FULL' : 'SHARD_WRITE_FAILED', messageOf(error), { cause: error })
}

async function reading<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw new EspalierError(isMissing(error) ? 'SHARD_MISSING' : 'SHARD_READ_FAILED', messageOf(error), {
      cause: error,
    })
  }
}

function ifMissing<T>(error: unknown, value: T): T {
  if (error instanceof EspalierError && error.code === 'SHARD_MISSING') return value
  throw error
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
