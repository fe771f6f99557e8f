import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { EspalierError } from '../../../src-shared/errors'

/**
 * Addresses of models come from others. A node must not become a way into the network that it stands in: unless the
 * operator allows it, only public addresses are asked, whatever a name resolves to at the moment of the connection.
 */
export function isPublicAddress(address: string): boolean {
  try {
    return ipaddr.process(address).range() === 'unicast'
  } catch {
    return false
  }
}

/** Throws SOURCE_FORBIDDEN for a literal address that is not public; names are checked when they are resolved. */
export function checkHost({ hostname }: URL, allowPrivate: boolean): void {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (allowPrivate || !ipaddr.isValid(literal)) return
  if (!isPublicAddress(literal)) throw new EspalierError('SOURCE_FORBIDDEN', hostname)
}

/** A resolver that gives public addresses only. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, [])
      return
    }
    const open = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = open
    if (first === undefined) {
      callback(new EspalierError('SOURCE_FORBIDDEN', `${hostname} is on a private network`), [])
    } else if (options.all) {
      callback(null, open)
    } else {
      callback(null, first.address, first.family)
    }
  })
}
