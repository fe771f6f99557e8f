import { open, stat } from 'node:fs/promises'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { GGUF_LIMITS, type ParseOptions, parseIfWhole } from './gguf-parse'
import type { GgufHeader } from './gguf-types'
import { joinParts } from './split/join-parts'
import { checkParts, splitPaths } from './split/split-name'

/** The bytes of a model, wherever they lie. */
export interface ModelFile {
  readonly sizeBytes: number
  /** Fills `target` from `position` as far as it can in one go; returns how many bytes. 0: the end. */
  read(target: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** Enough for a header without a vocabulary. */
const FIRST_READ_BYTES = 2 ** 20

/**
 * Reads and parses the header of a model, and no more of it than that needs. Throws as parseGgufHeader, and
 * SHARD_MISSING when the file cannot be opened, MODEL_NOT_A_FILE for a folder.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await openModel(path)
  try {
    return await headerOf(file)
  } finally {
    await file.close()
  }
}

export interface HeaderOptions extends ParseOptions {
  firstReadBytes?: number
  /** A header that is longer is refused. */
  maxBytes?: number
}

/** As readGgufHeader, from a file that is open. */
export async function headerOf(
  file: Pick<ModelFile, 'sizeBytes' | 'read'>,
  { firstReadBytes = FIRST_READ_BYTES, maxBytes = GGUF_LIMITS.headerBytes, ...options }: HeaderOptions = {},
): Promise<GgufHeader> {
  const { sizeBytes } = file
  let bytes = new Uint8Array(0)
  for (let wanted = firstReadBytes; ; wanted *= 4) {
    const limit = Math.min(wanted, sizeBytes, maxBytes)
    bytes = await readUpTo(file, bytes, limit)
    const header = parseIfWhole(bytes, sizeBytes, options)
    if (header !== null) return header
    if (bytes.byteLength < limit) throw new EspalierError('GGUF_TRUNCATED', 'the file became shorter')
    if (limit >= sizeBytes) {
      throw new EspalierError('GGUF_TRUNCATED', `the file ends within its header, after ${sizeBytes} bytes`)
    }
    if (limit >= maxBytes) throw new EspalierError('GGUF_INVALID', 'the header is too long')
  }
}

/**
 * Opens a model for reading; SHARD_MISSING when that fails, MODEL_NOT_A_FILE, MODEL_SPLIT_TOO_FINE. One of the files of a split model stands for all of them:
 * they are read as the one file that they were made from.
 */
export async function openModel(path: string): Promise<ModelFile> {
  checkParts(path)
  const parts = splitPaths(path)
  return parts === null ? openFile(path) : openParts(parts, openFile)
}

/** Opens all files of a split model as one. */
export async function openParts(
  paths: readonly string[],
  openOne: (path: string) => Promise<ModelFile>,
): Promise<ModelFile> {
  const files: ModelFile[] = []
  const close = async () => void (await Promise.all(files.map((file) => file.close())))
  try {
    for (const path of paths) files.push(await openOne(path))
    const headers = await Promise.all(files.map((file) => headerOf(file, { isPart: true })))
    const joined = joinParts(headers)
    return {
      sizeBytes: joined.fileSizeBytes,
      async read(target, position) {
        const region = joined.regionAt(position)
        const wanted = target.subarray(0, Math.min(target.byteLength, region.sizeBytes))
        if (region.kind === 'bytes') wanted.set(region.bytes.subarray(0, wanted.byteLength))
        else if (region.kind === 'zeros') wanted.fill(0)
        else return (await files[region.part]?.read(wanted, region.offset)) ?? 0
        return wanted.byteLength
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openFile(path: string): Promise<ModelFile> {
  const missing = (error: unknown): never => {
    throw new EspalierError('SHARD_MISSING', messageOf(error), { cause: error })
  }
  // Before it is opened: a named pipe would wait for its other end.
  if (!(await stat(path).catch(missing)).isFile()) throw new EspalierError('MODEL_NOT_A_FILE', path)
  const file = await open(path, 'r').catch(missing)
  try {
    const { size } = await file.stat()
    return {
      sizeBytes: size,
      async read(target, position) {
        const { bytesRead } = await file.read(target, 0, target.byteLength, position)
        return bytesRead
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readUpTo(
  file: Pick<ModelFile, 'read'>,
  before: Uint8Array,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  bytes.set(before)
  let filled = before.byteLength
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled), filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}
