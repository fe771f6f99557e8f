import type { BlockRange } from '../../../src-shared/blocks'
import type { Clock } from '../../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../../src-shared/errors'
import type { CheckedBody } from '../frames'
import { type Candidate, chooseRoute, type RouteStage } from '../route'
import type { RouteError } from '../route-error'
import { createBoundedMap } from '../scores/bounded-map'
import type { PeerScores } from '../scores/peer-scores'
import type { StageProofs } from '../stage-proofs'
import { fairShares } from './fair-shares'

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

/** @param session one of ours, of which it may say how far it is there */
export type CheckPeer = (peer: string, signal: AbortSignal, session?: string) => Promise<CheckedBody | null>

interface Measured {
  roundTripMs: number | null
  roundTripAtMs: number
  /** Compute time of a token through one of its blocks, ms: what was reported, as far as it can be believed. */
  blockMs: number | null
  sessions: number
  /** It says of itself that it serves something else, or nothing. */
  served: (BlockRange & { root: string }) | null
  /** Why it may not serve what it announced; null when it may, undefined when it was not asked. */
  refusal: RouteError | null | undefined
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
/** Somebody who may not serve now may have been approved meanwhile. */
const REFUSAL_FRESH_MS = 10_000
const PROBE_TIMEOUT_MS = 1_500
const MAX_PROBES = 24
/** Where each has to show that it may serve, strangers must not keep those from being asked who may. */
const MAX_PROOF_ROUNDS = 10
const MAX_NAMED = 4
/** As Petals weighs a server without room in its cache; one that does not answer is no better. */
const NO_ROOM_S = 10
/** A hop costs about as much as a millisecond of computing, besides its way. */
const HOP_S = 0.001
/** Half a round trip to somebody of whom nothing is known. */
const UNKNOWN_ONE_WAY_S = 0.025
const NEWEST_SHARE = 0.3

/**
 * What this node knows of the servers of a model, and routes chosen by it: compute time of each block (reported with answers and
 * bounded by our own clock, else announced), round trips, sessions that wait there, room in the cache, and the score; nobody in quarantine.
 * Petals' form (`hivemind-wire.md` §4), with our own figures where we have some.
 */
export function createRouteBook(options: {
  self: string
  clock: Clock
  scores: PeerScores
  /** Asks a peer what it serves; null where it is there and its protocol has no such question. */
  check: CheckPeer
  /** What stages have to show; absent: nothing. */
  proofs?: StageProofs | undefined
}) {
  const { self, clock, scores, proofs } = options
  const isDemanded = () => proofs?.isDemanded() ?? false
  const book = createBoundedMap<Measured>(MAX_PEERS)

  function of(peer: string): Measured {
    const known = book.get(peer)
    if (known) return known
    const made: Measured = {
      ...{ roundTripMs: null, roundTripAtMs: -FRESH_MS, blockMs: null, sessions: 0 },
      ...{ served: null, refusal: undefined },
    }
    book.set(peer, made)
    return made
  }

  async function probe({ peer, start, end }: Offer): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const ask = proofs && isDemanded() ? proofs.ask : options.check
    const answer = await ask(peer, AbortSignal.timeout(PROBE_TIMEOUT_MS)).catch(() => undefined)
    const measured = of(peer)
    measured.roundTripAtMs = clock.monotonicMs()
    measured.roundTripMs = answer === undefined ? null : measured.roundTripAtMs - startedAtMs
    measured.served = answer ?? null
    measured.sessions = answer?.sessions ?? 0
    if (proofs && isDemanded()) measured.refusal = await proofs.refusalOf({ peer, start, end }, answer?.token)
  }

  function isStale({ peer }: Offer): boolean {
    if (peer === self || !scores.mayAsk(peer)) return false
    const { refusal, roundTripAtMs } = of(peer)
    if (isDemanded() && refusal === undefined) return true
    const isRefused = isDemanded() && refusal !== null
    return clock.monotonicMs() - roundTripAtMs >= (isRefused ? REFUSAL_FRESH_MS : FRESH_MS)
  }

  function isPassedOver({ peer }: Offer): boolean {
    return isDemanded() && peer !== self && of(peer).refusal !== null
  }

