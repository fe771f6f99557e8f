import { multiaddr } from '@multiformats/multiaddr'

/** Where a coordinator says that this node is. */
export interface ListedAddress {
  host: string
  port: number
  peerId: string
}

export type OwnAddressVerdict =
  /** The coordinator lists nothing under our ids: expected while it has not approved us (C-36). */
  | { kind: 'not-listed' }
  | { kind: 'right'; listed: ListedAddress }
  | { kind: 'wrong'; listed: ListedAddress; mismatch: string }

const ENTRY = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})\/p2p\/([^/]+)$/

/**
 * Compares the coordinator's entry for this node with where it really is. Coordinators by the document list workers
 * under their own host and DHT_PORT + 1, whoever they are (X-08, X-09); so nothing that they say is taken over, and a
 * difference is named. `ownAddresses` are the multiaddrs that we listen on or that others have seen.
 */
export function checkOwnAddress(
  listed: readonly string[],
  self: { peerId: string; workerId: string; addresses: readonly string[] },
): OwnAddressVerdict {
  const entries = listed.flatMap((entry) => parseEntry(entry) ?? [])
  const mine = entries.filter(({ peerId }) => peerId === self.peerId || peerId === self.workerId)
  const [first] = mine
  if (!first) return { kind: 'not-listed' }
  const own = self.addresses.flatMap((address) => hostAndPort(address) ?? [])
  const verdicts = mine.map((entry) => ({ entry, mismatch: mismatchOf(entry, self.peerId, own) }))
  const right = verdicts.find(({ mismatch }) => mismatch === null)
  if (right) return { kind: 'right', listed: right.entry }
  return { kind: 'wrong', listed: first, mismatch: verdicts[0]?.mismatch ?? '' }
}

function mismatchOf(
  listed: ListedAddress,
  peerId: string,
  own: readonly { host: string; port: number }[],
): string | null {
  const parts: string[] = []
  const isThere = own.some(({ host, port }) => host === listed.host && port === listed.port)
  if (!isThere) {
    const ports = [...new Set(own.map(({ port }) => port))]
    const hosts = [...new Set(own.map(({ host }) => host))]
    if (!ports.includes(listed.port))
      parts.push(
        `coordinator advertises :${listed.port}, you listen on ${ports.map((port) => `:${port}`).join(', ') || 'no port'}`,
      )
    if (!hosts.includes(listed.host))
      parts.push(`coordinator advertises the host ${listed.host}, yours is ${hosts.join(', ') || 'not known'}`)
    if (parts.length === 0)
      parts.push(`coordinator advertises ${listed.host}:${listed.port}, where this node does not listen`)
  }
  if (listed.peerId !== peerId) parts.push(`it lists you as ${listed.peerId}, your peer id is ${peerId}`)
  return parts.length === 0 ? null : parts.join('; ')
}

function parseEntry(entry: string): ListedAddress | null {
  const [, host, port, peerId] = ENTRY.exec(entry) ?? []
  return host && port && peerId ? { host, port: Number(port), peerId } : null
}

function hostAndPort(address: string): { host: string; port: number } | null {
  try {
    const components = multiaddr(address).getComponents()
    const host = components.find(({ name }) => name.startsWith('ip') || name.startsWith('dns'))?.value
    const port = components.find(({ name }) => name === 'tcp')?.value
    return host && port ? { host, port: Number(port) } : null
  } catch {
    return null
  }
}
