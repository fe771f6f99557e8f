import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { isRelayed } from '../network/relay-place'

/**
 * The address that says where a peer is, as plain text; null where it says nothing: inside a private network, on this
 * computer, behind a relay (the address is then the relay's), or a name, which nobody here looks up.
 */
export function publicIpOf(address: Multiaddr): string | null {
  if (isRelayed(address)) return null
  const host = address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value
  return host === undefined ? null : publicIp(host)
}

/** `text` in its plain form if it is an address of the public internet; IPv4 inside IPv6 counts as IPv4. */
export function publicIp(text: string): string | null {
  // The short forms of old (`1`, `127.1`) are no addresses that a network hands out.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null
  const ip = ipaddr.process(text)
  return ip.range() === 'unicast' ? ip.toString() : null
}
