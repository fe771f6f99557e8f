import type { BlockRange } from '../../../src-shared/blocks'
import type { Clock } from '../../../src-shared/clock'
import type { ErrorReport } from '../../../src-shared/errors'
import type { FetchView } from '../../../src-shared/status'
import type { Manifest } from '../manifest'
import type { ByteSource, SourceKind } from '../sources/source'
import type { ShardStore } from '../store/shard-store'
import type { VerifiedSlice } from '../verify-slice'
import type { Rate } from './bandwidth'
import type { FetchControl } from './fetch-control'

/** What is known of one source, measured by this fetch. */
export interface SourceReport {
  readonly id: string
  readonly kind: SourceKind
  readonly label: string
  /** `waiting` for its turn or after a failure; `excluded`: not asked again in this fetch. */
  readonly state: 'waiting' | 'active' | 'excluded'
  /** Everything that came, wasted bytes included. */
  readonly receivedBytes: number
  readonly verifiedPieces: number
  /** Over the last seconds; null before there is enough to say. */
  readonly bytesPerSecond: number | null
  readonly failures: number
  readonly lastFailure: ErrorReport | null
}

export type FetchState = FetchView['state']

/** A snapshot, at most ten per second. Progress counts verified bytes and nothing else; it never falls. */
export interface FetchProgress {
  readonly state: FetchState
  readonly verifiedBytes: number
  readonly neededBytes: number
  readonly verifiedPieces: number
  readonly neededPieces: number
  readonly receivedBytes: number
  /** Null until five seconds of data were seen. */
  readonly bytesPerSecond: number | null
  readonly etaMs: number | null
  readonly peers: number
  readonly sources: readonly SourceReport[]
  /** Why nothing moves, once that is certain: full disk at once, anything else after three minutes. */
  readonly blocker: ErrorReport | null
}

export type FetchEvent =
  | { readonly type: 'piece-verified'; readonly piece: number; readonly sha256: string; readonly source: string | null }
  | { readonly type: 'piece-rejected'; readonly piece: number; readonly source: string | null }
  | { readonly type: 'source-failed'; readonly source: string; readonly error: ErrorReport; readonly excluded: boolean }
  | { readonly type: 'source-stalled'; readonly source: string }
  | { readonly type: 'blocked'; readonly blocker: ErrorReport }
  | { readonly type: 'unblocked' }

export interface FetchLimits {
  /** Bytes per second from other computers; null: no cap. A function is asked again and again, so that a cap may change. */
  readonly bytesPerSecond: Rate
  /** How many sources are read at once. */
  readonly maxSources: number
  /** No verified piece for this long: another source gets the work. */
  readonly stallMs: number
  /** No verified piece from anyone for this long: a blocker. */
  readonly blockerMs: number
  /** Piece buffers, all sources together. */
  readonly bufferBytes: number
}

export const DEFAULT_LIMITS: FetchLimits = {
  bytesPerSecond: null,
  maxSources: 4,
  stallMs: 30_000,
  blockerMs: 180_000,
  bufferBytes: 16 * 2 ** 20,
}

export interface FetchOptions {
  manifest: Manifest
  blocks: BlockRange
  /** Tried by kind, and in this order within a kind. */
  sources: readonly ByteSource[]
  store: ShardStore
  clock: Clock
  limits?: Partial<FetchLimits>
  /** Pause, resume and new sources while it runs. */
  control?: FetchControl
  signal?: AbortSignal
  onProgress?: (progress: FetchProgress) => void
  onEvent?: (event: FetchEvent) => void
}

/** That these files are the model's: every needed piece had the manifest's hash, whoever it came from. */
export interface SliceProof {
  readonly manifestRoot: string
  readonly blocks: BlockRange
  readonly pieces: number
  readonly provenAt: number
}

export interface FetchedShard extends VerifiedSlice {
  readonly proof: SliceProof
  /** It lay there finished; its pieces were hashed again and nothing was fetched. */
  readonly wasThere: boolean
  readonly neededBytes: number
  readonly receivedBytes: number
}
