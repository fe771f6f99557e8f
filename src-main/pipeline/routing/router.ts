import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../../src-shared/clock'
import type { Hop, LostHop } from '../../../src-shared/routing-trace'
import type { Host } from '../../network/host'
import type { EventLog } from '../../storage/event-log'
import { checkPipeline } from '../check'
import { createFailover, type MovingSession } from '../failover/failover'
import type { Generation } from '../generate'
import type { Pipeline } from '../pipeline'
import type { RouteStage } from '../route'
import { createPeerScores } from '../scores/peer-scores'
import { createRouteBook, type Offer } from './route-book'

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
  trace(generation: Pick<Generation, 'route' | 'stageComputeMs'>): { hops: Hop[]; lost: LostHop[] }
}

const NOBODY: ReadonlySet<string> = new Set()

/** Routes for this node's requests, what it learned of peers from them, and sessions that survive a lost node. */
export function createRouter(options: { host: Host; pipeline: Pipeline; clock: Clock; log: EventLog }) {
  const { host, pipeline, clock, log } = options
  const self = host.peerId.toString()
  const scores = createPeerScores(clock, ({ peer, score, quarantinedUntil, incidents }) => {
    log.write('warn', 'route.peer.failed', incidents.at(-1)?.cause ?? '', { peer, score, quarantinedUntil })
  })
  const check = (peer: string, signal: AbortSignal) => checkPipeline(host, peerIdFromString(peer), signal)
  const book = createRouteBook({ self, clock, scores, check })

  return {
    scores,
    book,
    request(model: RoutedModel, contextTokens: number): RoutedRequest {
      const { root, blockCount } = model
      let session: MovingSession | null = null
      const choose = async (avoid: ReadonlySet<string>, isFresh: boolean, signal: AbortSignal) =>
        book.choose(await model.offers(isFresh, signal), { root, blockCount, contextTokens, avoid })
      const failover = createFailover({
        open: pipeline.openSession,
        routes: { choose },
        // We are there, and libp2p does not dial itself.
        check: async (peer, signal) => (peer === self ? null : check(peer, signal)),
        clock,
        events: {
          onLost(peer, error) {
            book.forget(peer)
            scores.failed(peer, error.code, error.message)
          },
          onServed(route, answers) {
            for (const { peer } of route) scores.served(peer, answers)
          },
          onMove({ lost, replayedRows, elapsedMs, differentAnswers }) {
            const what = `${replayedRows} rows ran again without ${lost.peer}, in ${Math.round(elapsedMs)} ms`
            log.write('info', 'route.moved', what, { peer: lost.peer, differentAnswers })
          },
        },
      })
      return {
        route: (signal) => choose(NOBODY, true, signal),
        async openSession(asked) {
          session = await failover.openSession(asked)
          return session
        },
        trace({ route, stageComputeMs }) {
          book.onComputed(route, stageComputeMs)
          const hops = route.map(
            ({ peer, start, end }, i): Hop => ({
              ...{ peerId: peer, blocks: { start, end }, computeMs: stageComputeMs[i] ?? null },
              ...{ isSelf: peer === self, score: scores.standing(peer).score, roundTripMs: book.roundTripMs(peer) },
            }),
          )
          const lost = (session?.moves ?? []).map(
            ({ lost: { peer, start, end }, error: { code, cause }, elapsedMs }): LostHop => ({
              ...{ peerId: peer, blocks: { start, end }, code, cause: cause.slice(0, 1200), pauseMs: elapsedMs },
            }),
          )
          return { hops, lost }
        },
      }
    },
  }
}

export type Router = ReturnType<typeof createRouter>
