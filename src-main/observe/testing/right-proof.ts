import type { BlockRange } from '../../../src-shared/blocks'
import { type Manifest, probeBoundary } from '../../shards/manifest'
import { decodeFloats } from '../../shards/probe'
import { encodeProof } from '../../shards/proof'

/** For tests: what an honest node gives for these blocks, which is what the manifest expects. */
export function rightProof(manifest: Manifest, { end }: BlockRange): Uint8Array {
  if (end < manifest.blockCount) return encodeProof(manifest, { hidden: probeBoundary(manifest, end), logits: null })
  const logits = new Float32Array(manifest.vocabSize)
  const values = decodeFloats(manifest.probe.logits.values)
  for (const [index, token] of manifest.probe.logits.tokenIds.entries()) logits[token] = values[index] ?? 0
  return encodeProof(manifest, { hidden: null, logits })
}
