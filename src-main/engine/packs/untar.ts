import { EspalierError } from '../../../src-shared/errors'

const BLOCK = 512
const SIZE_AT = 124
const TYPE_AT = 156
const PREFIX_AT = 345
/** A file, or a file in the oldest form; links, devices and folders are none. */
const FILE_TYPES: ReadonlySet<number> = new Set([0x30, 0])
const CHECKSUM_AT = 148

/** Takes a file's bytes as they come; `end` after the last of them. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

/**
 * Reads a tar archive as a stream. `open` is asked for every regular file, by its name as it stands in the archive, and
 * gives null for what is not wanted: nothing else of the archive has any effect. Throws PACK_TAMPERED for what is no tar.
 */
export async function untar(
  archive: AsyncIterable<Uint8Array>,
  open: (name: string, sizeBytes: number) => Promise<FileSink | null>,
): Promise<void> {
  let header = new Uint8Array(0)
  let sink: FileSink | null = null
  let left = 0
  let padding = 0
  for await (const chunk of archive) {
    let at = 0
    while (at < chunk.length) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left)
        await sink?.write(part)
        left -= part.length
        at += part.length
        if (left === 0) await sink?.end()
        continue
      }
      if (padding > 0) {
        const skipped = Math.min(padding, chunk.length - at)
        padding -= skipped
        at += skipped
        continue
      }
      const part = chunk.subarray(at, at + BLOCK - header.length)
      header = Uint8Array.from([...header, ...part])
      at += part.length
      if (header.length < BLOCK) break
      const entry = readHeader(header)
      header = new Uint8Array(0)
      if (!entry) continue
      left = entry.sizeBytes
      padding = (BLOCK - (left % BLOCK)) % BLOCK
      sink = entry.isFile ? await open(entry.name, left) : null
      if (left === 0) await sink?.end()
    }
  }
  if (left > 0 || header.length > 0) throw tampered('the archive ends in the middle of a file')
}

/** Null for the blocks of zeros at the end. */
function readHeader(block: Uint8Array): { name: string; sizeBytes: number; isFile: boolean } | null {
  if (block.every((byte) => byte === 0)) return null
  const sum = block.reduce((total, byte, at) => total + (at >= CHECKSUM_AT && at < CHECKSUM_AT + 8 ? 0x20 : byte), 0)
  if (sum !== octal(block, CHECKSUM_AT, 8)) throw tampered('the checksum of an entry is wrong')
  const type = block[TYPE_AT] ?? 0
  const prefix = text(block, PREFIX_AT, 155)
  const name = text(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: octal(block, SIZE_AT, 12),
    isFile: FILE_TYPES.has(type),
  }
}

function text(block: Uint8Array, start: number, length: number): string {
  const bytes = block.subarray(start, start + length)
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end))
}

function octal(block: Uint8Array, start: number, length: number): number {
  const digits = text(block, start, length).trim()
  if (!/^[0-7]{1,11}$/.test(digits)) throw tampered('an entry has no size')
  return Number.parseInt(digits, 8)
}

function tampered(detail: string): EspalierError {
  return new EspalierError('PACK_TAMPERED', detail)
}
