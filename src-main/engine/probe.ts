import { type BlockRange, blocksInWords, isBlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { type Manifest, probeBoundary } from '../shards/manifest'
import { argmaxOf, decodeFloats } from '../shards/probe'
import { encodeProof, logitProbeDifference, rowsDifference } from '../shards/proof'
import type { EngineClient, ProbeInput } from './engine'

export interface ProbeOptions {
  /** The engine has an entry file loaded: a first stage then starts from the probe's tokens, not from stored rows. */
  hasEntry: boolean
}

export interface ProbeOutcome {
  ok: boolean
  /** How far it is off from the manifest's answer, in units of what these blocks do: see shards/probe.ts. */
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
    ? logitsOff(manifest, range, logits ?? new Float32Array())
    : wholeRowsOff(manifest, range, hidden ?? new Float32Array())
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
    throw new EspalierError('BLOCK_RANGE_INVALID', `${blocksInWords(range)} of a model of ${blockCount}`)
  }
  const input: ProbeInput =
    range.start === 0 && hasEntry
      ? { tokens: Int32Array.from(probe.tokens) }
      : { hidden: probeBoundary(manifest, range.start) }
  const { items, computeMs } = await engine.probe(input, range.end === blockCount ? 'last' : 'none')
  const [result] = items
  return { hidden: result?.hidden ?? null, logits: result?.logits ?? null, computeMs }
}

function wholeRowsOff(manifest: Manifest, range: BlockRange, hidden: Float32Array): number {
  const isWhole = hidden.length === manifest.probe.tokens.length * manifest.embeddingLength
  return isWhole ? rowsDifference(manifest, range, hidden) : Number.POSITIVE_INFINITY
}

/**
 * The larger of the sampled logits' difference and the distance by which the manifest's best token misses being our
 * best: another device may order two nearly equal tokens differently, but not two that are far apart.
 */
function logitsOff(manifest: Manifest, range: BlockRange, logits: Float32Array): number {
  if (logits.length !== manifest.vocabSize) return Number.POSITIVE_INFINITY
  const { tokenIds, values, argmax } = manifest.probe.logits
  const expected = decodeFloats(values)
  const sampled = Float32Array.from(tokenIds, (token) => logits[token] ?? Number.NaN)
  const rms = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length)
  const miss = ((logits[argmaxOf(logits)] ?? Number.NaN) - (logits[argmax] ?? Number.NaN)) / rms
  const difference = Math.max(logitProbeDifference(manifest, range, sampled), miss === 0 ? 0 : miss)
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
}
