import type { ErrorReport, EspalierError } from '../../src-shared/errors'
import type { ComputeView, FetchView, LoadLevel } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'
import type { TokenizerReport } from '../engine/protocol'
import type { StageRunner } from '../pipeline/stage-runner'
import type { ShardTarget, SliceOrigin } from './load-ladder'
import type { MeasuredThroughput } from './measure-throughput'

/** Blocks at L6: what serves with them, and what is known of them. */
export interface LoadedShard {
  readonly target: ShardTarget
  readonly engine: EngineClient
  readonly stage: StageRunner
  readonly throughput: MeasuredThroughput
  readonly slicePath: string
  readonly origin: SliceOrigin
  /** Free memory of the graphics cards in use after the load, in bytes; null where none is. */
  readonly freeCardBytes: number | null
  /** Under which it is kept; null where it is not. */
  readonly throughputKey: string | null
  /** What words are made of, whichever blocks these are; or why that could not be loaded. */
  readonly tokenizer: TokenizerReport | EspalierError
}

export interface LoaderEvents {
  onLevel(level: LoadLevel): void
  /** How the fetch under way is doing; null when it is over. */
  onFetch?(fetch: FetchView | null): void
  /** The files of this target must stay from now on; null: of none. */
  onHold?(target: ShardTarget | null): void
  /** What computes from now on, after a load. */
  onCompute(used: ComputeView): void
  /** L6: the slice gave the manifest's answer, just now. Also after a recovery. */
  onProven(shard: LoadedShard): void
  /** How fast it is, when it is proven, and again when that has changed. */
  onSpeed?(speed: MeasuredThroughput): void
  /** It was proven and isn't any more. */
  onLost(cause: ErrorReport): void
  /** The bytes are not on this computer, and the first of them have come from elsewhere. */
  onMissing?(how: { fromPeers: boolean }): void
}
