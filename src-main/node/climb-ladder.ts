import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import type { LoadLevel } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome } from '../engine/probe'
import type { ShardStore } from '../shards/store/shard-store'
import { createEngineStage } from './engine-stage'
import type { createLoadLadder, ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { ShardSpeed } from './shard-speed'

/** One way up the ladder, which may be given up between any two rungs. */
export interface Climb {
  readonly signal: AbortSignal
  /** Somebody else is at work by now, or nobody shall be. */
  isOver(): boolean
  onLevel(level: LoadLevel): void
  /** As long as this is open, the fetch may write. */
  onFetching(work: Promise<unknown>): void
  /** These files hold what is loaded from now on. */
  onVerified(paths: string[]): void
}

/**
 * Bytes, hashes, memory, proof, speed: from nothing to a shard that may serve. Null when it was given up on the way;
 * throws what a rung throws.
 */
export async function climbLadder(
  {
    ladder,
    speed,
    ...parts
  }: {
    ladder: ReturnType<typeof createLoadLadder>
    speed: ShardSpeed
    /** Asked once the bytes are there: until then another one may have been started. */
    engine: () => EngineClient
    contextTokens: number
    store: Pick<ShardStore, 'tokenizer'>
  },
  target: ShardTarget,
  climb: Climb,
): Promise<{ shard: LoadedShard; outcome: ProbeOutcome } | null> {
  const { signal, isOver } = climb
  const onLevel = (level: LoadLevel) => isOver() || climb.onLevel(level)
  const fetching = ladder.fetchSlice(target, signal, onLevel)
  climb.onFetching(fetching)
  const slice = await fetching
  if (isOver()) return null
  climb.onLevel('L3')
  climb.onVerified(slice.entryPath === null ? [slice.slicePath] : [slice.slicePath, slice.entryPath])
  const engine = parts.engine()
  const report = await ladder.load(engine, target, slice, signal, onLevel)
  if (isOver()) return null
  climb.onLevel('L5')
  const tokenizer = report.entry ?? (await tokenizerOf(parts.store, engine, target))
  const outcome = await ladder.prove(engine, target)
  const measured = await speed.of(engine, target, report, outcome)
  if (isOver()) return null
  const shard: LoadedShard = {
    target,
    engine,
    tokenizer,
    ...measured,
    slicePath: slice.slicePath,
    origin: slice.origin,
    freeCardBytes: freeOf(report.cards),
    stage: createEngineStage(engine, target, report, parts.contextTokens),
  }
  return { shard, outcome }
}

/** The blocks serve others without it, so a failure here ends nothing but this node's own questions. */
async function tokenizerOf(
  store: Pick<ShardStore, 'tokenizer'>,
  engine: EngineClient,
  { manifest }: ShardTarget,
): Promise<LoadedShard['tokenizer']> {
  try {
    const path = await store.tokenizer(manifest)
    if (path === null) throw new EspalierError('SHARD_MISSING', 'the model’s header')
    return await engine.loadTokenizer(path)
  } catch (error) {
    if (isErrorCode(error, 'ENGINE_GONE')) throw error
    return new EspalierError('TOKENIZER_UNUSABLE', messageOf(error), { cause: error })
  }
}

function freeOf(cards: readonly { freeAfterBytes: number }[]): number | null {
  return cards.length === 0 ? null : cards.reduce((sum, { freeAfterBytes }) => sum + freeAfterBytes, 0)
}
