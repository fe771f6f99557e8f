import type { BlockRange } from '../../src-shared/blocks'
import { type Manifest, probeBoundary } from './manifest'
import { decodeFloats, decodeHalves, encodeFloats, encodeHalves, logitDifference, residualDifference } from './probe'

/** Of a proof, so that it fits into one message beside its envelope. */
const MAX_PROOF_BYTES = 56 * 1024

/**
 * What a peer shows of its answer to the manifest's probe: the last rows of the residual stream in half precision, as
 * many as one message holds, or the sampled logits. Each row depends on every position before it.
 * The expected answer stands in the public manifest: a proof shows that honest nodes compute rightly, and does not
 * unmask one that copies the answer.
 */
export function encodeProof(
  manifest: Manifest,
  { hidden, logits }: { hidden: Float32Array | null; logits: Float32Array | null },
): Uint8Array {
  if (logits) {
    const { tokenIds } = manifest.probe.logits
    const sampled = Float32Array.from(tokenIds, (token) => logits[token] ?? Number.NaN)
    return bytesOf(encodeFloats(sampled))
  }
  const { embeddingLength, probe } = manifest
  const rows = Math.max(1, Math.min(probe.tokens.length, Math.floor(MAX_PROOF_BYTES / (2 * embeddingLength))))
  return bytesOf(encodeHalves((hidden ?? new Float32Array()).slice(-rows * embeddingLength)))
}

export interface ProofVerdict {
  isRight: boolean
  maxDifference: number
  tolerance: number
}

/** Compares a peer's proof of `range` with the manifest. Anything of a wrong length is infinitely wrong. */
export function judgeProof(manifest: Manifest, range: BlockRange, values: Uint8Array): ProofVerdict {
  const base64 = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
  const isLast = range.end === manifest.blockCount
  const { probe, embeddingLength } = manifest
  const tolerance = isLast ? probe.tolerance.logit : probe.tolerance.residual
  const isWhole = values.byteLength % (isLast ? 4 : 2 * embeddingLength) === 0
  const maxDifference = !isWhole
    ? Number.POSITIVE_INFINITY
    : isLast
      ? logitProbeDifference(manifest, range, decodeFloats(base64))
      : rowsDifference(manifest, range, decodeHalves(base64))
  return { isRight: maxDifference <= tolerance, maxDifference, tolerance }
}

/** How far the last rows that blocks gave are off from the manifest's, in the unit of its tolerance. */
export function rowsDifference(manifest: Manifest, range: BlockRange, actual: Float32Array): number {
  const expected = probeBoundary(manifest, range.end).slice(-actual.length)
  const input = probeBoundary(manifest, range.start).slice(-actual.length)
  return residualDifference(expected, actual, input, manifest.embeddingLength)
}

/** How far sampled logits that the last blocks gave are off, in the unit of the manifest's tolerance. */
export function logitProbeDifference(manifest: Manifest, range: BlockRange, sampled: Float32Array): number {
  const { probe, embeddingLength } = manifest
  return logitDifference(
    decodeFloats(probe.logits.values),
    sampled,
    probeBoundary(manifest, range.start).slice(-embeddingLength),
    probeBoundary(manifest, range.end).slice(-embeddingLength),
  )
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
