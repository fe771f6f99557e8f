import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { withDeadline } from '../hivemind/deadline'
import { callRpcCheck } from '../hivemind/rpc-check'
import type { UnaryCaller } from '../hivemind/unary-server'
import { fullBucket, takeToken } from '../network/call-limits/token-bucket'
import { addressesOf } from '../network/find-peer'
import { createHost, type Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
import type { NetworkProfile } from '../network/profiles'
import { createBoundedMap } from '../pipeline/scores/bounded-map'

const MAX_AT_ONCE = 2
const MAX_REMEMBERED = 1_000
const MAX_ADDRESSES = 4
/** Of all peers together. A look costs a host of its own. */
const LOOKS = { perSecond: 0.5, burst: 10 }
/** A caller that has just connected is still introducing itself. */
const TOLD_WITHIN_MS = 1_000
const POLL_MS = 50
/** Petals waits ten seconds for the answer. */
const MEET_WITHIN_MS = 5_000

/**
 * Tells a peer whether it can be reached: a host that has never met it dials it, and asks it to confirm. It is dialled
 * only at the address that it calls from, so that nobody can have us knock at the doors of others; a caller that
 * listens at no such address, or comes through a relay, gets an error, which Petals counts as no answer.
 */
export function createCallerCheck({ host, profile, clock }: { host: Host; profile: NetworkProfile; clock: Clock }) {
  const remembered = createBoundedMap<{ answer: Promise<boolean>; atMs: number }>(MAX_REMEMBERED)
  const bucket = fullBucket(LOOKS, clock.monotonicMs())
  let looking = 0

  async function toldAddresses({ peer, connection }: UnaryCaller): Promise<Multiaddr[]> {
    const untilMs = clock.monotonicMs() + TOLD_WITHIN_MS
    for (;;) {
      const told = (await knownPeer(host, peer))?.addresses ?? []
      const found = addressesAtItsEnd(
        connection.remoteAddr,
        told.map(({ multiaddr }) => multiaddr),
      )
      if (found.length > 0 || clock.monotonicMs() >= untilMs) return found
      await clock.sleep(POLL_MS)
    }
  }

  async function look(caller: UnaryCaller): Promise<boolean> {
    if (looking >= MAX_AT_ONCE) throw new EspalierError('SESSION_LIMIT', 'other peers are being looked at')
    if (!takeToken(bucket, LOOKS, clock.monotonicMs())) throw new EspalierError('CALL_TOO_MANY')
    looking++
    try {
      const addresses = await toldAddresses(caller)
      if (addresses.length === 0) {
        throw new EspalierError('BAD_ARGUMENT', 'no address to dial at the place that the call comes from')
      }
      return await withDeadline(clock, MEET_WITHIN_MS, [], (signal) => isThere(caller.peer, addresses, signal))
    } finally {
      looking--
    }
  }

  async function isThere(peer: PeerId, addresses: Multiaddr[], signal: AbortSignal): Promise<boolean> {
    const stranger = await createHost({
      privateKey: await generateKeyPair('Ed25519'),
      profile,
      port: null,
      kadMode: 'client',
    })
    try {
      await stranger.dial(addressesOf(peer, addresses), { signal })
      return await callRpcCheck(stranger, peer, peer, { signal })
    } catch {
      return false
    } finally {
      await stranger.stop()
    }
  }

  return (caller: UnaryCaller): Promise<boolean> => {
    const id = caller.peer.toString()
    const last = remembered.get(id)
    if (last && clock.monotonicMs() - last.atMs < profile.timings.witnessCacheMs) return last.answer
    const answer = look(caller)
    remembered.set(id, { answer, atMs: clock.monotonicMs() })
    answer.catch(() => remembered.delete(id))
    return answer
  }
}

/** Those of a peer's addresses that are plain TCP at the IP address that its connection comes from. */
export function addressesAtItsEnd(seenAt: Multiaddr, told: readonly Multiaddr[]): Multiaddr[] {
  const end = plainTcp(seenAt)
  if (end === null) return []
  const found = new Map<string, Multiaddr>()
  for (const address of told) {
    const place = plainTcp(address)
    if (place?.ip === end.ip && place.port !== '0') found.set(place.port, address)
  }
  return [...found.values()].slice(0, MAX_ADDRESSES)
}

/** Null for relayed addresses, names, and other transports. */
function plainTcp(address: Multiaddr): { ip: string; port: string } | null {
  const [host, tcp, ...rest] = address.getComponents()
  if (!host?.value || !tcp?.value || !ipaddr.isValid(host.value)) return null
  if (tcp.name !== 'tcp' || rest.some(({ name }) => name !== 'p2p')) return null
  return { ip: ipaddr.process(host.value).toString(), port: tcp.value }
}
