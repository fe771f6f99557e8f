import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readGgufHeader } from '../../src-main/shards/gguf-read'
import { alignUp, GGUF_VALUE, type GgufEntry, type GgufTensor } from '../../src-main/shards/gguf-types'
import { encodeGgufHeader } from '../../src-main/shards/gguf-write'

/**
 * Splits a model as llama.cpp's splitter does: all metadata in the first file, a share of the tensors in each, and in
 * every one which it is of how many. `isFirstEmpty`: the first has no tensors. Returns the paths.
 */
export async function splitModel(
  path: string,
  directory: string,
  { count, isFirstEmpty = false }: { count: number; isFirstEmpty?: boolean },
): Promise<string[]> {
  const header = await readGgufHeader(path)
  const bytes = await readFile(path)
  const sharing = isFirstEmpty ? count - 1 : count
  const perPart = Math.ceil(header.tensors.length / sharing)
  const paths: string[] = []
  for (let part = 0; part < count; part++) {
    const share = isFirstEmpty ? part - 1 : part
    const tensors = share < 0 ? [] : header.tensors.slice(share * perPart, (share + 1) * perPart)
    const metadata = part === 0 ? [...header.entries.values()] : []
    const numbers = [
      small('split.no', part),
      small('split.count', count),
      whole('split.tensors.count', header.tensors.length),
    ]
    const number = (value: number) => `${value}`.padStart(5, '0')
    const target = join(directory, `model-${number(part + 1)}-of-${number(count)}.gguf`)
    await write(target, [...metadata, ...numbers], tensors, bytes)
    paths.push(target)
  }
  return paths
}

async function write(path: string, entries: GgufEntry[], tensors: readonly GgufTensor[], from: Buffer): Promise<void> {
  const { bytes } = encodeGgufHeader(entries, tensors)
  const parts: Uint8Array[] = [bytes]
  for (const { offset, sizeBytes } of tensors) {
    parts.push(from.subarray(offset, offset + sizeBytes), new Uint8Array(alignUp(sizeBytes, 32) - sizeBytes))
  }
  const file = await open(path, 'w')
  await file.write(Buffer.concat(parts))
  await file.close()
}

function small(key: string, value: number): GgufEntry {
  const raw = Buffer.alloc(2)
  raw.writeUInt16LE(value)
  return { key, type: GGUF_VALUE.uint16, raw }
}

function whole(key: string, value: number): GgufEntry {
  const raw = Buffer.alloc(4)
  raw.writeInt32LE(value)
  return { key, type: GGUF_VALUE.int32, raw }
}