  /** Whoever was approved before comes first: with many strangers there are more to ask than are asked at once. */
  function inOrder(stale: readonly Offer[]): Offer[] {
    if (!isDemanded()) return [...stale]
    return stale.toSorted((a, b) => Number(isPassedOver(a)) - Number(isPassedOver(b)))
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

  /** The way of a token and of its answer, by our own measurements alone. */
  function waysMs(route: readonly RouteStage[]): number {
    const stops = [self, ...route.map(({ peer }) => peer), self]
    return stops.slice(1).reduce((sum, to, i) => {
      const from = stops[i] ?? self
      const ends = from === to ? [] : [from, to].filter((peer) => peer !== self)
      const halves = ends.map((peer) => (book.get(peer)?.roundTripMs ?? 0) / 2)
      return sum + halves.reduce((all, half) => all + half, 0) / Math.max(1, halves.length)
    }, 0)
  }

  function candidateOf(offer: Offer, { contextTokens, root }: RouteNeeds): Candidate | null {
    const { peer, start, end } = offer
    if (!scores.mayAsk(peer) || isPassedOver(offer)) return null
    const { sessions, served, roundTripMs, roundTripAtMs } = of(peer)
    const isOther =
      served !== null && (served.start !== start || served.end !== end || (root !== null && served.root !== root))
    if (isOther) return null
    const hasRoom = offer.cacheTokensLeft === null || offer.cacheTokensLeft >= contextTokens
    const isSilent = peer !== self && roundTripMs === null && clock.monotonicMs() - roundTripAtMs < FRESH_MS
    const cost = (tokenS(offer) * (1 + sessions)) / scores.standing(peer).score
    // What it announces is its own word, so that no score alone would put it behind others.
    const drawbacks = [!hasRoom, isSilent, scores.isDoubtful(peer)].filter(Boolean).length
    return { peer, start, end, cost: cost + drawbacks * NO_ROOM_S }
  }

  function tokenS({ peer, start, end, announcedS }: Offer): number {
    const blockMs = book.get(peer)?.blockMs ?? null
    return blockMs === null ? announcedS : (blockMs * (end - start)) / 1_000
  }

  return {
    /** Seconds for a token through its blocks: as measured, else as announced. */
    tokenS,
    /** Throws CHAIN_INCOMPLETE with the blocks that are missing, and with who was passed over; TOKEN_MISSING. */
    async choose(all: readonly Offer[], needs: RouteNeeds): Promise<RouteStage[]> {
      proofs?.requireMembership()
      const offers = all.filter(({ peer }) => !needs.avoid.has(peer))
      const byPeer = new Map(offers.map((offer) => [offer.peer, offer]))
      const stale = inOrder(offers.filter(isStale))
      for (let round = 1; ; round++) {
        await Promise.all(stale.splice(0, MAX_PROBES).map(probe))
        const candidates = offers.flatMap((offer) => candidateOf(offer, needs) ?? [])
        try {
          const route = chooseRoute(candidates, needs.blockCount, (from, to) => oneWayS(from, to, byPeer))
          for (const { peer } of route) scores.asked(peer)
          return route
        } catch (error) {
          if (isDemanded() && stale.length > 0 && round < MAX_PROOF_ROUNDS) continue
          throw withPassedOver(error, offers.filter(isPassedOver))
        }
      }
    },
    /** Those of these that may not serve what they announce, with the reason; they were not asked to. */
    passedOver: (offers: readonly Offer[]): { offer: Offer; why: RouteError }[] =>
      offers.filter(isPassedOver).flatMap((offer) => {
        const { refusal } = of(offer.peer)
        return refusal ? [{ offer, why: refusal }] : []
      }),
    /**
     * Compute times that the stages of a route reported for a token, ms, and how long a token took by our own clock; null
     * where that is not known.
     */
    onComputed(route: readonly RouteStage[], computeMs: readonly number[], elapsedMs: number | null): void {
      const shares = fairShares(route, computeMs, elapsedMs, waysMs(route))
      for (const [i, { peer, start, end }] of route.entries()) {
        const ms = shares[i] ?? Number.NaN
        if (!(ms > 0)) continue
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

/** The gap, and who announces blocks and may not serve them. */
function withPassedOver(error: unknown, passedOver: readonly Offer[]): unknown {
  if (passedOver.length === 0 || !isErrorCode(error, 'CHAIN_INCOMPLETE')) return error
  const names = passedOver.slice(0, MAX_NAMED).map(({ peer, start, end }) => `${peer} (blocks ${start}–${end - 1})`)
  const more = passedOver.length > MAX_NAMED ? ` and ${passedOver.length - MAX_NAMED} more` : ''
  const why = 'have not shown that the host of this network approved them'
  return new EspalierError(
    'CHAIN_INCOMPLETE',
    `${error.message}; passed over: ${names.join(', ')}${more}, which ${why}`,
  )
}

export type RouteBook = ReturnType<typeof createRouteBook>
