import { networkInterfaces } from 'node:os'
import multicastDns from 'multicast-dns'
import type { Clock } from '../../src-shared/clock'
import type { LanView } from '../../src-shared/computer-view'
import { messageOf } from '../../src-shared/errors'
import { containerKind, whyNoMulticast } from '../network/multicast'
import { networksIn, SERVICE } from './network-service'

/** Asked twice, because such packets get lost; who has not answered by the end is slow or not there. */
const ASK_AGAIN_MS = 800
const LOOK_MS = 2_000
const MAX_NETWORKS = 20

export interface FindOptions {
  clock: Clock
  /** For tests. */
  port?: number
  whyNoMulticast?: () => Promise<string | null>
}

/**
 * Asks the local network, for two seconds, which coordinators are there. Says nothing about this computer but that it
 * asks. Never rejects: where it could not ask, `trouble` says why.
 */
export async function findNetworks(options: FindOptions): Promise<LanView> {
  const { clock, whyNoMulticast: look = () => whyNoMulticast({ clock }) } = options
  const found = new Map<string, LanView['networks'][number]>()
  const own = ownAddresses()
  const [failure, why] = await Promise.all([
    listen(options, (packet, sender) => {
      for (const network of networksIn(packet, sender, own.has(sender)))
        if (found.size < MAX_NETWORKS || found.has(network.url)) found.set(network.url, network)
    }),
    look(),
  ])
  const networks = [...found.values()].toSorted((a, b) => a.url.localeCompare(b.url, 'en', { numeric: true }))
  // Who was found was found, whatever a test of the group says.
  return { networks, trouble: networks.length > 0 ? null : await troubleOf(failure ?? why) }
}

/** Resolves, with the reason where it could not listen, when the time is over. */
function listen(
  { clock, port }: FindOptions,
  onAnswer: (packet: Parameters<typeof networksIn>[0], sender: string) => void,
): Promise<string | null> {
  return new Promise((resolve) => {
    const mdns = multicastDns(port === undefined ? {} : { port })
    const ask = () => mdns.query([{ name: SERVICE, type: 'PTR' }])
    const end = (failure: string | null) => {
      cancelAgain()
      cancelEnd()
      mdns.destroy(() => resolve(failure))
    }
    const cancelAgain = clock.after(ASK_AGAIN_MS, ask)
    const cancelEnd = clock.after(LOOK_MS, () => end(null))
    mdns.on('error', (error) => end(messageOf(error)))
    mdns.on('response', (packet, { address }) => onAnswer(packet, address))
    ask()
  })
}

async function troubleOf(why: string | null): Promise<string | null> {
  if (why === null) return null
  const container = await containerKind()
  return container === null ? why : `${why}; this is ${container}, which needs the host’s network for it`
}

function ownAddresses(): ReadonlySet<string> {
  const lists = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return new Set(lists.map(({ address }) => address))
}
