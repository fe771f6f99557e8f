import type { Clock } from '../../src-shared/clock'
import type { EspalierError } from '../../src-shared/errors'
import type { PlaceLeases } from '../pipeline/place-leases'
import { morePatience, PATIENCE_MS, type PlaceHolder, RANK } from '../pipeline/places'
import type { StageRunner } from '../pipeline/stage-runner'

/** The place of one of our own answers in our own cache. */
export interface OwnPlace {
  readonly sequence: number
  /** Does what takes this many rows further; until the next ones the place rests. Throws why it was lost, once it was. */
  use<T>(rows: number, work: () => Promise<T>): Promise<T>
  /** Gives it back. Harmless when it was given back already. */
  close(): void
}

interface Held extends PlaceHolder {
  readonly runner: StageRunner
  usedAtMs: number
  idleSinceMs: number | null
  patienceMs: number
  lose(why: EspalierError): void
}

/** Our own answers over chains take their places by the rules for everybody (places.ts), and come first there. */
export function createOwnPlaces({ self, clock, leases }: { self: string; clock: Clock; leases: PlaceLeases }) {
  const own = { asker: self, rank: RANK.own }
  const places = new Set<Held>()
  leases.count(
    (runner) => [...places].filter((place) => place.runner === runner),
    (place, why) => place.lose(why),
  )

  /**
   * @param onLost the place goes to another one; it is given back already
   * Throws SESSION_LIMIT.
   */
  return function take(runner: StageRunner, onLost: (why: EspalierError) => void): OwnPlace {
    const sequence = leases.lease(runner, own)
    const nowMs = clock.monotonicMs()
    let lost: EspalierError | null = null
    const held: Held = {
      ...{ ...own, runner, openedAtMs: nowMs, usedAtMs: nowMs, idleSinceMs: nowMs, patienceMs: PATIENCE_MS },
      lose(why) {
        lost = why
        close()
        onLost(why)
      },
    }
    places.add(held)

    function close(): void {
      if (places.delete(held)) runner.closeSequence(sequence)
    }

    return {
      sequence,
      close,
      async use(rows, work) {
        // Its sequence is another's by now.
        if (lost) throw lost
        const startedAtMs = clock.monotonicMs()
        const restedMs = startedAtMs - (held.idleSinceMs ?? startedAtMs)
        held.patienceMs = morePatience(held.patienceMs - restedMs, rows)
        held.idleSinceMs = null
        try {
          return await work()
        } finally {
          held.usedAtMs = clock.monotonicMs()
          held.idleSinceMs = held.usedAtMs
        }
      },
    }
  }
}
