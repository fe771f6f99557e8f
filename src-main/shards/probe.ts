import { EspalierError } from '../../src-shared/errors'
import { fromHalf, toHalf } from './half-float'

/** What a run of the whole model gave for the probe prompt; the engine makes it. */
export interface ProbeCapture {
  /**
   * Block count + 1 arrays of tokens × embedding length: what block 0 is fed, then the residual stream after each
   * block (before the final norm).
   */
  readonly boundaries: readonly Float32Array[]
  /** Of the last prompt position, whole vocabulary. */
  readonly logits: Float32Array
}

export interface ProbeTolerance {
  /** Largest difference of one value, as a fraction of the root mean square of the expected values. */
  readonly residual: number
  /** The same for the sampled logits of the last stage. */
  readonly logit: number
}

const LOGIT_SAMPLES = 256
const LARGEST_HALF = 65_504

/**
 * How far an honest device may be off. The stored inputs are rounded to half precision, and CPU variants, GPUs and
 * batch shapes sum in other orders: up to 0.1 of the root mean square was measured for Q8_0 weights (activations are
 * quantised on the way) and 0.01 for F16. Wrong weights or a wrong cut are off by more than 1.
 */
export function probeTolerance(quantization: string): ProbeTolerance {
  const isFloat = ['F32', 'F16', 'BF16'].includes(quantization)
  return isFloat ? { residual: 0.1, logit: 0.1 } : { residual: 0.35, logit: 0.35 }
}

/** Half-precision little-endian bytes in base64. Throws PROBE_FAILED for values that half precision cannot hold. */
export function encodeHalves(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) {
    if (!(Math.abs(value) <= LARGEST_HALF)) throw new EspalierError('PROBE_FAILED', `a value of ${value}`)
    bytes.writeUInt16LE(toHalf(value), index * 2)
  }
  return bytes.toString('base64')
}

export function decodeHalves(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length / 2 }, (_, index) => fromHalf(bytes.readUInt16LE(index * 2)))
}

export function encodeFloats(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

export function decodeFloats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}

/** At most 256 token ids, evenly spaced over the vocabulary. */
export function sampledTokens(vocabSize: number): number[] {
  const count = Math.min(LOGIT_SAMPLES, vocabSize)
  return Array.from({ length: count }, (_, index) => Math.floor((index * vocabSize) / count))
}

/**
 * Largest difference as a fraction of the root mean square of `expected`: what a tolerance is compared with.
 * Infinity when lengths differ or anything is not finite.
 */
export function relativeError(expected: Float32Array, actual: Float32Array): number {
  if (expected.length !== actual.length || expected.length === 0) return Number.POSITIVE_INFINITY
  let largest = 0
  let squares = 0
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs(value - (actual[index] ?? Number.NaN))
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY
    largest = Math.max(largest, difference)
    squares += value * value
  }
  if (largest === 0) return 0
  return largest / Math.sqrt(squares / expected.length)
}

export function argmaxOf(values: Float32Array): number {
  let best = 0
  for (const [index, value] of values.entries()) if (value > (values[best] ?? 0)) best = index
  return best
}
