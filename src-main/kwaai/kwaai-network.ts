import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
import { checkPeer } from '../pipeline/check'
import type { OpenSessionOptions } from '../pipeline/entry-sessions'
import { PIPELINE_PROTOCOL } from '../pipeline/frames'
import type { Pipeline } from '../pipeline/pipeline'
import type { CheckPeer } from '../pipeline/routing/route-book'
import type { StageRunner } from '../pipeline/stage-runner'
import { createChainSessions } from './chain-sessions'
import { sayHello } from './hello'
import { INFERENCE_PROTOCOL } from './protocols'

export interface KwaaiNetwork {
  /** What asks KwaaiNet's nodes in place of the pipeline alone: give it to the router. */
  readonly asking: {
    readonly pipeline: Pick<Pipeline, 'openSession' | 'notify' | 'proofs' | 'progressOf' | 'activeSessions'>
    readonly check: CheckPeer
  }
  /** As the pipeline's, for chains of nodes that do not speak it. */
  endAnswers(): void
}

/**
 * The asking side in a network where some nodes speak our pipeline and some KwaaiNet's protocols. Our own is quicker,
 * because rows go from node to node; it carries a session when every node of its route speaks it.
 */
export function createKwaaiNetwork(options: {
  host: Host
  clock: Clock
  pipeline: Pipeline
  stage: () => StageRunner | null
}): KwaaiNetwork {
  const { host, clock, pipeline } = options
  const self = host.peerId.toString()
  const chains = createChainSessions({ ...options, leases: pipeline.leases })

  async function openSession(asked: OpenSessionOptions) {
    const others = asked.route.filter(({ peer }) => peer !== self)
    const speaks = await Promise.all(
      others.map(({ peer }) => speaksOnlyKwaai(host, clock, peerIdFromString(peer), asked.signal)),
    )
    if (!speaks.includes(true)) return pipeline.openSession(asked)
    // These nodes have no way to show that they may serve, so in a network for members none of them is asked.
    await pipeline.proofs.demand(asked.route)
    return chains.open(asked)
  }

  return {
    asking: {
      pipeline: {
        ...{ openSession, notify: pipeline.notify, proofs: pipeline.proofs, progressOf: pipeline.progressOf },
        get activeSessions() {
          return pipeline.activeSessions
        },
      },
      async check(peer, signal, session) {
        const peerId = peerIdFromString(peer)
        if (!(await speaksOnlyKwaai(host, clock, peerId, signal))) return checkPeer(host, peerId, signal, session)
        await sayHello(host, peerId, 'Espalier asks whether you are there', signal)
        return null
      },
    },
    endAnswers: chains.endAnswers,
  }
}

const IDENTIFY = { stepMs: 25, steps: 40 } as const

/** False also for a peer that can't be reached: opening the session says it, with the reason. */
async function speaksOnlyKwaai(host: Host, clock: Clock, peer: PeerId, signal: AbortSignal): Promise<boolean> {
  try {
    await reachPeer(host, peer, signal)
    for (let step = 0; step < IDENTIFY.steps; step++) {
      // A dial is over before the two have told each other what they speak.
      const protocols: readonly string[] = (await knownPeer(host, peer))?.protocols ?? []
      if (protocols.length > 0) return protocols.includes(INFERENCE_PROTOCOL) && !protocols.includes(PIPELINE_PROTOCOL)
      await clock.sleep(IDENTIFY.stepMs, signal)
    }
  } catch {
    // Said by whoever opens the session.
  }
  return false
}
