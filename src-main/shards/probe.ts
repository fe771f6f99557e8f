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
  /** Of hidden rows, in the unit of `residualDifference`. */
  readonly residual: number
  /** Of the last stage's sampled logits, in the unit of `logitDifference`. */
  readonly logit: number
}

const LOGIT_SAMPLES = 256
const LARGEST_HALF = 65_504

/**
 * How far an honest device may be off, in units of what the blocks do. The stored inputs are rounded to half precision,
 * and CPU variants, GPUs and batch shapes sum in other orders. Measured over nine models in three types, every cut:
 * at most 0.026 for rows and 0.02 for logits with float weights, 0.025 and 0.1 with Q8_0; other blocks are off by 1.2
 * or more, blocks that do nothing by 1 (docs/engine.md).
 */
export function probeTolerance(quantization: string): ProbeTolerance {
  const isFloat = ['F32', 'F16', 'BF16'].includes(quantization)
  return isFloat ? { residual: 0.1, logit: 0.1 } : { residual: 0.2, logit: 0.3 }
}

/** Of the magnitude of a row: below it lies what rounding to half precision does to large values that blocks pass on. */
const ROUNDING_FLOOR = 0.01

/**
 * How far hidden rows are off, in units of what the blocks do to a row: the root mean square of the error over that of
 * (expected − input). Relative to the rows themselves, wrong blocks of models that change them little (granite: by a
 * tenth) would pass. A quarter of the rows may be further off: where an expert is chosen by a hair, one row of an honest
 * device may go through another one. Infinity when lengths differ or anything is not finite.
 */
export function residualDifference(
  expected: Float32Array,
  actual: Float32Array,
  input: Float32Array,
  rowLength: number,
): number {
  const rows = expected.length / rowLength
  if (expected.length !== actual.length || expected.length !== input.length || rows < 1 || !Number.isInteger(rows)) {
    return Number.POSITIVE_INFINITY
  }
  const errors = Array.from({ length: rows }, (_, row) => {
    const [from, to] = [row * rowLength, (row + 1) * rowLength]
    const wanted = expected.subarray(from, to)
    const error = rmsOfDifference(wanted, actual.subarray(from, to))
    const unit = Math.max(rmsOfDifference(wanted, input.subarray(from, to)), ROUNDING_FLOOR * rmsOf(wanted))
    return error === 0 ? 0 : error / unit
  })
  if (!errors.every(Number.isFinite)) return Number.POSITIVE_INFINITY
  return errors.toSorted((a, b) => a - b)[Math.ceil(0.75 * rows) - 1] ?? Number.POSITIVE_INFINITY
}

/**
 * How far sampled logits are off: the root mean square of the error over that of the logits, in units of how much the
 * blocks before them change the row that they come from. `lastInput` and `lastOutput` are that row before and after.
 * Infinity when lengths differ or anything is not finite.
 */
export function logitDifference(
  expected: Float32Array,
  actual: Float32Array,
  lastInput: Float32Array,
  lastOutput: Float32Array,
): number {
  const share = rmsOfDifference(lastOutput, lastInput) / rmsOf(lastOutput)
  const error = expected.length === actual.length ? rmsOfDifference(expected, actual) / rmsOf(expected) : Number.NaN
  const difference = error === 0 ? 0 : error / Math.min(1, Math.max(share, ROUNDING_FLOOR))
  return Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY
}

function rmsOf(values: Float32Array): number {
  let squares = 0
  for (const value of values) squares += value * value
  return Math.sqrt(squares / values.length)
}

function rmsOfDifference(a: Float32Array, b: Float32Array): number {
  let squares = 0
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? Number.NaN)
    squares += difference * difference
  }
  return Math.sqrt(squares / a.length)
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
 * Largest difference as a fraction of the root mean square of `expected`.
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
