import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { createRangeClient } from '../../shards/sources/http-range'
import { findLibraryFiles } from '../library'
import { type Pack, packDirectory } from './pack-list'
import { untar } from './untar'

/** A request asks for this much: what a broken connection costs at most is asked for again from where it broke. */
const PART_BYTES = 16 * 1024 * 1024
/** Libraries only, and no more of them than fit three times into what is known. */
const MAX_UNPACKED_BYTES = 2_000_000_000
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/

/**
 * Fetches a pack of libraries, goes on where an earlier attempt ended, and puts it into the data directory only after
 * the SHA-512 of the whole archive is the one that the app was shipped with. Resolves to the directory with the
 * libraries. Throws PACK_TAMPERED, and what HTTP sources throw. What was fetched stays for the next attempt.
 */
export async function fetchPack(
  pack: Pack,
  options: {
    dataRoot: string
    signal: AbortSignal
    onProgress?: (done: number, total: number) => void
    /** For a mirror on this computer or its network. */
    allowPrivate?: boolean
  },
): Promise<string> {
  const { dataRoot, signal } = options
  const directory = packDirectory(dataRoot, pack)
  if (existsSync(directory)) return directory
  const archive = `${directory}.tgz.part`
  const unpacking = `${directory}.unpacking`
  await mkdir(dirname(directory), { recursive: true })
  await download(pack, archive, options)
  try {
    if ((await integrityOf(archive)) !== pack.integrity) {
      throw new EspalierError('PACK_TAMPERED', 'its hash is not the one that this app knows')
    }
    signal.throwIfAborted()
    await rm(unpacking, { recursive: true, force: true })
    await mkdir(unpacking)
    await unpack(archive, pack, unpacking)
    // Another release than ours would be refused by the engine later; here there is still somebody to tell.
    findLibraryFiles(unpacking)
    await rename(unpacking, directory)
  } catch (error) {
    await rm(unpacking, { recursive: true, force: true })
    // Bytes that are wrong as a whole are of no use to the next attempt.
    if (!signal.aborted) await rm(archive, { force: true })
    throw error
  }
  await rm(archive, { force: true })
  return directory
}

async function download(
  pack: Pack,
  path: string,
  { signal, onProgress, allowPrivate = false }: Parameters<typeof fetchPack>[1],
): Promise<void> {
  const client = createRangeClient({ allowPrivate })
  const file = await open(path, 'a')
  try {
    let done = (await file.stat()).size
    if (done > pack.sizeBytes) {
      await file.truncate(0)
      done = 0
    }
    onProgress?.(done, pack.sizeBytes)
    while (done < pack.sizeBytes) {
      const sizeBytes = Math.min(PART_BYTES, pack.sizeBytes - done)
      const request = { offset: done, sizeBytes, totalBytes: pack.sizeBytes }
      await client.read(
        new URL(pack.url),
        request,
        async (bytes) => {
          // Copied: the sink may only keep what it owns, and the write ends after the call.
          await file.write(Uint8Array.from(bytes))
          done += bytes.byteLength
          onProgress?.(done, pack.sizeBytes)
        },
        signal,
      )
    }
    await file.sync()
  } finally {
    client.close()
    await file.close()
  }
}

async function integrityOf(path: string): Promise<string> {
  const hash = createHash('sha512')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return `sha512-${hash.digest('base64')}`
}

/** Takes the plain files of the one folder that holds the libraries; a name never becomes a path of its own. */
async function unpack(archive: string, pack: Pack, target: string): Promise<void> {
  const folder = `package/bins/${pack.name}/`
  let total = 0
  const stream = createReadStream(archive).pipe(createGunzip())
  try {
    await untar(stream, async (name, sizeBytes) => {
      const rest = name.startsWith(folder) ? name.slice(folder.length) : ''
      if (name.includes('..') || name.startsWith('/') || name.includes('\\')) {
        throw new EspalierError('PACK_TAMPERED', 'a file in it wants to lie elsewhere')
      }
      if (!FILE_NAME.test(rest)) return null
      total += sizeBytes
      if (total > MAX_UNPACKED_BYTES) throw new EspalierError('PACK_TAMPERED', 'it is larger than it can be')
      const file = await open(join(target, rest), 'wx', 0o644)
      return {
        write: async (bytes) => void (await file.write(bytes)),
        end: () => file.close(),
      }
    })
  } catch (error) {
    stream.destroy()
    throw error instanceof EspalierError
      ? error
      : new EspalierError('PACK_TAMPERED', messageOf(error), { cause: error })
  }
}

/** The directory of a pack that is there; null otherwise. */
export async function installedPack(dataRoot: string, pack: Pack | null): Promise<string | null> {
  if (pack === null) return null
  const directory = packDirectory(dataRoot, pack)
  const found = await stat(directory).catch(() => null)
  return found?.isDirectory() ? directory : null
}
