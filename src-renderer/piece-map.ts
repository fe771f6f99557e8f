import type { ShardView } from '../src-shared/app-views'
import { say } from './words'

export type Piece = ShardView['pieces'][number]

/** One cell of the piece map: a block, or what stands before, after or beside the blocks. */
export interface PieceGroup {
  key: string
  label: string
  /** As it is said in a sentence: "Block 4", "Token embedding". */
  name: string
  pieces: readonly Piece[]
  sizeBytes: number
  isNeeded: boolean
}

/** In the order in which an answer passes: entry, blocks, exit; what all share comes last. */
export function groupPieces(pieces: readonly Piece[]): PieceGroup[] {
  const groups = new Map<string, { order: number; label: string; name: string; pieces: Piece[] }>()
  for (const piece of pieces) {
    const { role, block } = piece
    const isBlock = role === 'block' && block !== null
    const key = isBlock ? `block-${block}` : role
    const words = isBlock ? { label: `${block}`, name: say.COVERAGE.block(block) } : wordsOf(role)
    const group = groups.get(key) ?? { order: orderOf(piece), ...words, pieces: [] }
    group.pieces.push(piece)
    groups.set(key, group)
  }
  return [...groups]
    .sort(([, a], [, b]) => a.order - b.order)
    .map(([key, { label, name, pieces: own }]) => ({
      key,
      label,
      name,
      pieces: own.sort((a, b) => a.index - b.index),
      sizeBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      isNeeded: own.some(({ isNeeded }) => isNeeded),
    }))
}

function wordsOf(role: Piece['role']): { label: string; name: string } {
  return role === 'block' ? { label: '?', name: '?' } : say.SHARDS.groups[role]
}

function orderOf({ role, block }: Piece): number {
  if (role === 'entry') return -1
  if (role === 'block') return block ?? 0
  return role === 'exit' ? 1e6 : 1e6 + 1
}
