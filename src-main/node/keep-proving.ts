import type { Clock, Disposer } from '../../src-shared/clock'
import type { createLoadLadder } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { MeasuredThroughput } from './measure-throughput'
import type { ShardSpeed } from './shard-speed'

/** Gives a loaded shard its test pass again from time to time, and what is announced follows how long that takes. */
export function createKeepProving(options: {
  ladder: Pick<ReturnType<typeof createLoadLadder>, 'prove' | 'finishProve'>
  speed: Pick<ShardSpeed, 'again'>
  clock: Clock
  intervalMs: number
  /** What is loaded now. */
  shard: () => LoadedShard | null
  onRight(): void
  /** No answer, a wrong one, or no engine any more. */
  onWrong(shard: LoadedShard, error: unknown): void
  onSpeed(shard: LoadedShard, measured: MeasuredThroughput): void
}): {
  begin(): void
  /** At once, unless a test pass is under way. */
  now(): void
  stop: Disposer
} {
  const { ladder, speed, clock, intervalMs } = options
  let cancelTimer: Disposer = () => undefined
  /** The load whose test pass is under way. One that failed is over, and the next load has another stage. */
  let proving: LoadedShard['stage'] | null = null

  function begin(): void {
    cancelTimer()
    cancelTimer = clock.after(intervalMs, () => void prove())
  }

  async function prove(): Promise<void> {
    const shard = options.shard()
    if (!shard) return
    // Each load has a stage of its own; a new speed is the same load.
    const isStill = () => options.shard()?.stage === shard.stage
    proving = shard.stage
    try {
      const outcome = await ladder.prove(shard.engine, shard.target)
      if (!isStill()) return
      proving = null
      ladder.finishProve(shard.target, outcome)
      options.onRight()
      begin()
      const measured = await speed.again(shard, outcome)
      if (measured && isStill()) options.onSpeed(shard, measured)
    } catch (error) {
      if (isStill()) options.onWrong(shard, error)
    }
  }

  function now(): void {
    const shard = options.shard()
    if (!shard || proving === shard.stage) return
    cancelTimer()
    void prove()
  }

  return { begin, now, stop: () => cancelTimer() }
}
