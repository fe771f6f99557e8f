import type { Clock } from '../../src-shared/clock'
import { createBoundedMap } from './scores/bounded-map'

/** Whose sessions come first. Peer ids cost nothing; to be known to the coordinator, or to own this computer, does. */
export const RANK = { guest: 0, member: 1, own: 2 } as const
export type Rank = (typeof RANK)[keyof typeof RANK]

/** Whoever asks for a place in the cache. */
export interface PlaceAsker {
  readonly asker: string
  readonly rank: Rank
}

export interface PlaceHolder extends PlaceAsker {
  readonly openedAtMs: number
  /** When its last rows came. */
  readonly usedAtMs: number
  /** Since when it waits for others; null while it is in our hands. */
  readonly idleSinceMs: number | null
  /** How long it may let us wait from then on, before it counts as slow. */
  readonly patienceMs: number
  /** How long it may rest before it gives way; absent: 15 s. Shorter where nobody says when a session is over. */
  readonly mayRestMs?: number
}

/** A session that rests this long gives its place to one that has none. */
const EVICTABLE_AFTER_MS = 15_000
/** A session that lets others wait has to bring a row every two seconds, on the whole. */
export const PATIENCE_MS = 10_000
const PATIENCE_PER_ROW_MS = 2_000
/** How long a session goes before somebody who has no place at all. */
const TURN_MS = 120_000
/** Whoever was refused and comes again within that time comes before newcomers. */
const WAITING_MS = 4_000
const MAX_WAITING = 256

export function morePatience(patienceMs: number, rows: number): number {
  return Math.min(PATIENCE_MS, patienceMs + rows * PATIENCE_PER_ROW_MS)
}

/**
 * Who gets the places in a stage's cache when there are not enough (docs/engine.md): those who rest give way first, then
 * those of a lower rank, then those of the peer that has at least two more than who asks, then the slow, and after two
 * minutes anybody, for a peer that has none. Who was refused first is first, if it comes again within a moment.
 */
export function createPlaces(clock: Clock) {
  const waiting = createBoundedMap<PlaceAsker & { sinceMs: number; lastMs: number }>(MAX_WAITING)
  /** How many there are, as far as it is known; there are more where nobody was refused yet. */
  let places = Number.POSITIVE_INFINITY

  function forgetWhoWentAway(): void {
    for (const [name, { lastMs }] of [...waiting.entries()])
      if (clock.monotonicMs() - lastMs > WAITING_MS) waiting.delete(name)
  }

  /** How many others were refused before this one asked first, come again, and have no more than it has. */
  function countBefore({ asker, rank }: PlaceAsker, held: readonly PlaceHolder[]): number {
    forgetWhoWentAway()
    const sinceMs = waiting.get(asker)?.sinceMs ?? clock.monotonicMs()
    const own = countOf(asker, held)
    return [...waiting.entries()].filter(
      ([name, other]) => name !== asker && other.rank >= rank && other.sinceMs < sinceMs && countOf(name, held) <= own,
    ).length
  }

  return {
    /** Whether a place that is free, if there is one, is for this one, and not for others that came before. */
    mayTakeFree(who: PlaceAsker, held: readonly PlaceHolder[]): boolean {
      const free = places - held.length
      return free <= 0 || free > countBefore(who, held)
    },
    /** All places are taken: whose is given to this one, and why. Null when it is refused. */
    whoGivesWay<T extends PlaceHolder>(who: PlaceAsker, held: readonly T[]): { holder: T; why: string } | null {
      const { asker, rank } = who
      places = held.length
      const nowMs = clock.monotonicMs()
      const own = countOf(asker, held)
      const count = (one: T) => countOf(one.asker, held)
      const inOrder = held.toSorted((a, b) => Number(isBusy(a)) - Number(isBusy(b)) || a.usedAtMs - b.usedAtMs)

      const idlest = inOrder.find(
        (one) => !isBusy(one) && nowMs - one.usedAtMs >= (one.mayRestMs ?? EVICTABLE_AFTER_MS),
      )
      if (idlest) {
        const seconds = Math.floor((nowMs - idlest.usedAtMs) / 1000)
        return { holder: idlest, why: `it rested for ${seconds} s, and another one needed its place` }
      }
      const [lower] = inOrder
        .filter((one) => one.rank < rank)
        .toSorted((a, b) => a.rank - b.rank || count(b) - count(a))
      if (lower) return { holder: lower, why: 'the own user, and members of the network, come first' }
      const equals = inOrder.filter((one) => one.rank === rank && one.asker !== asker)
      const [richest] = equals.toSorted((a, b) => count(b) - count(a))
      if (richest && count(richest) >= own + 2)
        return { holder: richest, why: 'its peer had more than its share of the places, and another one asked' }
      // From here on there is not one for each: whoever asks oftenest must not be the one who gets it.
      const slow = equals.filter((one) => count(one) > own && patienceLeft(one, nowMs) <= 0)
      const longest = equals
        .filter((one) => own === 0 && !slow.includes(one) && nowMs - one.openedAtMs >= TURN_MS)
        .toSorted((a, b) => a.openedAtMs - b.openedAtMs)
      if (slow.length + longest.length <= countBefore(who, held)) return null
      if (slow[0]) return { holder: slow[0], why: 'it was slow, and another one needed its place' }
      if (!longest[0]) return null
      return { holder: longest[0], why: `it had its turn of ${TURN_MS / 1000} s, and another one has no place` }
    },
    refused({ asker, rank }: PlaceAsker): void {
      const nowMs = clock.monotonicMs()
      waiting.set(asker, { asker, rank, sinceMs: waiting.get(asker)?.sinceMs ?? nowMs, lastMs: nowMs })
    },
    admitted: ({ asker }: PlaceAsker): void => waiting.delete(asker),
  }
}

export type Places = ReturnType<typeof createPlaces>

function isBusy({ idleSinceMs }: PlaceHolder): boolean {
  return idleSinceMs === null
}

function patienceLeft({ patienceMs, idleSinceMs }: PlaceHolder, nowMs: number): number {
  return patienceMs - (idleSinceMs === null ? 0 : nowMs - idleSinceMs)
}

function countOf(asker: string, held: readonly PlaceHolder[]): number {
  return held.filter((one) => one.asker === asker).length
}
