import type { BlockRange } from '../../../src-shared/blocks'
import { EspalierError } from '../../../src-shared/errors'
import { modelShape } from '../architectures'
import { parseGgufHeader } from '../gguf-parse'
import type { GgufHeader } from '../gguf-types'
import { type Manifest, type ManifestPiece, piecesFor } from '../manifest'
import { ENTRY_FILE, SLICE_FILE } from '../models'
import { checkPieces } from '../pieces'
import { type FilePlan, type PlannedTensor, planSlice, planVocabulary } from '../slice-plan'

/** Bytes between the tensors of a piece, usually none: they belong to no GGUF of ours, and to the piece's hash. */
export const GAPS_FILE = 'gaps.bin'

/** A run of source bytes and where they lie in our files: once, or twice for embeddings that are also the output. */
export interface PieceSegment {
  /** In the model file. */
  readonly sourceOffset: number
  readonly sizeBytes: number
  readonly places: readonly { readonly file: number; readonly offset: number }[]
}

export interface MappedFile {
  readonly name: string
  readonly sizeBytes: number
  readonly header: Uint8Array
  /** Tensors that are made here and not fetched. */
  readonly made: readonly PlannedTensor[]
}

/**
 * Where every byte of the needed pieces lies in the files of a slice, so that pieces can be written in any order, read
 * back, verified against the manifest and handed on, and no second copy of the model is ever kept.
 */
export interface PieceMap {
  readonly manifest: Manifest
  readonly range: BlockRange
  readonly files: readonly MappedFile[]
  readonly pieces: readonly ManifestPiece[]
  segmentsOf(pieceIndex: number): readonly PieceSegment[]
}

/**
 * Parses the header bytes of a model (whose hash the caller has compared with the manifest's) and checks that the
 * manifest describes the same file. Throws GGUF_INVALID, GGUF_TRUNCATED, ARCH_UNSUPPORTED, MANIFEST_MISMATCH.
 */
export function headerOf(manifest: Manifest, bytes: Uint8Array): GgufHeader {
  const header = parseGgufHeader(bytes, manifest.file.sizeBytes)
  const shape = modelShape(header)
  const isSame =
    header.dataOffset === manifest.header.sizeBytes &&
    shape.architecture === manifest.architecture &&
    shape.blockCount === manifest.blockCount &&
    shape.embeddingLength === manifest.embeddingLength &&
    shape.vocabSize === manifest.vocabSize &&
    shape.tiedOutput === manifest.tiedOutput
  if (!isSame) throw new EspalierError('MANIFEST_MISMATCH', 'its header says something else than the manifest')
  checkPieces(header, manifest.pieces)
  return header
}

/** Throws BLOCK_RANGE_INVALID, CUT_UNSUPPORTED, ARCH_UNSUPPORTED. */
export function mapPieces(manifest: Manifest, header: GgufHeader, range: BlockRange): PieceMap {
  const pieces = piecesFor(manifest, range)
  const plans: { name: string; plan: FilePlan }[] = [{ name: SLICE_FILE, plan: planSlice(header, range) }]
  if (range.start === 0) plans.push({ name: ENTRY_FILE, plan: planVocabulary(header) })
  const copies = plans.flatMap(({ plan }, file) => copiesOf(plan, file)).toSorted((a, b) => a.start - b.start)
  const gapsFile = plans.length
  const segments = new Map<number, PieceSegment[]>()
  let gapBytes = 0
  let first = 0
  for (const piece of pieces) {
    const end = piece.offset + piece.sizeBytes
    while (first < copies.length && (copies[first]?.end ?? 0) <= piece.offset) first++
    const inside: Copy[] = []
    for (let at = first; at < copies.length; at++) {
      const copy = copies[at]
      if (copy === undefined || copy.start >= end) break
      if (copy.end > piece.offset) inside.push(copy)
    }
    const mapped = cut(piece.offset, end, inside, gapsFile, gapBytes)
    gapBytes += mapped.gapBytes
    segments.set(piece.index, mapped.segments)
  }
  const files: MappedFile[] = plans.map(({ name, plan }) => ({
    name,
    sizeBytes: plan.fileSizeBytes,
    header: plan.header,
    made: plan.tensors.filter(({ content }) => content.kind !== 'source'),
  }))
  if (gapBytes > 0) files.push({ name: GAPS_FILE, sizeBytes: gapBytes, header: new Uint8Array(0), made: [] })
  return {
    manifest,
    range,
    files,
    pieces,
    segmentsOf(pieceIndex) {
      const found = segments.get(pieceIndex)
      if (found === undefined) throw new EspalierError('INTERNAL', `piece ${pieceIndex} is not one of the slice`)
      return found
    },
  }
}

interface Copy {
  /** In the model file. */
  readonly start: number
  readonly end: number
  readonly file: number
  /** Add this to an offset of the model to get the one in the file. */
  readonly shift: number
}

function copiesOf(plan: FilePlan, file: number): Copy[] {
  return plan.tensors.flatMap(({ content, offset, sizeBytes }) =>
    content.kind === 'source'
      ? [{ start: content.offset, end: content.offset + sizeBytes, file, shift: offset - content.offset }]
      : [],
  )
}

/** Cuts [start, end) where copies begin and end; what no copy holds goes to the gaps, in order. */
function cut(start: number, end: number, copies: readonly Copy[], gapsFile: number, firstGapAt: number) {
  const edges = new Set([start, end])
  for (const copy of copies) {
    edges.add(Math.max(start, copy.start))
    edges.add(Math.min(end, copy.end))
  }
  const sorted = [...edges].toSorted((a, b) => a - b)
  const segments: PieceSegment[] = []
  let gapBytes = 0
  for (let index = 0; index + 1 < sorted.length; index++) {
    const from = sorted[index] ?? 0
    const to = sorted[index + 1] ?? 0
    const sizeBytes = to - from
    const places = copies
      .filter((copy) => copy.start <= from && copy.end >= to)
      .map(({ file, shift }) => ({ file, offset: from + shift }))
    if (places.length === 0) {
      places.push({ file: gapsFile, offset: firstGapAt + gapBytes })
      gapBytes += sizeBytes
    }
    segments.push({ sourceOffset: from, sizeBytes, places })
  }
  return { segments: joined(segments), gapBytes }
}

/** Neighbours that also lie side by side in our files become one: one write instead of many. */
function joined(segments: readonly PieceSegment[]): PieceSegment[] {
  const result: PieceSegment[] = []
  for (const segment of segments) {
    const last = result.at(-1)
    const continues =
      last !== undefined &&
      last.places.length === segment.places.length &&
      last.places.every(
        ({ file, offset }, at) =>
          segment.places[at]?.file === file && segment.places[at]?.offset === offset + last.sizeBytes,
      )
    if (last !== undefined && continues) {
      result[result.length - 1] = { ...last, sizeBytes: last.sizeBytes + segment.sizeBytes }
    } else {
      result.push(segment)
    }
  }
  return result
}
