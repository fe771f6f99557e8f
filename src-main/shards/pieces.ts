import type { BlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { blockOf, modelShape } from './architectures'
import type { GgufHeader } from './gguf-types'
import { isOutputTensor } from './slice-plan'

/** `entry`: token embeddings. `exit`: output norm and matrix. `shared`: tables that every block may use. */
export const PIECE_ROLES = ['entry', 'block', 'exit', 'shared'] as const
export type PieceRole = (typeof PIECE_ROLES)[number]

/** A run of bytes of the model file that belongs to one block, or to one role outside of blocks. */
export interface PieceSpan {
  readonly role: PieceRole
  /** Null unless the role is `block`. */
  readonly block: number | null
  readonly offset: number
  readonly sizeBytes: number
}

/** Larger runs are split evenly, so that no piece is smaller than half of this unless its block is. */
const PIECE_TARGET_BYTES = 4 * 2 ** 20

/**
 * Cuts everything after the header into pieces, in file order and without gaps (padding belongs to the tensor before
 * it). No piece spans two blocks: a node that serves a few blocks reads nothing of their neighbours.
 */
export function layOutPieces(header: GgufHeader): PieceSpan[] {
  return ownedSpans(header).flatMap(splitEvenly)
}

/** Throws MANIFEST_MISMATCH when a piece holds bytes of another owner than the one it names. */
export function checkPieces(header: GgufHeader, pieces: readonly PieceSpan[]): void {
  const spans = ownedSpans(header)
  let at = 0
  for (const [index, { role, block, offset, sizeBytes }] of pieces.entries()) {
    for (;;) {
      const span = spans[at]
      if (span === undefined || offset < span.offset + span.sizeBytes) break
      at += 1
    }
    const span = spans[at]
    const isInside = span !== undefined && offset + sizeBytes <= span.offset + span.sizeBytes
    if (!isInside || span.role !== role || span.block !== block) {
      throw new EspalierError('MANIFEST_MISMATCH', `piece ${index} is not what the file has at its place`)
    }
  }
}

/** Whether a node that serves `range` of a model needs a piece. */
export function isPieceNeeded(
  piece: Pick<PieceSpan, 'role' | 'block'>,
  range: BlockRange,
  model: { blockCount: number; tiedOutput: boolean },
): boolean {
  const isLast = range.end === model.blockCount
  switch (piece.role) {
    case 'entry':
      return range.start === 0 || (isLast && model.tiedOutput)
    case 'exit':
      return isLast
    case 'shared':
      return true
    case 'block':
      return piece.block !== null && piece.block >= range.start && piece.block < range.end
  }
}

function ownedSpans(header: GgufHeader): PieceSpan[] {
  modelShape(header)
  const inOrder = header.tensors.toSorted((a, b) => a.offset - b.offset)
  const starts: { owner: Pick<PieceSpan, 'role' | 'block'>; offset: number }[] = []
  for (const { name, offset } of inOrder) {
    const owner = ownerOf(name)
    const last = starts.at(-1)
    if (last?.owner.role === owner.role && last.owner.block === owner.block) continue
    starts.push({ owner, offset: last === undefined ? header.dataOffset : offset })
  }
  return starts.map(({ owner, offset }, index) => {
    const end = starts[index + 1]?.offset ?? header.fileSizeBytes
    return { ...owner, offset, sizeBytes: end - offset }
  })
}

function ownerOf(tensorName: string): Pick<PieceSpan, 'role' | 'block'> {
  const inBlock = blockOf(tensorName)
  if (inBlock !== null) return { role: 'block', block: inBlock.block }
  if (tensorName === 'token_embd.weight') return { role: 'entry', block: null }
  return { role: isOutputTensor(tensorName) ? 'exit' : 'shared', block: null }
}

function splitEvenly(span: PieceSpan): PieceSpan[] {
  const count = Math.max(1, Math.ceil(span.sizeBytes / PIECE_TARGET_BYTES))
  const size = Math.ceil(span.sizeBytes / count)
  return Array.from({ length: count }, (_, index) => {
    const offset = span.offset + index * size
    return { ...span, offset, sizeBytes: Math.min(size, span.offset + span.sizeBytes - offset) }
  })
}
