import type { Clock } from '../../../src-shared/clock'
import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { type ErrorReport, EspalierError, reportOf } from '../../../src-shared/errors'
import type { ManifestPiece } from '../manifest'
import { type ByteSource, isLocal, type SourceKind } from '../sources/source'
import { createRateWindow, type RateWindow } from './rate-window'
import type { SourceReport } from './types'

/** Asking again would give the same answer. */
const PERMANENT: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_ARGUMENT',
  'GGUF_INVALID',
  'GGUF_TRUNCATED',
  'MANIFEST_MISMATCH',
  'MODEL_SPLIT_TOO_FINE',
  'SHARD_MISSING',
  'SOURCE_CHANGED',
  'SOURCE_FORBIDDEN',
  'SOURCE_GATED',
  'SOURCE_IGNORES_RANGES',
  'SOURCE_REFUSED',
])
/** Bad pieces from another computer before it isn't asked any more. A file on this one may have more good ones. */
const MAX_REJECTED = 2
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 30_000

/** One source within one fetch: what it has, how it does, whether it may be asked. */
export interface SourceEntry {
  readonly source: ByteSource
  readonly rate: RateWindow
  state: SourceReport['state']
  /** Null: everything. Undefined: not known yet. */
  available: ReadonlySet<number> | null | undefined
  readonly rejected: Set<number>
  receivedBytes: number
  verifiedPieces: number
  failures: number
  /** Since the last verified piece. */
  failuresInARow: number
  lastFailure: ErrorReport | null
  /** Monotonic. */
  retryAtMs: number
  verifiedAtMs: number
}

export function createSourceEntry(source: ByteSource, clock: Clock): SourceEntry {
  return {
    source,
    rate: createRateWindow(clock),
    state: 'waiting',
    available: undefined,
    rejected: new Set(),
    receivedBytes: 0,
    verifiedPieces: 0,
    failures: 0,
    failuresInARow: 0,
    lastFailure: null,
    retryAtMs: Number.NEGATIVE_INFINITY,
    verifiedAtMs: clock.monotonicMs(),
  }
}

const TIERS: Readonly<Record<SourceKind, number>> = { store: 0, folder: 0, file: 0, lan: 1, swarm: 2, http: 3 }

/** Asked before those of a higher tier: this computer, then peers nearby, then others, then somebody's server (S-14). */
export function tierOf({ source }: SourceEntry): number {
  return TIERS[source.kind]
}

export function has(entry: SourceEntry, { index }: ManifestPiece): boolean {
  if (entry.state === 'excluded' || entry.rejected.has(index)) return false
  return entry.available === null || (entry.available?.has(index) ?? false)
}

/** Notes a failure, and says whether the source is out. */
export function noteFailure(entry: SourceEntry, error: unknown, nowMs: number): boolean {
  entry.failures++
  entry.failuresInARow++
  entry.lastFailure = reportOf(error)
  const isPermanent = error instanceof EspalierError && PERMANENT.has(error.code)
  const isLiar = !isLocal(entry.source.kind) && entry.rejected.size >= MAX_REJECTED
  if (isPermanent || isLiar) {
    entry.state = 'excluded'
    return true
  }
  entry.state = 'waiting'
  entry.retryAtMs = nowMs + Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(10, entry.failuresInARow - 1))
  return false
}

export function reportOfSource(entry: SourceEntry): SourceReport {
  const { source, state, receivedBytes, verifiedPieces, rate, failures, lastFailure } = entry
  return {
    id: source.id,
    kind: source.kind,
    label: source.label,
    state,
    receivedBytes,
    verifiedPieces,
    bytesPerSecond: state === 'active' ? rate.perSecond() : null,
    failures,
    lastFailure,
  }
}

/** What the host said, without the catalogue's words, which the new error says again. */
function gatedWords(cause: string, { source }: SourceEntry): string {
  const plain = new EspalierError('SOURCE_GATED').report().cause
  return cause.startsWith(`${plain}: `) ? cause.slice(plain.length + 2) : source.label
}

/**
 * Why nothing moves, from what was measured: rejected pieces weigh more than failures, a failure more than the absence
 * of sources.
 */
export function causeOf(
  entries: readonly SourceEntry[],
  missing: readonly ManifestPiece[],
  { isHopeless }: { isHopeless: boolean },
): EspalierError {
  const pieces = `${missing.length} piece${missing.length === 1 ? '' : 's'} missing`
  const liar = entries.find(({ rejected }) => rejected.size > 0)
  if (liar !== undefined) {
    return new EspalierError('FETCH_PIECES_REJECTED', `${liar.rejected.size} from ${liar.source.label}; ${pieces}`)
  }
  const failed = entries.toSorted((a, b) => tierOf(b) - tierOf(a)).find(({ lastFailure }) => lastFailure !== null)
  if (failed?.lastFailure) {
    const { code, cause } = failed.lastFailure
    if (code === 'SOURCE_GATED') return new EspalierError('SOURCE_GATED', `${gatedWords(cause, failed)}; ${pieces}`)
    const kind = isHopeless ? 'FETCH_SOURCES_FAILED' : 'FETCH_STALLED'
    return new EspalierError(kind, `${failed.source.label}: ${cause}; ${pieces}`)
  }
  return new EspalierError('FETCH_NO_SOURCE', entries.length === 0 ? `no source is known; ${pieces}` : pieces)
}
