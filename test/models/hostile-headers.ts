import { GGUF_LIMITS } from '../../src-main/shards/gguf-parse'
import { type GgufEntry, TENSOR_TYPE } from '../../src-main/shards/gguf-types'
import { array, encodeGgufHeader, entry } from '../../src-main/shards/gguf-write'

// GGUF files of the smallest kind, and what somebody might make of them to harm whoever reads them.

export const TENSORS = [
  { name: 'token_embd.weight', type: TENSOR_TYPE.F32, dims: [32, 4] },
  { name: 'blk.0.attn_q.weight', type: TENSOR_TYPE.F32, dims: [32, 32] },
]

export function entries(...more: GgufEntry[]): GgufEntry[] {
  return [entry.string('general.architecture', 'llama'), entry.uint32('llama.block_count', 1), ...more]
}

/** A small valid file, header and zeros. */
export function validFile(list = entries(), tensors = TENSORS): Buffer {
  const { bytes, fileSizeBytes } = encodeGgufHeader(list, tensors)
  return Buffer.concat([bytes], fileSizeBytes)
}

/** Overwrites the 64-bit number that follows the first occurrence of `text`. */
function patchAfter(file: Buffer, text: string, skip: number, value: bigint): Buffer {
  const patched = Buffer.from(file)
  patched.writeBigUInt64LE(value, patched.indexOf(text) + text.length + skip)
  return patched
}

const file = validFile()
export const numberAt = (offset: number, value: bigint) => {
  const patched = Buffer.from(file)
  patched.writeBigUInt64LE(value, offset)
  return patched
}
/** What it is, the file, and the code that it is refused with. */
export const HOSTILE_HEADERS: readonly [string, Uint8Array, 'GGUF_INVALID' | 'GGUF_TRUNCATED'][] = [
  ['another format', Buffer.from('PK\u0003\u0004 something else'), 'GGUF_INVALID'],
  ['big-endian', numberAt(4, 0x0300_0000n), 'GGUF_INVALID'],
  ['no tensors', numberAt(8, 0n), 'GGUF_INVALID'],
  ['2^63 tensors', numberAt(8, 2n ** 63n), 'GGUF_INVALID'],
  ['2^32 tensors', numberAt(8, 2n ** 32n), 'GGUF_INVALID'],
  ['2^40 metadata entries', numberAt(16, 2n ** 40n), 'GGUF_INVALID'],
  ['a key of 2^50 bytes', numberAt(24, 2n ** 50n), 'GGUF_INVALID'],
  ['a string of 2^30 bytes', patchAfter(file, 'general.architecture', 4, 2n ** 30n), 'GGUF_INVALID'],
  ['a string beyond the file', patchAfter(file, 'general.architecture', 4, 100_000n), 'GGUF_TRUNCATED'],
  ['a dimension of 2^60', patchAfter(file, 'blk.0.attn_q.weight', 4, 2n ** 60n), 'GGUF_INVALID'],
  ['a tensor of 1 TB', patchAfter(file, 'blk.0.attn_q.weight', 4, 2n ** 33n), 'GGUF_TRUNCATED'],
  ['a dimension of 0', patchAfter(file, 'blk.0.attn_q.weight', 4, 0n), 'GGUF_INVALID'],
  ['dimensions whose product overflows', patchAfter(file, 'blk.0.attn_q.weight', 4, 2n ** 52n), 'GGUF_INVALID'],
  ['an unknown tensor type', patchAfter(file, 'blk.0.attn_q.weight', 20, 4n), 'GGUF_INVALID'],
  ['overlapping tensors', patchAfter(file, 'blk.0.attn_q.weight', 24, 32n), 'GGUF_INVALID'],
  ['an unaligned tensor', patchAfter(file, 'blk.0.attn_q.weight', 24, 513n), 'GGUF_INVALID'],
  ['a tensor beyond the file', patchAfter(file, 'blk.0.attn_q.weight', 24, 2n ** 41n), 'GGUF_TRUNCATED'],
  ['5 dimensions', validFile(entries(), [{ ...TENSORS[0]!, dims: [32, 1, 1, 1, 1] }]), 'GGUF_INVALID'],
  ['a tensor twice', validFile(entries(), [...TENSORS, TENSORS[0]!]), 'GGUF_INVALID'],
  ['a key twice', validFile(entries(entry.uint32('llama.block_count', 1))), 'GGUF_INVALID'],
  ['a path as a tensor name', validFile(entries(), [{ ...TENSORS[0]!, name: '../../etc/passwd' }]), 'GGUF_INVALID'],
  ['dots as a tensor name', validFile(entries(), [{ ...TENSORS[0]!, name: '..' }]), 'GGUF_INVALID'],
  ['a long tensor name', validFile(entries(), [{ ...TENSORS[0]!, name: 'x'.repeat(64) }]), 'GGUF_INVALID'],
  ['alignment 48', validFile(entries(entry.uint32('general.alignment', 48))), 'GGUF_INVALID'],
  ['alignment 0', validFile(entries(entry.uint32('general.alignment', 0))), 'GGUF_INVALID'],
  ['nested arrays', validFile(entries(array('x', 9, []), array('y', 9, [Buffer.alloc(12)]))), 'GGUF_INVALID'],
  ['no architecture', validFile([entry.uint32('llama.block_count', 1)]), 'GGUF_INVALID'],
  ['no block count', validFile([entry.string('general.architecture', 'llama')]), 'GGUF_INVALID'],
  ...[0, 513, 2 ** 32 - 1].map((count): [string, Uint8Array, 'GGUF_INVALID'] => {
    const list = [entry.string('general.architecture', 'llama'), entry.uint32('llama.block_count', count)]
    return [`${count} blocks, which llama.cpp answers with an abort`, validFile(list), 'GGUF_INVALID']
  }),
]

