import { EspalierError } from '../../src-shared/errors'
import { type ModelShape, modelShape } from './architectures'
import { readGgufHeader } from './gguf-read'
import { checkManifest, type Manifest, type ManifestPiece } from './manifest'
import { merkleRoot } from './merkle'
import { layOutPieces } from './pieces'
import { argmaxOf, encodeFloats, encodeHalves, type ProbeCapture, probeTolerance, sampledTokens } from './probe'
import { quantizationLabel } from './quantization'
import { openSource } from './source-file'

export interface ManifestOptions {
  name: string
  dhtPrefix: string
  repository: string | null
  /** Ids of the probe prompt. */
  probeTokens: readonly number[]
}

/** Runs the whole model on the tokens, in one batch. */
export type CaptureProbe = (modelPath: string, tokens: readonly number[]) => Promise<ProbeCapture>

/**
 * Makes the manifest of a model file: hashes every byte, then has `capture` run the probe prompt.
 * Throws what reading a header throws, PROBE_FAILED when the capture is not that of this model, CANCELLED.
 */
export async function buildManifest(
  path: string,
  { name, dhtPrefix, repository, probeTokens }: ManifestOptions,
  capture: CaptureProbe,
  { onProgress, signal }: { onProgress?: (doneBytes: number, totalBytes: number) => void; signal?: AbortSignal } = {},
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
  const captured = await capture(path, probeTokens)
  return checkManifest({
    version: 1,
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
    probe: {
      tokens: [...probeTokens],
      ...encodeCapture(captured, shape, probeTokens.length),
      tolerance: probeTolerance(quantization),
    },
  } satisfies Manifest)
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
