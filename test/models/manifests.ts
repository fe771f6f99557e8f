import { modelShape } from '../../src-main/shards/architectures'
import { readGgufHeader } from '../../src-main/shards/gguf-read'
import type { Manifest } from '../../src-main/shards/manifest'
import { buildManifest } from '../../src-main/shards/manifest-build'
import type { ProbeCapture } from '../../src-main/shards/probe'
import { seededRandom } from './random'

export const SAMPLE_MODEL = 'resources/models/tiny-jargon-8.gguf'

/** Numbers of the right shape, for tests that are about bytes and not about inference. */
export async function madeUpCapture(path: string, tokens: readonly number[]): Promise<ProbeCapture> {
  const { blockCount, embeddingLength, vocabSize } = modelShape(await readGgufHeader(path))
  const random = seededRandom(7)
  const numbers = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1)
  return {
    boundaries: Array.from({ length: blockCount + 1 }, () => numbers(tokens.length * embeddingLength)),
    logits: numbers(vocabSize),
  }
}

/** A manifest whose hashes are right and whose probe is made up. */
export function manifestOf(path: string): Promise<Manifest> {
  const options = { name: 'Test model', dhtPrefix: 'Test-model', repository: null, probeTokens: [3, 1, 4] }
  return buildManifest(path, options, madeUpCapture)
}
