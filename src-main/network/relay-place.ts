import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Host } from './host-services'
import type { KnownPeer } from './peer-addresses'

const FIRST_CHECK_MS = 250
const CHECK_MS = 5_000
/** One that fails may be the only one there is; two that work survive the loss of one. */
const RELAYS_WANTED = 2
const RESERVE_TIMEOUT_MS = 10_000
const CIRCUIT = '/p2p-circuit'

/** True for an address at which another peer passes on what is meant for this one. */
export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'p2p-circuit')
}

/**
 * Keeps places at relays for a host that others cannot dial. What a place is worth shows in the host's own addresses,
 * which identify tells to every peer; a relay that has forgotten us is asked again.
 * @param relays whom to ask, in this order: bootstraps of the network
 * @param onPlace told of each place that was got, or why there is none
 */
export function keepRelayPlaces(options: {
  host: Host
  relays: () => readonly KnownPeer[]
  clock: Clock
  onPlace(relay: string, error: string | null): void
}): Disposer {
  const { host, clock } = options
  let stopped = false
  let cancel: Disposer = () => undefined

  function places(): Set<string> {
    return new Set(host.getMultiaddrs().filter(isRelayed).flatMap(relayOf))
  }

  async function reserve({ peerId, multiaddrs }: KnownPeer): Promise<void> {
    const relay = peerId.toString()
    try {
      const { remoteAddr: address } = await host.dial(multiaddrs, { signal: AbortSignal.timeout(RESERVE_TIMEOUT_MS) })
      const end = address.toString().endsWith(`/p2p/${relay}`) ? '' : `/p2p/${relay}`
      await host.services.listening.at(multiaddr(`${address}${end}${CIRCUIT}`))
      if (!stopped) options.onPlace(relay, null)
    } catch (error) {
      if (!stopped) options.onPlace(relay, messageOf(error))
    }
  }

  async function check(): Promise<void> {
    const have = places()
    const missing = options.relays().filter(({ peerId }) => !have.has(peerId.toString()))
    await Promise.all(missing.slice(0, Math.max(0, RELAYS_WANTED - have.size)).map(reserve))
    if (!stopped) cancel = clock.after(CHECK_MS, () => void check())
  }

  cancel = clock.after(FIRST_CHECK_MS, () => void check())
  return () => {
    stopped = true
    cancel()
  }
}

/** The peer before `/p2p-circuit`. */
function relayOf(address: Multiaddr): string[] {
  const components = address.getComponents()
  const at = components.findIndex(({ name }) => name === 'p2p-circuit')
  const relay = components.slice(0, at).findLast(({ name }) => name === 'p2p')?.value
  return relay === undefined ? [] : [relay]
}
