import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerInfo } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createHost, type Host } from '../../src-main/network/host'
import { meetLanPeers } from '../../src-main/network/lan-peers'
import { whyNoMulticast } from '../../src-main/network/multicast'
import { PROFILES } from '../../src-main/network/profiles'
import { systemClock } from '../../src-shared/clock'
import { FakeClock } from '../fake-clock'

// A port of its own: the real one belongs to the machine's other programs.
const MDNS_PORT = 15_353

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function onLan(network: string): Promise<Host> {
  const privateKey = await generateKeyPair('Ed25519')
  const host = await createHost({
    privateKey,
    profile: PROFILES.local,
    port: 0,
    kadMode: 'server',
    lan: { network, port: MDNS_PORT },
  })
  ends.push(() => host.stop())
  ends.push(meetLanPeers({ host, allowsLoopback: true, clock: systemClock, onMet: () => undefined }))
  return host
}

it('H-13: two hosts of one network find and connect to each other within 10 s; one of another network is left alone', async (context) => {
  const [a, stranger] = [await onLan('net one'), await onLan('net two')]
  const b = await onLan('net one')
  const isMet = await vi
    .waitFor(() => expect(a.getConnections(b.peerId).length).toBeGreaterThan(0), { timeout: 10_000, interval: 100 })
    .then(
      () => true,
      () => false,
    )
  const why = await whyNoMulticast({ clock: systemClock, port: MDNS_PORT + 1 })
  if (why !== null) context.skip(`this machine does not let multicast through: ${why}`)
  expect(isMet).toBe(true)
  expect(stranger.getConnections()).toEqual([])
})

describe('addresses that others announce', () => {
  it('H-13: loopback addresses of another computer are not dialled, its real ones are, and not again and again', async () => {
    const clock = new FakeClock()
    const dialled: string[][] = []
    let found: (event: { detail: PeerInfo }) => void = () => undefined
    const { peerId } = await onLan('any')
    const host = {
      peerId: 'self',
      getConnections: () => [],
      addEventListener: (_: string, listener: typeof found) => {
        found = listener
      },
      removeEventListener: () => undefined,
      dial: async (addresses: { toString(): string }[]) => {
        dialled.push(addresses.map(String))
        return { remotePeer: peerId }
      },
    } as unknown as Host
    meetLanPeers({ host, allowsLoopback: false, clock, onMet: () => undefined })
    const detail = {
      id: peerId,
      multiaddrs: ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.168.1.7/tcp/4001'].map((text) => multiaddr(text)),
    }
    found({ detail })
    found({ detail })
    await clock.advance(61_000)
    found({ detail: { ...detail, multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/4001')] } })
    expect(dialled).toEqual([['/ip4/192.168.1.7/tcp/4001']])
  })
})
