import { EspalierError } from '../../src-shared/errors'
import { type ModelShape, modelShape } from './architectures'
import { readGgufHeader } from './gguf-read'
import { checkManifest, type Manifest, type ManifestPiece } from './manifest'
import { merkleRoot } from './merkle'
import { layOutPieces } from './pieces'
import { argmaxOf, encodeFloats, encodeHalves, type ProbeCapture, probeTolerance, sampledTokens } from './probe'
import { quantizationLabel } from './quantization'
import { openSource, throwIfCancelled } from './source-file'

export interface ManifestOptions {
  name: string
  dhtPrefix: string
  repository: string | null
  /** Ids of the probe prompt. */
  probeTokens: readonly number[]
}

export interface ManifestWork {
  onProgress?: (doneBytes: number, totalBytes: number) => void
  signal?: AbortSignal
  /**
   * Computes the probe as nodes will, slice by slice from the stored rows, and gives the largest share of a tolerance
   * that it took. A manifest whose own maker comes near its limits would turn away honest nodes.
   */
  replay?: (manifest: Manifest) => Promise<number>
}

/** Of the tolerance: other devices need the rest. */
const MAX_REPLAY_SHARE = 0.5
const MAX_PROMPTS = 4

/** Runs the whole model on the tokens, in one batch. */
export type CaptureProbe = (modelPath: string, tokens: readonly number[]) => Promise<ProbeCapture>

/**
 * Makes the manifest of a model file: hashes every byte, has `capture` run the probe prompt, and `replay` check it. A
 * prompt at which the model wavers (an expert chosen by a hair) is replaced by the same tokens in another order.
 * Throws what reading a header throws, PROBE_FAILED when the capture is not that of this model or no prompt can be
 * replayed, CANCELLED.
 */
export async function buildManifest(
  path: string,
  { name, dhtPrefix, repository, probeTokens }: ManifestOptions,
  capture: CaptureProbe,
  { onProgress, signal, replay }: ManifestWork = {},
): Promise<Manifest> {
  const gguf = await readGgufHeader(path)
  const shape = modelShape(gguf)
  const source = await openSource(path, signal)
  const pieces: ManifestPiece[] = []
  const header = { sizeBytes: gguf.dataOffset, sha256: '' }
  try {
    header.sha256 = await source.read(0, new Uint8Array(header.sizeBytes))
    const spans = layOutPieces(gguf)
    const buffer = new Uint8Array(Math.max(...spans.map((span) => span.sizeBytes)))
    for (const [index, span] of spans.entries()) {
      const sha256 = await source.read(span.offset, buffer.subarray(0, span.sizeBytes))
      pieces.push({ index, ...span, sha256 })
      onProgress?.(span.offset + span.sizeBytes, source.sizeBytes)
    }
  } finally {
    await source.close()
  }
  const { architecture, blockCount, embeddingLength, vocabSize, contextLength, tiedOutput } = shape
  const quantization = quantizationLabel(gguf)
  const withProbe = async (tokens: readonly number[]): Promise<Manifest> => {
    const captured = await capture(path, tokens)
    return checkManifest({
      ...described,
      probe: {
        tokens: [...tokens],
        ...encodeCapture(captured, shape, tokens.length),
        tolerance: probeTolerance(quantization),
      },
    } satisfies Manifest)
  }
  const described = {
    version: 1 as const,
    name,
    dhtPrefix,
    repository,
    architecture,
    blockCount,
    embeddingLength,
    vocabSize,
    contextLength,
    tiedOutput,
    quantization,
    file: { sizeBytes: gguf.fileSizeBytes },
    header,
    pieces,
    root: merkleRoot(header, pieces),
  }
  const shares: number[] = []
  for (let turn = 0; turn < MAX_PROMPTS; turn++) {
    const manifest = await withProbe(turned(probeTokens, turn))
    if (!replay) return manifest
    throwIfCancelled(signal)
    const share = await replay(manifest)
    if (share <= MAX_REPLAY_SHARE) return manifest
    shares.push(share)
  }
  const words = shares.map((share) => `${Math.round(100 * share)} %`).join(', ')
  throw new EspalierError('PROBE_FAILED', `replayed here, ${shares.length} prompts took ${words} of the tolerance`)
}

/** The first token, which a model may expect at the beginning, stays; the others move on by `turn`. */
function turned(tokens: readonly number[], turn: number): number[] {
  const [first, ...others] = tokens
  if (first === undefined) return []
  const by = others.length === 0 ? 0 : turn % others.length
  return [first, ...others.slice(by), ...others.slice(0, by)]
}

function encodeCapture({ boundaries, logits }: ProbeCapture, shape: ModelShape, tokenCount: number) {
  const length = tokenCount * shape.embeddingLength
  const areBoundariesRight =
    boundaries.length === shape.blockCount + 1 && boundaries.every((boundary) => boundary.length === length)
  if (!areBoundariesRight || logits.length !== shape.vocabSize) {
    throw new EspalierError('PROBE_FAILED', 'the capture has not the shape of the model')
  }
  const tokenIds = sampledTokens(shape.vocabSize)
  const values = Float32Array.from(tokenIds, (token) => logits[token] ?? Number.NaN)
  return {
    boundaries: boundaries.map(encodeHalves),
    logits: { tokenIds, values: encodeFloats(values), argmax: argmaxOf(logits) },
  }
}
