import { describe, expect, it } from 'vitest'
import type { ManifestPiece } from '../manifest'
import { createPieceBoard, type Run } from './piece-board'

const MIB = 2 ** 20

/** Pieces of these sizes in MiB, one after the other; a negative number is a gap that nobody needs. */
function piecesOf(...sizes: number[]): ManifestPiece[] {
  const pieces: ManifestPiece[] = []
  let offset = 0
  for (const size of sizes) {
    const sizeBytes = Math.abs(size) * MIB
    if (size > 0) pieces.push({ index: pieces.length, offset, sizeBytes, sha256: '', role: 'block', block: 0 })
    offset += sizeBytes
  }
  return pieces
}
const indices = (run: Run | null) => run?.pieces.map(({ index }) => index) ?? null
const asked = (
  source: string,
  more: { may?: (piece: ManifestPiece) => boolean; maxMib?: number; nowMs?: number } = {},
) => {
  const { may = () => true, maxMib = 1_000, nowMs = 0 } = more
  return { source, may, maxBytes: maxMib * MIB, nowMs }
}
const boardOf = (pieces: readonly ManifestPiece[], verified: number[] = [], partial = -1) =>
  createPieceBoard(pieces, new Set(verified), ({ index }) => index === partial)

describe('S-22: who fetches what', () => {
  it('a run is as long as it may be, ends before a gap, and leaves out what is there or under way', () => {
    const board = boardOf(piecesOf(1, 1, 1, 1, -1, 1), [1])
    expect(indices(board.claim(asked('a')))).toEqual([0])
    expect(indices(board.claim(asked('a', { maxMib: 1 })))).toEqual([2])
    expect(indices(board.claim(asked('b')))).toEqual([3])
    expect(indices(board.claim(asked('b')))).toEqual([4])
    expect(board.claim(asked('c'))).toBeNull()
  })

  it('one piece is asked for also where it is larger than a share', () => {
    expect(indices(boardOf(piecesOf(4, 4)).claim(asked('a', { maxMib: 1 })))).toEqual([0])
  })

  it('an unfinished piece begins a run, because only there a request can begin in its middle', () => {
    const board = boardOf(piecesOf(1, 1, 1), [], 1)
    expect(indices(board.claim(asked('a')))).toEqual([0])
    expect(indices(board.claim(asked('a')))).toEqual([1, 2])
  })

  it('with nothing left, half of what another has not begun is taken: of the run with most, and only what may be asked', () => {
    const board = boardOf(piecesOf(8, 8, -1, 8, 8, 8, 8))
    const small = board.claim(asked('a'))
    const large = board.claim(asked('b'))
    if (!small || !large) throw new Error('two runs')
    large.begun = 1
    const taken = board.claim(asked('c', { may: ({ index }) => index !== 5 }))
    expect(indices(taken)).toEqual([1])
    expect(indices(small)).toEqual([0])
    // Of three that were not begun the last two.
    expect(indices(board.claim(asked('c')))).toEqual([4, 5])
    expect(indices(large)).toEqual([2, 3])
  })

  it('a little is taken only from who has given nothing for more than three seconds', () => {
    const board = boardOf(piecesOf(1, 1, 1, 1))
    board.claim(asked('a'))
    expect(board.claim(asked('b', { nowMs: 3_000 }))).toBeNull()
    expect(indices(board.claim(asked('b', { nowMs: 3_001 })))).toEqual([2, 3])
  })

  it('what was given back is missing again, but for what is verified; that counts once', () => {
    const pieces = piecesOf(1, 1, 1)
    const board = boardOf(pieces)
    const run = board.claim(asked('a'))
    const [first] = pieces
    if (!run || !first) throw new Error('a run')
    expect(board.missing()).toEqual([])
    for (let time = 0; time < 2; time += 1) board.verified(run, first)
    expect([board.verifiedPieces(), board.verifiedBytes()]).toEqual([1, MIB])
    board.release(run)
    expect(board.missing().map(({ index }) => index)).toEqual([1, 2])
    expect(board.isComplete()).toBe(false)
    const rest = board.claim(asked('b'))
    for (const piece of pieces.slice(1)) if (rest) board.verified(rest, piece)
    expect(board.isComplete()).toBe(true)
  })
})
