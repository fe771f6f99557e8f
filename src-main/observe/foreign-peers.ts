import { lookup } from 'node:dns/promises'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { RPC_CHECK } from '../hivemind/protocols'
import { plainText } from '../hivemind/unary-client'
import type { Host } from '../network/host'
import { knownPeer } from '../network/known-peer'

/** A peer of a network that other programs have built. */
export interface ForeignPeer {
  /** What program it says to be. */
  agent: string
  /** Whether it can be asked to reach us. */
  checks: boolean
}

const MAX_AGENT_LENGTH = 40
const OUR_PROTOCOLS = '/espalier/'
/** Guests and probes of ours speak no protocol of their own, and our library names itself. */
const OUR_LIBRARY = 'js-libp2p/'

/** Null for a peer of ours, and for one that has not said yet by identify what it is: it may be one of ours. */
export async function foreignPeer(host: Pick<Host, 'peerStore'>, peer: PeerId): Promise<ForeignPeer | null> {
  const known = await knownPeer(host, peer)
  const said = known?.metadata.get('AgentVersion')
  if (!known || !said) return null
  const agent = plainText(new TextDecoder().decode(said)).trim()
  if (agent.startsWith(OUR_LIBRARY) || known.protocols.some((name) => name.startsWith(OUR_PROTOCOLS))) return null
  return { agent: agent.slice(0, MAX_AGENT_LENGTH), checks: known.protocols.includes(RPC_CHECK) }
}

const IPV4_PREFIX_BYTES = 3
const IPV6_PREFIX_BYTES = 8

/**
 * Two peers of one place count as one: a /24, a /64, this computer. In a network that is confined to one computer each
 * peer has a place of its own. Null where nobody can tell, behind a relay.
 */
export async function placeOf(address: Multiaddr, peer: PeerId, loopbackOnly: boolean): Promise<string | null> {
  const ip = await ipOf(address)
  if (!ip) return null
  if (ip.range() === 'loopback') return loopbackOnly ? peer.toString() : 'this computer'
  const bytes = ip.toByteArray().slice(0, ip.kind() === 'ipv4' ? IPV4_PREFIX_BYTES : IPV6_PREFIX_BYTES)
  return `${ip.kind()} ${bytes.join('.')}`
}

async function ipOf(address: Multiaddr): Promise<ipaddr.IPv4 | ipaddr.IPv6 | null> {
  const components = address.getComponents()
  const [host] = components
  if (!host?.value || components.some(({ name }) => name === 'p2p-circuit')) return null
  // A connection that we opened by a name goes by that name.
  const text = host.name.startsWith('dns')
    ? await lookup(host.value).then(
        (found) => found.address,
        () => '',
      )
    : host.value
  return ipaddr.isValid(text) ? ipaddr.process(text) : null
}

/** `203.0.113.7`, or the name by which it was dialled. */
export function hostOf(address: Multiaddr): string {
  return address.getComponents()[0]?.value ?? ''
}
