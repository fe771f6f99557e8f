import { EspalierError } from '../../src-shared/errors'
import type { MsgpackValue } from '../hivemind/msgpack'
import { fromHalf, toHalf } from '../shards/half-float'

export const HALF_BYTES = 2
export const TOKEN_BYTES = 4

/** Half precision, little-endian. */
export function halvesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * HALF_BYTES)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < values.length; index++) {
    view.setUint16(index * HALF_BYTES, toHalf(values[index] as number), true)
  }
  return bytes
}

export function floatsOf(halves: Uint8Array): Float32Array {
  const view = new DataView(halves.buffer, halves.byteOffset, halves.byteLength)
  return Float32Array.from({ length: halves.length / HALF_BYTES }, (_, index) =>
    fromHalf(view.getUint16(index * HALF_BYTES, true)),
  )
}

export function bytesOfTokens(tokens: Int32Array): Uint8Array {
  const bytes = new Uint8Array(tokens.length * TOKEN_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [index, token] of tokens.entries()) view.setUint32(index * TOKEN_BYTES, token, true)
  return bytes
}

/** Ids above 2³¹ − 1 come out negative, which no vocabulary has. */
export function tokensOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int32Array.from({ length: bytes.length / TOKEN_BYTES }, (_, index) => view.getInt32(index * TOKEN_BYTES, true))
}

/**
 * The bytes of a tensor. KwaaiNet's own writer sends a list of numbers, half as long again as a byte string; its
 * reader takes both, and so do we. @throws PROTOCOL_VIOLATION
 */
export function asTensorBytes(value: MsgpackValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (!Array.isArray(value)) throw malformed('data is not a byte string')
  const items = value as readonly MsgpackValue[]
  const bytes = new Uint8Array(items.length)
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (typeof item !== 'number' || !(item >= 0 && item <= 255)) throw malformed('data holds something but bytes')
    bytes[index] = item
  }
  return bytes
}

export function malformed(detail: string): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', `inference: ${detail}`)
}
