import type { BlockRange } from '../../src-shared/blocks'
import { type Manifest, probeBoundary } from './manifest'
import { decodeFloats, decodeHalves, encodeFloats, encodeHalves, relativeError } from './probe'

/**
 * What a peer shows of its answer to the manifest's probe: the residual stream of the last prompt position in half
 * precision, or the sampled logits. It depends on every position before it, and fits into one message for any model.
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
  return bytesOf(encodeHalves(lastRow(hidden ?? new Float32Array(), manifest.embeddingLength)))
}

export interface ProofVerdict {
  isRight: boolean
  /** Largest difference, as a fraction of the root mean square of what the manifest expects. */
  maxDifference: number
  tolerance: number
}

/** Compares a peer's proof of `range` with the manifest. Anything of a wrong length is infinitely wrong. */
export function judgeProof(manifest: Manifest, range: BlockRange, values: Uint8Array): ProofVerdict {
  const base64 = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
  const isLast = range.end === manifest.blockCount
  const { probe, embeddingLength } = manifest
  const tolerance = isLast ? probe.tolerance.logit : probe.tolerance.residual
  const bytesPerValue = isLast ? 4 : 2
  const whole = values.byteLength % bytesPerValue === 0
  const actual = !whole ? new Float32Array() : isLast ? decodeFloats(base64) : decodeHalves(base64)
  const expected = isLast
    ? decodeFloats(probe.logits.values)
    : lastRow(probeBoundary(manifest, range.end), embeddingLength)
  const maxDifference = relativeError(expected, actual)
  return { isRight: maxDifference <= tolerance, maxDifference, tolerance }
}

function lastRow(rows: Float32Array, length: number): Float32Array {
  return rows.slice(-length)
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
