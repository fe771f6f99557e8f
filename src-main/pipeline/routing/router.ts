import { randomInt } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../../src-shared/clock'
import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { messageOf } from '../../../src-shared/errors'
import type { Hop, LostHop, RouteChange } from '../../../src-shared/routing-trace'
import type { Host } from '../../network/host'
import type { EventLog } from '../../storage/event-log'
import { checkPeer } from '../check'
import { createFailover, type MovingSession } from '../failover/failover'
import { forReplacement } from '../failover/replacement'
import type { Generation } from '../generate'
import type { Pipeline } from '../pipeline'
import type { RouteStage } from '../route'
import { RouteError } from '../route-error'
import { createPeerScores } from '../scores/peer-scores'
import { judge } from '../spot-check/judge'
import { type Sample, spotCheck } from '../spot-check/spot-check'
import { type CheckPeer, createRouteBook, type Offer } from './route-book'

export interface RoutedModel {
  /** Merkle root of the manifest; null where only the blocks are known. */
  readonly root: string | null
  readonly blockCount: number
  /** Who serves it; with `isFresh` by a new look at the network. */
  offers(isFresh: boolean, signal: AbortSignal): Promise<readonly Offer[]>
}

/** One request's way through the network: give it to `generate` in place of the pipeline. */
export interface RoutedRequest extends Pick<Pipeline, 'openSession'> {
  /** The chain to begin with. Throws CHAIN_INCOMPLETE. */
  route(signal: AbortSignal): Promise<RouteStage[]>
  /** The routing trace of its answer. */
  trace(generation: Sample & Pick<Generation, 'stageComputeMs' | 'tokenMs'>): { hops: Hop[]; lost: LostHop[] }
}

const SPOT_CHECK_TIMEOUT_MS = 30_000
/** As many as a page and the API take. */
const MAX_LOST = 64
const NOBODY: ReadonlySet<string> = new Set()
/** To be busy, or not approved yet, says nothing of a peer's work. */
const NO_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SESSION_LIMIT', 'STAGE_NOT_APPROVED'])

