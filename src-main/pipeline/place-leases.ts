import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import type { Sampling } from '../engine/sampling'
import type { EventLog } from '../storage/event-log'
import { createPlaces, type PlaceAsker, type PlaceHolder } from './places'
import type { StageRunner } from './stage-runner'

/** The places in our slice's cache, for the sessions of every protocol: one set of rules, whoever asks and however. */
export interface PlaceLeases {
  /**
   * Has the holders of one protocol counted, until the disposer is called.
   * @param held those that hold a place of this runner
   * @param giveWay ends one, whose place goes to another; gives the place back during this call
   */
  count<T extends PlaceHolder>(
    held: (runner: StageRunner) => readonly T[],
    giveWay: (holder: T, why: EspalierError) => void,
  ): Disposer
  /** How many hold a place of this runner now. */
  holders(runner: StageRunner): number
  /** A free place in the cache, or that of a session that gives way. Throws SESSION_LIMIT. */
  lease(runner: StageRunner, asker: PlaceAsker, sampling?: Sampling): number
}

interface Counted {
  readonly holder: PlaceHolder
  end(why: EspalierError): void
}

export function createPlaceLeases(options: { clock: Clock; log: EventLog }): PlaceLeases {
  const places = createPlaces(options.clock)
  const sources = new Set<(runner: StageRunner) => Counted[]>()
  const countedOf = (runner: StageRunner) => [...sources].flatMap((source) => source(runner))

  function leaseOrClear(
    runner: StageRunner,
    asker: PlaceAsker,
    sampling: Sampling | undefined,
    counted: readonly Counted[],
  ): number {
    const held = counted.map(({ holder }) => holder)
    if (!places.mayTakeFree(asker, held)) throw new EspalierError('SESSION_LIMIT', 'others have waited for longer')
    try {
      return runner.openSequence(sampling)
    } catch (error) {
      const leaving = isErrorCode(error, 'SESSION_LIMIT') ? places.whoGivesWay(asker, held) : null
      if (!leaving) throw error
      options.log.write('debug', 'pipeline.dropped', 'evicted', { reason: 'evicted' })
      const why = new EspalierError('SESSION_LIMIT', leaving.why)
      counted.find(({ holder }) => holder === leaving.holder)?.end(why)
      return runner.openSequence(sampling)
    }
  }

  return {
    count(held, giveWay) {
      const source = (runner: StageRunner) =>
        held(runner).map((holder): Counted => ({ holder, end: (why) => giveWay(holder, why) }))
      sources.add(source)
      return () => void sources.delete(source)
    },
    holders: (runner) => countedOf(runner).length,
    lease(runner, asker, sampling) {
      try {
        const counted = countedOf(runner)
        const sequence = leaseOrClear(runner, asker, sampling, counted)
        places.admitted(asker)
        return sequence
      } catch (error) {
        if (isErrorCode(error, 'SESSION_LIMIT')) places.refused(asker)
        throw error
      }
    },
  }
}
