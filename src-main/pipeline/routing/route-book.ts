import type { BlockRange } from '../../../src-shared/blocks'
import type { Clock } from '../../../src-shared/clock'
import type { CheckedBody } from '../frames'
import { type Candidate, chooseRoute, type RouteStage } from '../route'
import { createBoundedMap } from '../scores/bounded-map'
import type { PeerScores } from '../scores/peer-scores'

/** What the network says about a server that may be a stage. */
export interface Offer extends BlockRange {
  readonly peer: string
  /** Seconds for a token through its blocks, by its own figures. */
  readonly announcedS: number
  /** Places in its cache; null where it does not say. */
  readonly cacheTokensLeft: number | null
  /** Its own measured round trips to others, seconds by peer id. */
  readonly pingsS: ReadonlyMap<string, number> | null
}

export type CheckPeer = (peer: string, signal: AbortSignal) => Promise<CheckedBody | null>

interface Measured {
  roundTripMs: number | null
  roundTripAtMs: number
  /** Compute time of a token through one of its blocks, ms. */
  blockMs: number | null
  sessions: number
  /** It says of itself that it serves something else, or nothing. */
  served: (BlockRange & { root: string }) | null
}

export interface RouteNeeds {
  /** Merkle root of the model's manifest; null where it is not known. */
  readonly root: string | null
  readonly blockCount: number
  readonly contextTokens: number
  readonly avoid: ReadonlySet<string>
}

const MAX_PEERS = 10_000
const FRESH_MS = 60_000
const PROBE_TIMEOUT_MS = 1_500
const MAX_PROBES = 24
/** As Petals weighs a server without room in its cache; one that does not answer is no better. */
const NO_ROOM_S = 10
/** A hop costs about as much as a millisecond of computing, besides its way. */
const HOP_S = 0.001
/** Half a round trip to somebody of whom nothing is known. */
const UNKNOWN_ONE_WAY_S = 0.025
const NEWEST_SHARE = 0.3

/**
 * What this node has measured of the servers of a model, and routes chosen by it: compute time of each block (measured,
 * else announced), round trips, sessions that wait there, room in the cache, and the score; nobody in quarantine.
 * Petals' form (`hivemind-wire.md` §4), with our own figures where we have some.
 */
export function createRouteBook(options: {
  self: string
  clock: Clock
  scores: PeerScores
  /** Asks a peer what it serves; null where it is there and its protocol has no such question. */
  check: CheckPeer
}) {
  const { self, clock, scores } = options
  const book = createBoundedMap<Measured>(MAX_PEERS)

  function of(peer: string): Measured {
    const known = book.get(peer)
    if (known) return known
    const made: Measured = { roundTripMs: null, roundTripAtMs: -FRESH_MS, blockMs: null, sessions: 0, served: null }
    book.set(peer, made)
    return made
  }

  async function probe(peer: string): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const answer = await options.check(peer, AbortSignal.timeout(PROBE_TIMEOUT_MS)).catch(() => undefined)
    const measured = of(peer)
    measured.roundTripAtMs = clock.monotonicMs()
    measured.roundTripMs = answer === undefined ? null : measured.roundTripAtMs - startedAtMs
    measured.served = answer ?? null
    measured.sessions = answer?.sessions ?? 0
  }

  function oneWayS(from: string | null, to: string | null, offers: ReadonlyMap<string, Offer>): number {
    if ((from ?? self) === (to ?? self)) return 0
    const announced = (a: string | null, b: string | null) =>
      a === null || b === null ? undefined : offers.get(a)?.pingsS?.get(b)
    const ping = announced(from, to) ?? announced(to, from)
    if (ping !== undefined && Number.isFinite(ping)) return HOP_S + ping / 2
    // Nobody measured this way: about as long as by way of us.
    const legs = [from, to].filter((peer) => peer !== null && peer !== self)
    const ways = legs.map((peer) => (book.get(peer ?? '')?.roundTripMs ?? 2_000 * UNKNOWN_ONE_WAY_S) / 2_000)
    return HOP_S + ways.reduce((sum, way) => sum + way, 0) / ways.length
  }

  function candidateOf(offer: Offer, { contextTokens, root }: RouteNeeds): Candidate | null {
    const { peer, start, end } = offer
    if (!scores.mayAsk(peer)) return null
    const { blockMs, sessions, served, roundTripMs, roundTripAtMs } = of(peer)
    const isOther =
      served !== null && (served.start !== start || served.end !== end || (root !== null && served.root !== root))
    if (isOther) return null
    const computeS = blockMs === null ? offer.announcedS : (blockMs * (end - start)) / 1_000
    const hasRoom = offer.cacheTokensLeft === null || offer.cacheTokensLeft >= contextTokens
    const isSilent = peer !== self && roundTripMs === null && clock.monotonicMs() - roundTripAtMs < FRESH_MS
    const cost = (computeS * (1 + sessions)) / scores.standing(peer).score
    return { peer, start, end, cost: cost + (hasRoom ? 0 : NO_ROOM_S) + (isSilent ? NO_ROOM_S : 0) }
  }

  return {
    /** Throws CHAIN_INCOMPLETE with the blocks that are missing. */
    async choose(all: readonly Offer[], needs: RouteNeeds): Promise<RouteStage[]> {
      const offers = all.filter(({ peer }) => !needs.avoid.has(peer))
      const stale = offers.filter(
        ({ peer }) => peer !== self && scores.mayAsk(peer) && clock.monotonicMs() - of(peer).roundTripAtMs >= FRESH_MS,
      )
      await Promise.all(stale.slice(0, MAX_PROBES).map(({ peer }) => probe(peer)))
      const byPeer = new Map(offers.map((offer) => [offer.peer, offer]))
      const candidates = offers.flatMap((offer) => candidateOf(offer, needs) ?? [])
      const route = chooseRoute(candidates, needs.blockCount, (from, to) => oneWayS(from, to, byPeer))
      for (const { peer } of route) scores.asked(peer)
      return route
    },
    /** Compute times that the stages of a route reported for a token, ms. */
    onComputed(route: readonly RouteStage[], computeMs: readonly number[]): void {
      for (const [i, { peer, start, end }] of route.entries()) {
        const ms = computeMs[i]
        if (ms === undefined || !Number.isFinite(ms) || ms <= 0) continue
        const measured = of(peer)
        const now = ms / (end - start)
        measured.blockMs = measured.blockMs === null ? now : measured.blockMs + NEWEST_SHARE * (now - measured.blockMs)
      }
    },
    /** What was measured of a peer is doubtful: it is asked again before the next route. */
    forget(peer: string): void {
      of(peer).roundTripAtMs = -FRESH_MS
    },
    roundTripMs: (peer: string): number | null => (peer === self ? 0 : (book.get(peer)?.roundTripMs ?? null)),
  }
}

export type RouteBook = ReturnType<typeof createRouteBook>
