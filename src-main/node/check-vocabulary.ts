import { EspalierError } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { EntryReport } from '../engine/protocol'
import { type Manifest, probeBoundary } from '../shards/manifest'
import { relativeError } from '../shards/probe'
import { openSource } from '../shards/source-file'

/** Stored rows are rounded to f16; another model's rows differ by about 1. */
const EMBEDDING_TOLERANCE = 0.01

/**
 * Makes sure that words mean the same tokens here as in the network's model; with another vocabulary the answer would be
 * nonsense without an error. A whole model is known by the hash of its header, which holds the tokenizer; an entry
 * file by its embeddings of the manifest's probe. Throws MANIFEST_MISMATCH and what reading the file throws.
 */
export async function checkVocabulary(
  engine: Pick<EngineClient, 'embed'>,
  entry: Pick<EntryReport, 'vocabSize' | 'embeddingLength' | 'architecture'>,
  path: string,
  manifest: Manifest,
): Promise<void> {
  const { vocabSize, embeddingLength, architecture } = manifest
  if (entry.architecture !== architecture) throw mismatch(`it is of ${entry.architecture}, not ${architecture}`)
  if (entry.vocabSize !== vocabSize) throw mismatch(`its vocabulary has ${entry.vocabSize} tokens, not ${vocabSize}`)
  if (entry.embeddingLength !== embeddingLength)
    throw mismatch(`its embeddings have ${entry.embeddingLength} values, not ${embeddingLength}`)
  if (await hasHeaderOf(manifest, path)) return
  const embedded = await engine.embed(Int32Array.from(manifest.probe.tokens))
  const error = relativeError(probeBoundary(manifest, 0), embedded)
  // Written so that NaN counts as another model.
  if (!(error <= EMBEDDING_TOLERANCE)) throw mismatch('its tokens are others than the manifest’s')
}

/** False for an entry file, which is smaller; a file of the model's size with another header is another model. */
async function hasHeaderOf(manifest: Manifest, path: string): Promise<boolean> {
  const source = await openSource(path)
  try {
    if (source.sizeBytes !== manifest.file.sizeBytes) return false
    if ((await source.read(0, new Uint8Array(manifest.header.sizeBytes))) === manifest.header.sha256) return true
    throw mismatch('its header, with the tokenizer, is another one')
  } finally {
    await source.close()
  }
}

function mismatch(detail: string): EspalierError {
  return new EspalierError('MANIFEST_MISMATCH', detail)
}
