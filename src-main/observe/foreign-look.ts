import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { ForeignWord } from '../../src-shared/status'
import { withDeadline } from '../hivemind/deadline'
import { RPC_CHECK, RPC_FIND } from '../hivemind/protocols'
import { callRpcCheck } from '../hivemind/rpc-check'
import { callRpcInfo } from '../hivemind/rpc-info'
import { reachPeer } from '../network/find-peer'
import { createHost, type Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
import type { NetworkProfile } from '../network/profiles'
import { foreignPeer, hostOf, placeOf } from './foreign-peers'
import { type ForeignFinding, type ForeignLook, hasReached } from './foreign-verdict'
import type { InboundCall, InboundCalls } from './inbound-calls'
import { differenceOf, type Intended, type PeerLook } from './own-look'

const MAX_ASKED = 4
const MAX_MET = 4
const MAX_WORDS = 12
/** Petals' probe gives up after five seconds. */
const ASK_TIMEOUT_MS = 8_000
const MEET_TIMEOUT_MS = 3_000
const INFO_TIMEOUT_MS = 5_000
/** How late a record may be, in announce intervals: one round may be lost. */
const CURRENT_ROUNDS = 2.2
/** How old the connection of a caller that came by itself may be, in announce intervals: a map comes every five minutes. */
const CALL_ROUNDS = 3
/** The prober must have its answer before its connection ends. */
const HANG_UP_AFTER_MS = 500

/**
 * Has peers of other families show that they see us: what they returned of our records is in `looks`; who can be asked
 * to reach us is asked, one after the other, because only the time tells whose connection it is that comes.
 */
export async function lookAmongForeign(options: {
  host: Host
  calls: InboundCalls
  profile: NetworkProfile
  clock: Clock
  looks: readonly PeerLook[]
  candidates: readonly PeerId[]
  intended: Intended
  /** How many of different places have to reach us. */
  needed: number
  random: () => number
}): Promise<ForeignLook> {
  const { host, calls, profile, clock, looks, intended, needed, random } = options
  const findings = new Map<string, ForeignFinding>()
  const probes: Connection[] = []
  const maxCallAgeMs = CALL_ROUNDS * profile.timings.announceIntervalMs

  async function meet(peer: PeerId): Promise<ForeignFinding | null> {
    const known = findings.get(peer.toString())
    if (known) return known
    const foreign = await foreignPeer(host, peer)
    if (!foreign) return null
    const connection = host.getConnections(peer).toSorted((a, b) => Number(!!a.limits) - Number(!!b.limits))[0]
    const finding: ForeignFinding = {
      peer: peer.toString(),
      agent: foreign.agent,
      at: clock.now(),
      ...{ found: 0, asked: 0, isCurrent: false },
      ...{ reach: 'not_asked', from: null, caller: null, cameAt: null, isDirect: false },
      place: connection ? await placeOf(connection.remoteAddr, peer, profile.loopbackOnly) : null,
    }
    findings.set(finding.peer, finding)
    return finding
  }

  async function read(look: PeerLook): Promise<void> {
    const peer = options.candidates.find((candidate) => candidate.toString() === look.peer)
    const finding = look.error === null && peer ? await meet(peer) : null
    if (!finding) return
    const ageMs = profile.timings.recordLifetimeMs - (look.expirationS * 1000 - clock.now())
    finding.found = look.found
    finding.asked = look.asked
    finding.isCurrent =
      ageMs <= CURRENT_ROUNDS * profile.timings.announceIntervalMs && differenceOf(look.info, intended) === null
  }

  async function askToReach(peer: PeerId): Promise<void> {
    const finding = await meet(peer)
    if (!finding || hasReached(finding)) return
    const before = new Set(host.getConnections().map(({ id }) => id))
    const heard: InboundCall[] = []
    const stop = calls.listen((call) => {
      if (call.protocol === RPC_CHECK) heard.push(call)
    })
    try {
      const says = await within(clock, ASK_TIMEOUT_MS, (signal) => callRpcCheck(host, peer, host.peerId, { signal }))
      finding.reach = says ? 'held' : 'no'
      finding.at = clock.now()
      // A prober may also have come back by itself: then what it shows is as old as its connection.
      const fresh = heard.find(({ connection }) => !before.has(connection.id))
      const own = fresh ?? heard.find(({ openedAt }) => clock.now() - openedAt <= maxCallAgeMs)
      if (says && own) reachedBy(finding, fresh ? 'fresh' : 'called', own)
    } catch {
      finding.reach = 'silent'
    } finally {
      stop()
      probes.push(...heard.flatMap(({ connection }) => (connection.remotePeer.equals(peer) ? [] : [connection])))
    }
  }

  async function heardFrom(call: InboundCall): Promise<void> {
    const { remoteAddr, remotePeer } = call.connection
    const finding = await meet(remotePeer)
    if (!finding || hasReached(finding)) return
    finding.place ??= await placeOf(remoteAddr, remotePeer, profile.loopbackOnly)
    reachedBy(finding, 'called', call)
  }

  await Promise.all(looks.map(read))
  // Those of rpc_check are answers to our own question, and were counted when we asked.
  const others = calls.recent(maxCallAgeMs).filter(({ protocol }) => protocol !== RPC_CHECK)
  for (const call of others) await heardFrom(call)
  const askable = await thoseWhoCheck(options, shuffled(options.candidates, random))
  for (const peer of askable.slice(0, MAX_ASKED)) {
    if (placesOf([...findings.values()].filter(hasReached)) >= needed) break
    await askToReach(peer)
  }
  const [infoFailure] = await Promise.all([
    findings.size > 0 ? callOurselves(options) : null,
    endProbes(host, clock, probes),
  ])
  return { findings: [...findings.values()], infoFailure }
}

function placesOf(findings: readonly ForeignFinding[]): number {
  return new Set(findings.flatMap(({ place }) => place ?? [])).size
}

function reachedBy(finding: ForeignFinding, reach: 'fresh' | 'called', { connection, openedAt }: InboundCall): void {
  finding.reach = reach
  finding.cameAt = openedAt
  finding.from = hostOf(connection.remoteAddr)
  finding.caller = connection.remotePeer.toString()
  finding.isDirect = connection.limits === undefined
}

/** One that keeps its connection could not show the next time that it can open one. */
async function endProbes(host: Host, clock: Clock, probes: readonly Connection[]): Promise<void> {
  if (probes.length > 0) await clock.sleep(HANG_UP_AFTER_MS)
  await Promise.all(
    probes.map(async (connection) => {
      const known = await knownPeer(host, connection.remotePeer)
      if (known?.protocols.includes(RPC_FIND)) return
      await connection.close().catch(() => connection.abort(new EspalierError('CANCELLED', 'no longer needed')))
    }),
  )
}

/** What a peer speaks it says when it is met: of those of whom nothing is known some are, each time. */
async function thoseWhoCheck(
  { host, clock }: { host: Host; clock: Clock },
  candidates: readonly PeerId[],
): Promise<PeerId[]> {
  const known = await Promise.all(candidates.map((peer) => knownPeer(host, peer)))
  const unknown = candidates.filter((_, i) => !known[i]?.metadata.has('AgentVersion')).slice(0, MAX_MET)
  await Promise.all(
    unknown.map((peer) =>
      within(clock, MEET_TIMEOUT_MS, (signal) => reachPeer(host, peer, signal)).catch(() => undefined),
    ),
  )
  const foreign = await Promise.all(candidates.map((peer) => foreignPeer(host, peer)))
  return candidates.filter((_, i) => foreign[i]?.checks)
}

/** What a map calls is not what others have called: whether the handler is there at all, we can find out ourselves. */
async function callOurselves({ host, profile, clock }: { host: Host; profile: NetworkProfile; clock: Clock }) {
  const stranger = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile,
    port: null,
    kadMode: 'client',
  })
  try {
    await within(clock, INFO_TIMEOUT_MS, async (signal) => {
      await stranger.dial(host.getMultiaddrs(), { signal })
      await callRpcInfo(stranger, host.peerId, '', { signal })
    })
    return null
  } catch (error) {
    return messageOf(error)
  } finally {
    await stranger.stop()
  }
}

function within<T>(clock: Clock, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(clock, limitMs, [], work)
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** What of it is shown. */
export function wordsOf({ findings }: ForeignLook): ForeignWord[] {
  return findings.slice(0, MAX_WORDS).map(({ peer, agent, at, cameAt, found, asked, reach, from }) => ({
    ...{ peer, agent, at: cameAt ?? at, found, asked, reach, from },
  }))
}
