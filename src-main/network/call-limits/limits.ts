import { PIPELINE_PROTOCOLS } from '../../pipeline/protocols'
import type { NetworkProfile } from '../profiles'
import type { CallRates } from './call-budget'
import type { Rate } from './token-bucket'

const INFERENCE = '/kwaai/inference/1.0.0'

export interface WaitingLimits {
  /** The most of one peer. */
  readonly peer: number
  /** What each peer may have in any case. */
  readonly own: number
  /** Above this many of all peers only those who have less than `own` may add one. */
  readonly all: number
}

export interface CallLimits {
  /** Every stream that a peer opens, before it is known what for: that is when refusing is cheap. */
  readonly streams: CallRates
  /** Streams of which it is not yet agreed what they are for: a node that has no time for more lets no more wait. */
  readonly waiting: WaitingLimits
  /** Calls of one protocol, unless `protocols` says otherwise. */
  readonly protocol: CallRates
  readonly protocols: Readonly<Record<string, Partial<CallRates>>>
  /**
   * Refusals that a peer may collect before its connections are cut. Far more than careless programs bring about: they
   * come back at once, and the handshake of a new connection costs as much as fifty refusals.
   */
  readonly patience: Rate
  /** How long it may not come back then. */
  readonly cutForMs: number
}

/**
 * Streams of sessions last as long as these; the short ones are silence checks (pipeline/failover/silence.ts). Each session
 * that waits asks each of its stages every three seconds, and a stage that does not answer counts as lost: so that 24 of
 * one entry are answered for as long as they wait, where others leave time for it.
 */
const SESSIONS: Partial<CallRates> = { peer: { perSecond: 8, burst: 50 } }

/**
 * What a node answers in real networks. A call costs about a millisecond of processor time, nearly all of it for the
 * stream that it comes on, and a refused stream at most a seventh of that; so that a thousand of them a second stay below
 * a quarter of a core, 25 a second and one for each peer are answered in the long run. A map asks each server once a minute, a
 * neighbour pings every two seconds; a node that writes 80 blocks in the Kademlia form to a network of three calls each
 * of the others some 300 times within seconds, every four minutes.
 */
export const CALL_LIMITS: CallLimits = {
  streams: {
    peer: { perSecond: 40, burst: 1_500 },
    own: { perSecond: 1, burst: 12 },
    shared: { perSecond: 25, burst: 1_500 },
  },
  waiting: { peer: 256, own: 8, all: 512 },
  protocol: {
    peer: { perSecond: 10, burst: 400 },
    own: { perSecond: 1, burst: 12 },
    shared: { perSecond: 50, burst: 400 },
  },
  protocols: {
    // Each look dials a peer as a stranger, and that of the first reads records.
    '/espalier/witness/1': { peer: { perSecond: 0.2, burst: 10 } },
    'ReachabilityProtocol.rpc_check': { peer: { perSecond: 0.2, burst: 10 } },
    // Streams of these last as long as the work that is done over them.
    ...Object.fromEntries(PIPELINE_PROTOCOLS.map((protocol) => [protocol, SESSIONS])),
    '/espalier/pieces/1': { peer: { perSecond: 2, burst: 50 } },
  },
  patience: { perSecond: 100, burst: 2_000 },
  cutForMs: 60_000,
}

/** Who looks at a network of a thousand peers asks each server for the addresses of all of them, within half a minute. */
const LOOK_UPS: Partial<CallRates> = {
  peer: { perSecond: 40, burst: 1_500 },
  shared: { perSecond: 50, burst: 1_500 },
}

/** KwaaiNet asks for each token of an answer on a stream of its own. */
const TOKEN_CALLS: CallRates = {
  peer: { perSecond: 60, burst: 1_500 },
  own: { perSecond: 1, burst: 12 },
  shared: { perSecond: 300, burst: 1_500 },
}

/** In a network on one computer the intervals are sixty times shorter, and everybody is oneself. */
const LOOPBACK_FACTOR = 60

export function callLimitsFor(
  profile: Pick<NetworkProfile, 'loopbackOnly' | 'speaksKwaai' | 'kadProtocol'>,
): CallLimits {
  const limits: CallLimits = {
    ...CALL_LIMITS,
    ...(profile.speaksKwaai ? { streams: TOKEN_CALLS } : {}),
    protocols: {
      ...CALL_LIMITS.protocols,
      [profile.kadProtocol]: LOOK_UPS,
      ...(profile.speaksKwaai ? { [INFERENCE]: TOKEN_CALLS } : {}),
    },
  }
  return profile.loopbackOnly ? faster(limits) : limits
}

function faster(limits: CallLimits): CallLimits {
  const rate = ({ perSecond, burst }: Rate): Rate => ({ perSecond: perSecond * LOOPBACK_FACTOR, burst })
  const rates = <T extends Partial<CallRates>>(all: T): T =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, rate(one)])) as T
  return {
    ...limits,
    streams: rates(limits.streams),
    protocol: rates(limits.protocol),
    protocols: Object.fromEntries(Object.entries(limits.protocols).map(([name, one]) => [name, rates(one)])),
    patience: rate(limits.patience),
  }
}
