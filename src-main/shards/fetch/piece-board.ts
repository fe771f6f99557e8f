import type { ManifestPiece } from '../manifest'

/** Pieces that follow each other in the file, read from one source in one request. */
export interface Run {
  readonly source: string
  readonly pieces: ManifestPiece[]
  /** Pieces from here on were not begun; those before are done or under way. */
  begun: number
  /** When the source last gave something, on the monotonic clock. */
  movedAtMs: number
}

export interface Claim {
  readonly source: string
  /** Whether the source has a piece and may be asked for it. */
  may(piece: ManifestPiece): boolean
  readonly maxBytes: number
  readonly nowMs: number
}

/** What is stolen has to be worth the bytes that are on their way already. */
const MIN_STOLEN_BYTES = 8 * 2 ** 20
const IDLE_MS = 3_000

/** Who fetches what. A piece is missing, claimed by one run, or verified; nothing is claimed twice. */
export interface PieceBoard {
  readonly neededBytes: number
  readonly neededPieces: number
  verifiedBytes(): number
  verifiedPieces(): number
  isComplete(): boolean
  /** Pieces that nobody works on. */
  missing(): readonly ManifestPiece[]
  /** The next run for a source: missing pieces first, then the far end of another's run; null when there is nothing. */
  claim(claim: Claim): Run | null
  verified(run: Run, piece: ManifestPiece): void
  /** Gives back what was not verified. */
  release(run: Run): void
}

export function createPieceBoard(
  pieces: readonly ManifestPiece[],
  alreadyVerified: ReadonlySet<number>,
  /** An unfinished piece begins a run: only there can a request begin in the middle. */
  isPartial: (piece: ManifestPiece) => boolean,
): PieceBoard {
  const verified = new Set(pieces.filter(({ index }) => alreadyVerified.has(index)).map(({ index }) => index))
  const runs = new Set<Run>()
  const claimed = new Set<number>()
  const neededBytes = bytesOf(pieces)
  let verifiedBytes = bytesOf(pieces.filter(({ index }) => verified.has(index)))
  const isMissing = ({ index }: ManifestPiece) => !verified.has(index) && !claimed.has(index)

  function fresh({ may, maxBytes }: Claim): ManifestPiece[] {
    const taken: ManifestPiece[] = []
    let sizeBytes = 0
    for (const piece of pieces) {
      const last = taken.at(-1)
      const isNext = last === undefined || last.offset + last.sizeBytes === piece.offset
      const fits = last === undefined || (sizeBytes + piece.sizeBytes <= maxBytes && !isPartial(piece))
      if (isNext && fits && isMissing(piece) && may(piece)) {
        taken.push(piece)
        sizeBytes += piece.sizeBytes
      } else if (last !== undefined) {
        break
      }
    }
    return taken
  }

  function stolen({ may, nowMs }: Claim): ManifestPiece[] {
    let best: { run: Run; from: number; sizeBytes: number } | null = null
    for (const run of runs) {
      const left = run.pieces.length - run.begun
      const from = run.begun + Math.floor(left / 2)
      const tail = run.pieces.slice(from)
      if (tail.length === 0 || !tail.every(may)) continue
      const sizeBytes = bytesOf(tail)
      const isWorthIt = sizeBytes >= MIN_STOLEN_BYTES || nowMs - run.movedAtMs > IDLE_MS
      if (isWorthIt && sizeBytes > (best?.sizeBytes ?? 0)) best = { run, from, sizeBytes }
    }
    return best === null ? [] : best.run.pieces.splice(best.from)
  }

  return {
    neededBytes,
    neededPieces: pieces.length,
    verifiedBytes: () => verifiedBytes,
    verifiedPieces: () => verified.size,
    isComplete: () => verified.size === pieces.length,
    missing: () => pieces.filter(isMissing),
    claim(claim) {
      const found = fresh(claim)
      const taken = found.length > 0 ? found : stolen(claim)
      if (taken.length === 0) return null
      const run: Run = { source: claim.source, pieces: taken, begun: 0, movedAtMs: claim.nowMs }
      for (const { index } of taken) claimed.add(index)
      runs.add(run)
      return run
    },
    verified(_run, piece) {
      claimed.delete(piece.index)
      if (verified.has(piece.index)) return
      verified.add(piece.index)
      verifiedBytes += piece.sizeBytes
    },
    release(run) {
      if (!runs.delete(run)) return
      for (const { index } of run.pieces) claimed.delete(index)
    },
  }
}

function bytesOf(pieces: readonly ManifestPiece[]): number {
  return pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
