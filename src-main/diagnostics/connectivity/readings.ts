import type { NetworkInterfaceInfo } from 'node:os'
import ipaddr from 'ipaddr.js'
import type { LightId } from '../../../src-shared/app-view'
import type { NodeStatus } from '../../../src-shared/status'
import { reachOf } from '../../coordinator/address-policy'
import type { LanDiscovery } from '../../node/lan-discovery'
import type { PeerLink } from '../../node/peer-links'
import { shortPeer } from '../../node/words'
import { counted } from '../check'
import type { Reading } from './steady-light'

export interface ConnectivityFacts {
  now: number
  interfaces: Readonly<NodeJS.Dict<NetworkInterfaceInfo[]>>
  status: Pick<NodeStatus, 'phase' | 'coordinatorUrl' | 'coordinator' | 'listenAddresses'>
  /** Open connections of the node; null while it does not run. */
  links: readonly PeerLink[] | null
  /** Multiaddrs of the bootstraps that it knows. */
  bootstraps: readonly string[]
  /** Null while the node does not run. */
  lanDiscovery: LanDiscovery | null
}

/** The coordinator's own patience; an answer that is older is no evidence any more. */
const COORDINATOR_FRESH_MS = 65_000

/** What each light could be believed to show now. Nothing is asked for it: only what the node's own work met counts. */
export function readingsOf(facts: ConnectivityFacts): Record<LightId, Reading> {
  return {
    lan: lan(facts),
    discovery: discovery(facts),
    internet: internet(facts),
    coordinator: coordinator(facts),
    bootstrap: bootstrap(facts),
    relay: relay(facts),
  }
}

function lan({ interfaces }: ConnectivityFacts): Reading {
  const found = Object.entries(interfaces).flatMap(([name, all]) =>
    (all ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ address }) => `${address} on ${name}`),
  )
  return found[0] === undefined
    ? { state: 'down', evidence: 'no cable and no wireless network gives this computer an address' }
    : { state: 'up', evidence: `${found[0]}${found.length > 1 ? `, and ${found.length - 1} more` : ''}` }
}

/** Green only when somebody was found: that our own words come back proves no more than that they may be said. */
function discovery({ lanDiscovery }: ConnectivityFacts): Reading {
  switch (lanDiscovery?.kind) {
    case undefined:
      return unknown('the node is stopped')
    case 'off':
      return unknown('a network on this computer needs none')
    case 'ready':
      return unknown('nobody of this network was found here yet')
    case 'met':
      return { state: 'up', evidence: `${shortPeer(lanDiscovery.peerId)} was found here` }
    case 'failed':
      return { state: 'down', evidence: `LAN discovery is unavailable here: ${lanDiscovery.cause}` }
  }
}

function internet(facts: ConnectivityFacts): Reading {
  const { links, bootstraps, status } = facts
  if (links === null) return unknown('the node is stopped, so nothing on the internet was asked')
  const far = links.filter(({ address }) => isPublic(address))
  const [first] = far
  if (first)
    return { state: 'up', evidence: `${counted(far.length, 'open connection')}, one to ${shortPeer(first.peerId)}` }
  const host = hostOf(status.coordinatorUrl)
  const isCoordinatorFar = host !== null && isPublicHost(host)
  if (isCoordinatorFar && coordinator(facts).state === 'up') return { state: 'up', evidence: `${host} answers` }
  if (!isCoordinatorFar && !bootstraps.some(isPublic)) {
    return unknown('everything that this node talks to is on this computer or in the local network')
  }
  return { state: 'down', evidence: 'nothing outside of the local network answers' }
}

function coordinator({ status, now, links }: ConnectivityFacts): Reading {
  if (status.coordinatorUrl === null) return unknown('no network with a coordinator is chosen')
  if (links === null) return unknown('the node is stopped, so the coordinator was not asked')
  const { answeredAt = null, dropAt = null } = status.coordinator ?? {}
  if (answeredAt === null) return { state: 'down', evidence: 'it has not answered yet' }
  const age = `${Math.max(0, Math.round((now - answeredAt) / 1000))} s ago`
  const isFresh = dropAt === null && now - answeredAt < COORDINATOR_FRESH_MS
  // An age that counts would be news every second.
  return isFresh ? { state: 'up', evidence: 'it answers' } : { state: 'down', evidence: `its last answer came ${age}` }
}

function bootstrap({ links, bootstraps }: ConnectivityFacts): Reading {
  if (links === null) return unknown('the node is stopped')
  const open = links.filter(({ isBootstrap }) => isBootstrap)
  const [first] = open
  if (first)
    return { state: 'up', evidence: `connected to ${open.length} of ${bootstraps.length}: ${shortPeer(first.peerId)}` }
  if (bootstraps.length === 0) return unknown('no bootstrap peer is known')
  return { state: 'down', evidence: `none of ${counted(bootstraps.length, 'bootstrap peer')} is connected` }
}

function relay({ links, status }: ConnectivityFacts): Reading {
  if (links === null) return unknown('the node is stopped')
  const relayed = status.listenAddresses.find((address) => address.includes('/p2p-circuit'))
  const by = /\/p2p\/([^/]+)\/p2p-circuit/.exec(relayed ?? '')?.[1]
  if (by === undefined) return unknown('no relay is used: others come directly')
  return links.some(({ peerId }) => peerId === by)
    ? { state: 'up', evidence: `others come through ${shortPeer(by)}` }
    : { state: 'down', evidence: `the connection to the relay ${shortPeer(by)} is gone` }
}

function unknown(evidence: string): Reading {
  return { state: 'unknown', evidence }
}

function isPublic(multiaddr: string): boolean {
  const [, kind, host] = multiaddr.split('/')
  if (host === undefined) return false
  return kind?.startsWith('dns') ? isPublicHost(host) : reachOf(host) === 'public'
}

/** A name belongs to the internet, unless it is one of this computer or of a local network. */
function isPublicHost(host: string): boolean {
  if (ipaddr.isValid(host)) return reachOf(host) === 'public'
  return host.includes('.') && !/(^|\.)(localhost|local|lan|internal|home\.arpa)$/i.test(host)
}

function hostOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : null
}
