import ipaddr from 'ipaddr.js'

/** How far an address reaches, as far as it matters to somebody who is led there by a name. */
export type AddressReach = 'public' | 'private' | 'loopback' | 'forbidden'

const PRIVATE = ['private', 'uniqueLocal', 'carrierGradeNat']

/**
 * `forbidden` is what no coordinator has: link-local addresses (clouds serve machine credentials at 169.254.169.254),
 * multicast, "any address", documentation ranges. `ip` without brackets; IPv4 inside IPv6 counts as IPv4.
 */
export function reachOf(ip: string): AddressReach {
  if (!ipaddr.isValid(ip)) return 'forbidden'
  const range = ipaddr.process(ip).range()
  if (range === 'unicast') return 'public'
  if (range === 'loopback') return 'loopback'
  return PRIVATE.includes(range) ? 'private' : 'forbidden'
}

/**
 * Why this node must not connect to `ip` for a URL with `hostname`; null when it may. A name decides nothing about
 * the network behind it, and whoever owns it could point it at services of the reader's own network: so a name leads
 * to public addresses only, and addresses of this computer or the local network must have been written out.
 */
export function whyNotAllowed(hostname: string, ip: string): string | null {
  const reach = reachOf(ip)
  if (reach === 'public') return null
  if (reach === 'forbidden') return `${ip} is no address that a coordinator can have`
  if (isWrittenOut(hostname)) return null
  return `the name ${hostname} leads to ${ip}, which is ${reach === 'loopback' ? 'this computer' : 'in a private network'}`
}

/** `hostname` as `URL` gives it, IPv6 in brackets. `localhost` is as plain as an address. */
function isWrittenOut(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) || bare === 'localhost' || bare.endsWith('.localhost')
}
