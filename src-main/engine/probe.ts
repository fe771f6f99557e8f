import { type BlockRange, isBlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { type Manifest, probeBoundary } from '../shards/manifest'
import { argmaxOf, decodeFloats, relativeError } from '../shards/probe'
import type { EngineClient, ProbeInput } from './engine'

export interface ProbeOptions {
  /** The engine has an entry file loaded: a first stage then starts from the probe's tokens, not from stored rows. */
  hasEntry: boolean
}

export interface ProbeOutcome {
  ok: boolean
  /** Largest difference from the manifest's answer, as a fraction of that answer's root mean square. */
  maxDifference: number
  tolerance: number
  /** Time in llama.cpp, as the engine measured it. */
  computeMs: number
}

/**
 * Runs the manifest's probe prompt through the loaded blocks `range` and compares what comes out: hidden rows, or
 * logits for the blocks that end the model. A wrong answer is `ok: false`; not being able to ask is an error.
 * Throws BLOCK_RANGE_INVALID, and what EngineClient.run does.
 */
export async function runProbe(
  engine: EngineClient,
  manifest: Manifest,
  range: BlockRange,
  { hasEntry }: ProbeOptions,
): Promise<ProbeOutcome> {
  const { blockCount, probe } = manifest
  if (!isBlockRange(range, blockCount)) {
    throw new EspalierError('BLOCK_RANGE_INVALID', `[${range.start}, ${range.end}) of ${blockCount} blocks`)
  }
  const isLast = range.end === blockCount
  const input: ProbeInput =
    range.start === 0 && hasEntry
      ? { tokens: Int32Array.from(probe.tokens) }
      : { hidden: probeBoundary(manifest, range.start) }
  const { items, computeMs } = await engine.probe(input, isLast ? 'last' : 'none')
  const [result] = items
  const tolerance = isLast ? probe.tolerance.logit : probe.tolerance.residual
  const maxDifference = isLast
    ? logitDifference(manifest, result?.logits ?? new Float32Array())
    : relativeError(probeBoundary(manifest, range.end), result?.hidden ?? new Float32Array())
  return { ok: maxDifference <= tolerance, maxDifference, tolerance, computeMs }
}

/**
 * The larger of the sampled logits' difference and the distance by which the manifest's best token misses being our
 * best: another device may order two nearly equal tokens differently, but not two that are far apart.
 */
function logitDifference(manifest: Manifest, logits: Float32Array): number {
  if (logits.length !== manifest.vocabSize) return Number.POSITIVE_INFINITY
  const { tokenIds, values, argmax } = manifest.probe.logits
  const expected = decodeFloats(values)
  const sampled = Float32Array.from(tokenIds, (token) => logits[token] ?? Number.NaN)
  const rms = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length)
  const miss = ((logits[argmaxOf(logits)] ?? Number.NaN) - (logits[argmax] ?? Number.NaN)) / rms
  const difference = Math.max(relativeError(expected, sampled), miss === 0 ? 0 : miss)
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
}
