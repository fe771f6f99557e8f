import { type FileHandle, open } from 'node:fs/promises'
import { TENSOR_TYPE, tensorSizeBytes } from '../../src-main/shards/gguf-types'
import { encodeGgufHeader } from '../../src-main/shards/gguf-write'
import { toHalf } from '../../src-main/shards/half-float'
import { seededRandom } from './random'
import { type Filling, SMALL, type SyntheticOptions, syntheticEntries, syntheticTensors } from './synthetic-layout'

export { LARGE, LARGEST, SMALL, type SyntheticArchitecture, type SyntheticOptions } from './synthetic-layout'

// Prime numbers of blocks and weights: repeated, they never fall on the same place of a row, so rows differ.
const PAGE_BLOCKS = 8191
const PAGE_WEIGHTS = 262_139
const Q8_BLOCK_BYTES = 34

export interface SyntheticModel {
  path: string
  sizeBytes: number
  parameters: number
}

/**
 * Writes a model with seeded random weights that llama.cpp loads and runs. Every tensor is one random page, repeated:
 * never more than about a megabyte in memory, and 346 million parameters take seconds.
 */
export async function makeSyntheticModel(
  path: string,
  options: Partial<SyntheticOptions> = {},
): Promise<SyntheticModel> {
  const full = { ...SMALL, ...options }
  if (full.vocabSize < 259) throw new Error('vocabSize must be at least 259')
  const tensors = syntheticTensors(full)
  const { bytes, offsets, fileSizeBytes } = encodeGgufHeader(syntheticEntries(full), tensors)
  const random = seededRandom(full.seed)
  const file = await open(path, 'w')
  let parameters = 0
  try {
    await writeAll(file, bytes, 0)
    for (const [index, { type, dims, filling }] of tensors.entries()) {
      const weights = dims.reduce((product, dim) => product * dim, 1)
      parameters += weights
      const page = makePage(type, weights, filling, random)
      const sizeBytes = tensorSizeBytes(type, dims)
      for (let done = 0; done < sizeBytes; done += page.byteLength) {
        const part = page.subarray(0, Math.min(page.byteLength, sizeBytes - done))
        await writeAll(file, part, (offsets[index] ?? 0) + done)
      }
    }
    await file.truncate(fileSizeBytes)
  } finally {
    await file.close()
  }
  return { path, sizeBytes: fileSizeBytes, parameters }
}

function makePage(type: number, weights: number, filling: Filling, random: () => number): Uint8Array {
  if (type === TENSOR_TYPE.Q8_0) {
    return q8Page(Math.min(weights / 32, PAGE_BLOCKS), typeof filling === 'number' ? filling : 1, random)
  }
  const count = typeof filling === 'number' ? Math.min(weights, PAGE_WEIGHTS) : weights
  const value = valueMaker(filling, count, random)
  if (type === TENSOR_TYPE.F16) {
    return new Uint8Array(Uint16Array.from({ length: count }, (_, index) => toHalf(value(index))).buffer)
  }
  return new Uint8Array(Float32Array.from({ length: count }, (_, index) => value(index)).buffer)
}

function valueMaker(filling: Filling, count: number, random: () => number): (index: number) => number {
  if (filling === 'ones') return () => 1
  if (filling === 'norm') return () => 0.8 + 0.4 * random()
  if (filling === 'freqs') return (index) => 1 + (7 * index) / count
  const reach = filling * Math.sqrt(3)
  return () => (random() * 2 - 1) * reach
}

function q8Page(blocks: number, deviation: number, random: () => number): Uint8Array {
  const page = new Uint8Array(blocks * Q8_BLOCK_BYTES)
  const view = new DataView(page.buffer)
  const scale = (deviation * Math.sqrt(3)) / 127
  for (let at = 0; at < page.byteLength; at += Q8_BLOCK_BYTES) {
    view.setUint16(at, toHalf(scale * (0.75 + 0.5 * random())), true)
    for (let weight = 2; weight < Q8_BLOCK_BYTES; weight++) view.setInt8(at + weight, Math.floor(random() * 255) - 127)
  }
  return page
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done)
    done += bytesWritten
  }
}
