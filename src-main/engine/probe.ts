import { type BlockRange, isBlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { type Manifest, probeBoundary } from '../shards/manifest'
import { argmaxOf, decodeFloats, relativeError } from '../shards/probe'
import { encodeProof } from '../shards/proof'
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
  options: ProbeOptions,
): Promise<ProbeOutcome> {
  const { hidden, logits, computeMs } = await computeProbe(engine, manifest, range, options)
  const isLast = range.end === manifest.blockCount
  const { tolerance: limits } = manifest.probe
  const tolerance = isLast ? limits.logit : limits.residual
  const maxDifference = isLast
    ? logitDifference(manifest, logits ?? new Float32Array())
    : relativeError(probeBoundary(manifest, range.end), hidden ?? new Float32Array())
  return { ok: maxDifference <= tolerance, maxDifference, tolerance, computeMs }
}

/**
 * The loaded blocks' own answer to the manifest's probe, for somebody else to judge: see shards/proof.ts.
 * Throws BLOCK_RANGE_INVALID, and what EngineClient.run does.
 */
export async function proofOf(
  engine: EngineClient,
  manifest: Manifest,
  range: BlockRange,
  options: ProbeOptions,
): Promise<{ values: Uint8Array; computeMs: number }> {
  const { hidden, logits, computeMs } = await computeProbe(engine, manifest, range, options)
  return { values: encodeProof(manifest, { hidden, logits }), computeMs }
}

async function computeProbe(
  engine: EngineClient,
  manifest: Manifest,
  range: BlockRange,
  { hasEntry }: ProbeOptions,
): Promise<{ hidden: Float32Array | null; logits: Float32Array | null; computeMs: number }> {
  const { blockCount, probe } = manifest
  if (!isBlockRange(range, blockCount)) {
    throw new EspalierError('BLOCK_RANGE_INVALID', `[${range.start}, ${range.end}) of ${blockCount} blocks`)
  }
  const input: ProbeInput =
    range.start === 0 && hasEntry
      ? { tokens: Int32Array.from(probe.tokens) }
      : { hidden: probeBoundary(manifest, range.start) }
  const { items, computeMs } = await engine.probe(input, range.end === blockCount ? 'last' : 'none')
  const [result] = items
  return { hidden: result?.hidden ?? null, logits: result?.logits ?? null, computeMs }
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