/** As much work as the limits allow before something is wrong. Made when asked for: they are up to 65 MiB. */
export const EXHAUSTING_HEADERS: readonly [string, () => Uint8Array, 'GGUF_INVALID' | 'GGUF_TRUNCATED'][] = [
  ['as many array elements as the limits allow', () => stringsHeader(GGUF_LIMITS.arrayElements), 'GGUF_TRUNCATED'],
  ['one array element more', () => stringsHeader(GGUF_LIMITS.arrayElements + 1), 'GGUF_INVALID'],
  [
    'as many tensors as the limits allow, the last of them twice',
    () => {
      const name = (index: number) => `blk.0.${`${index}`.padStart(57, 'x')}`
      const tensors = Array.from({ length: GGUF_LIMITS.tensors }, (_, index) => ({
        name: name(Math.min(index, GGUF_LIMITS.tensors - 2)),
        type: TENSOR_TYPE.F32,
        dims: [1, 1, 1, 1],
      }))
      return encodeGgufHeader(entries(), tensors).bytes
    },
    'GGUF_INVALID',
  ],
  [
    'as many entries as the limits allow, under long names, the last of them twice',
    () => {
      const name = (index: number) => `k.${`${index}`.padStart(GGUF_LIMITS.keyBytes - 2, 'x')}`
      const count = GGUF_LIMITS.entries - entries().length
      const more = Array.from({ length: count }, (_, index) => entry.uint32(name(Math.min(index, count - 2)), index))
      return encodeGgufHeader(entries(...more), TENSORS).bytes
    },
    'GGUF_INVALID',
  ],
  [
    'long strings without end',
    () => {
      const long = 'x'.repeat(GGUF_LIMITS.stringBytes)
      const strings = Array.from({ length: 65 }, (_, index) => entry.string(`long.${index}`, long))
      return encodeGgufHeader(entries(...strings), TENSORS).bytes
    },
    'GGUF_INVALID',
  ],
]

/** Empty strings, every one of which has to be walked, and then nothing. */
function stringsHeader(elements: number): Uint8Array {
  const strings = array('tokenizer.ggml.tokens', 8, [])
  const raw = Buffer.alloc(12 + 8 * elements)
  raw.set(strings.raw)
  raw.writeBigUInt64LE(BigInt(elements), 4)
  return encodeGgufHeader(entries({ ...strings, raw }), TENSORS).bytes
}
