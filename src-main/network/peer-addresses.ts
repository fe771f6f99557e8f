import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'

export interface PeerAddress {
  peerId: PeerId
  multiaddr: Multiaddr
}

/** One peer, and every address at which it may be. */
export interface KnownPeer {
  peerId: PeerId
  multiaddrs: Multiaddr[]
}

export interface ParsedAddresses {
  valid: PeerAddress[]
  /** One report an entry that can't be used. The others still count. */
  invalid: { entry: string; report: ErrorReport }[]
}

const MAX_ENTRIES = 256
const MAX_ENTRY_LENGTH = 512

/** Parses `…/p2p/<peer id>` multiaddrs one by one: a list with one bad entry keeps the good ones. */
export function parsePeerAddresses(entries: readonly string[]): ParsedAddresses {
  const out: ParsedAddresses = { valid: [], invalid: [] }
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    try {
      out.valid.push(parsePeerAddress(entry))
    } catch (error) {
      out.invalid.push({
        entry: entry.slice(0, MAX_ENTRY_LENGTH),
        report: new EspalierError('MULTIADDR_INVALID', `“${entry.slice(0, 120)}” (${messageOf(error)})`).report(),
      })
    }
  }
  return out
}

/** A peer may have several addresses, and the last one that was named need not be the one that leads to it. */
export function groupByPeer(addresses: readonly PeerAddress[]): KnownPeer[] {
  const peers = new Map<string, KnownPeer>()
  for (const { peerId, multiaddr } of addresses) {
    const known = peers.get(peerId.toString())
    if (!known) peers.set(peerId.toString(), { peerId, multiaddrs: [multiaddr] })
    else if (!known.multiaddrs.some((one) => one.equals(multiaddr))) known.multiaddrs.push(multiaddr)
  }
  return [...peers.values()]
}

function parsePeerAddress(entry: string): PeerAddress {
  if (entry.length > MAX_ENTRY_LENGTH) throw new Error(`longer than ${MAX_ENTRY_LENGTH} characters`)
  const address = multiaddr(entry)
  const peerComponent = address.getComponents().findLast((component) => component.name === 'p2p')
  if (peerComponent?.value === undefined) throw new Error('no /p2p/<peer id> at its end')
  return { peerId: peerIdFromString(peerComponent.value), multiaddr: address }
}

/** True for an address that can't leave this computer. */
export function isLoopback(address: Multiaddr): boolean {
  const host = address.getComponents().find(({ name }) => name.startsWith('ip') || name.startsWith('dns'))
  return host?.value === '127.0.0.1' || host?.value === '::1'
}