/** Routes for this node's requests, what it learned of peers from them, and sessions that survive a lost node. */
export function createRouter(options: {
  host: Host
  pipeline: Pick<Pipeline, 'openSession' | 'notify'> &
    Partial<Pick<Pipeline, 'proofs' | 'progressOf' | 'activeSessions'>>
  clock: Clock
  log: EventLog
  /** How a peer is asked what it serves; absent: over the pipeline's own protocol. */
  check?: CheckPeer
  /** A whole number from 0 to below `limit`. */
  draw?: (limit: number) => number
  /**
   * One greedy answer in so many is checked on replicas, afterwards and in the background. Absent: none, because a check
   * shows the prompt to a node that was not on its route, which whoever asks must have been told before.
   */
  spotCheckEvery?: number
}) {
  const { host, pipeline, clock, log, draw = randomInt, spotCheckEvery } = options
  const self = host.peerId.toString()
  const scores = createPeerScores(clock, ({ peer, score, quarantinedUntil, incidents }) => {
    const [{ code, cause } = { code: 'STAGE_LOST' as const, cause: '' }] = incidents.slice(-1)
    log.write('warn', 'route.peer.failed', cause, { peer, score, quarantinedUntil })
    const isTold = quarantinedUntil !== null || code === 'SPOT_CHECK_DISAGREED'
    if (isTold && peer !== self) pipeline.notify(peer, { code, cause: cause.slice(0, 1000) })
  })
  const check: CheckPeer = options.check ?? ((peer, ...about) => checkPeer(host, peerIdFromString(peer), ...about))
  const book = createRouteBook({ self, clock, scores, check, proofs: pipeline.proofs })

  let isChecking = false

  /** What no model gives confirms nothing, and counts against whoever gave it. Rejects as `spotCheck`. */
  async function checkBy(replica: string, ask: Omit<Parameters<typeof spotCheck>[0], 'replica'>) {
    try {
      return await spotCheck({ ...ask, replica })
    } catch (error) {
      if (error instanceof RouteError && error.code === 'PROTOCOL_VIOLATION' && error.toldBy === null)
        scores.failed(error.peer, error.code, error.message)
      throw error
    }
  }

  /** Recomputes one stage of an answer on a replica, where there is one; on a third node when they disagree. */
  async function checkAnswer(model: RoutedModel, sample: Sample): Promise<void> {
    const { root } = model
    const stage = draw(sample.route.length)
    const checked = sample.route[stage]
    if (isChecking || root === null || !checked) return
    isChecking = true
    try {
      const signal = AbortSignal.timeout(SPOT_CHECK_TIMEOUT_MS)
      const replicas = (await model.offers(false, signal)).filter(
        ({ peer, start, end }) =>
          peer !== checked.peer && start === checked.start && end === checked.end && scores.mayAsk(peer),
      )
      const first = replicas.splice(draw(Math.max(1, replicas.length)), 1)[0]
      if (!first) return
      const ask = { open: pipeline.openSession, root, sample, stage, signal }
      const verdict = await checkBy(first.peer, ask)
      const third = verdict.agrees ? undefined : replicas[0]
      const second = third ? await checkBy(third.peer, ask).catch(() => null) : null
      const { agrees, worstGap } = verdict
      log.write('info', 'route.spot-check', `${checked.peer} ${agrees ? 'agrees' : 'disagrees'} with ${first.peer}`, {
        ...{ peer: checked.peer, replica: first.peer, worstGap },
      })
      for (const { peer, weight, evidence } of judge(verdict, second))
        scores.failed(peer, 'SPOT_CHECK_DISAGREED', evidence, weight)
    } catch (error) {
      log.write('debug', 'route.spot-check.failed', messageOf(error))
    } finally {
      isChecking = false
    }
  }

  return {
    scores,
    book,
    checkAnswer,
    /** @param onChange told while an answer waits because a node of its route left */
    request(
      model: RoutedModel,
      contextTokens: number,
      onChange: (change: RouteChange) => void = () => undefined,
    ): RoutedRequest {
      const { root, blockCount } = model
      let session: MovingSession | null = null
      let isGreedy = true
      let vocabularySize: number | undefined
      let offered: readonly Offer[] = []
      const choose = async (avoid: ReadonlySet<string>, isFresh: boolean, signal: AbortSignal) => {
        offered = await model.offers(isFresh, signal)
        return book.choose(offered, { root, blockCount, contextTokens, avoid })
      }
      const failover = createFailover({
        open: pipeline.openSession,
        routes: {
          choose,
          async replace(lost, route, avoid, signal) {
            const offers = forReplacement(await model.offers(false, signal), route, lost)
            return book.choose(offers, { root, blockCount, contextTokens, avoid })
          },
          paceMs({ peer }) {
            const offer = offered.find((one) => one.peer === peer)
            return offer ? 1_000 * book.tokenS(offer) : null
          },
        },
        // We are there, and libp2p does not dial itself.
        check: async (peer, signal, session) =>
          peer === self
            ? {
                progress: session === undefined ? undefined : pipeline.progressOf?.(session),
                sessions: pipeline.activeSessions,
              }
            : check(peer, signal, session),
        ...{ clock, self },
        events: {
          onLost(peer, error, weight) {
            if (!NO_FAULTS.has(error.code)) scores.failed(peer, error.code, error.message, weight)
          },
          onServed(route, answers) {
            for (const { peer } of route) scores.served(peer, answers)
          },
          onLeave(lost, { code }, token) {
            book.forget(lost.peer)
            onChange({ ...changeOf(lost), code, token, replacements: [] })
          },
          onMove({ lost, error, replayedRows, recomputedBy, elapsedMs, differentAnswers }, route, token) {
            const takers = route.filter(({ start, end }) => start < lost.end && end > lost.start)
            onChange({ ...changeOf(lost), code: error.code, token, replacements: takers.map(({ peer }) => peer) })
            const what = `${replayedRows} rows ran again without ${lost.peer}, in ${Math.round(elapsedMs)} ms`
            log.write('info', 'route.moved', what, { peer: lost.peer, recomputedBy, differentAnswers })
          },
        },
      })
      return {
        route: (signal) => choose(NOBODY, true, signal),
        async openSession(asked) {
          // Drawn tokens need not be likely ones.
          isGreedy = asked.sampling === undefined && !asked.wantsLogits
          vocabularySize = asked.vocabularySize
          session = await failover.openSession(asked)
          return session
        },
        trace(generation) {
          const { route, stageComputeMs, tokenMs } = generation
          if (isGreedy && spotCheckEvery !== undefined && draw(spotCheckEvery) === 0)
            void checkAnswer(model, { ...generation, vocabularySize })
          book.onComputed(route, stageComputeMs, tokenMs)
          const hops = route.map(
            ({ peer, start, end }, i): Hop => ({
              ...{ peerId: peer, blocks: { start, end }, computeMs: knownMs(stageComputeMs[i], tokenMs) },
              ...{ isSelf: peer === self, score: scores.standing(peer).score, roundTripMs: book.roundTripMs(peer) },
            }),
          )
          const lost = (session?.moves ?? []).map(
            ({ lost: { peer, start, end }, error: { code, cause }, elapsedMs }): LostHop => ({
              ...{ peerId: peer, blocks: { start, end }, code, cause: cause.slice(0, 1200), pauseMs: elapsedMs },
            }),
          )
          const notAsked = book.passedOver(offered).map(
            ({ offer: { peer, start, end }, why }): LostHop => ({
              ...{
                peerId: peer,
                blocks: { start, end },
                code: why.code,
                cause: why.message.slice(0, 1200),
                pauseMs: 0,
              },
            }),
          )
          return { hops, lost: [...lost, ...notAsked].slice(0, MAX_LOST) }
        },
      }
    },
  }
}

function changeOf({ peer, start, end }: RouteStage): Pick<RouteChange, 'peerId' | 'blocks'> {
  return { peerId: peer, blocks: { start, end } }
}

/** Null where a node does not say how long it computed, and where it says longer than the whole way of a token took. */
function knownMs(ms: number | undefined, tokenMs: number | null): number | null {
  const isPossible = ms !== undefined && Number.isFinite(ms) && ms >= 0 && ms <= (tokenMs ?? ms)
  return isPossible ? ms : null
}

export type Router = ReturnType<typeof createRouter>
