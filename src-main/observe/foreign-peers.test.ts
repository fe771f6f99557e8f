import type { Peer, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import type { Host } from '../network/host'
import { foreignPeer, placeOf } from './foreign-peers'
import { addressesAtItsEnd } from './look-at-caller'

const PEER = peerIdFromString('12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
const OTHER = peerIdFromString('QmQGTqmM7NKjV6ggU1ZCap8zWiyKR89RViDXiqehSiCpY5')

function storeWith(agent: string | null, protocols: string[]) {
  const metadata = new Map(agent === null ? [] : [['AgentVersion', new TextEncoder().encode(agent)] as const])
  const get = async (id: PeerId): Promise<Peer> => ({ id, addresses: [], protocols, metadata, tags: new Map() })
  return { peerStore: { get } as Host['peerStore'] }
}

describe('a peer of another family', () => {
  it('has said what it is, and speaks nothing of ours', async () => {
    const found = await foreignPeer(storeWith('p2pd/0.1', ['ReachabilityProtocol.rpc_check']), PEER)
    expect(found).toEqual({ agent: 'p2pd/0.1', checks: true })
    expect(await foreignPeer(storeWith('kwaainet/0.7.1', ['/kwaai/kad/1.0.0']), PEER)).toMatchObject({ checks: false })
  })

  it.each([
    ['one that has not introduced itself', null, ['DHTProtocol.rpc_find']],
    ['one of ours', 'somebody/1', ['/espalier/witness/1']],
    ['a guest of ours', 'js-libp2p/3.3.11 node/22.1.0', ['/ipfs/id/1.0.0']],
  ])('is not %s', async (_, agent, protocols) => {
    expect(await foreignPeer(storeWith(agent, protocols), PEER)).toBeNull()
  })

  it('has its name cut, and nothing in it that could forge a line', async () => {
    const found = await foreignPeer(storeWith(`p2pd\n\u001b[31m${'x'.repeat(500)}`, []), PEER)
    expect(found?.agent).toMatch(/^p2pd {2}\[31mx+$/)
    expect(found?.agent).toHaveLength(40)
  })
})

describe('places', () => {
  const place = (address: string, peer = PEER, loopbackOnly = false) => placeOf(multiaddr(address), peer, loopbackOnly)

  it('a /24 is one, and so is a /64', async () => {
    expect(await place('/ip4/203.0.113.7/tcp/1')).toBe(await place('/ip4/203.0.113.250/tcp/2'))
    expect(await place('/ip4/203.0.113.7/tcp/1')).not.toBe(await place('/ip4/203.0.112.7/tcp/1'))
    expect(await place('/ip6/2001:db8:1:2::1/tcp/1')).toBe(await place('/ip6/2001:db8:1:2:ffff::9/tcp/1'))
    expect(await place('/ip6/2001:db8:1:2::1/tcp/1')).not.toBe(await place('/ip6/2001:db8:1:3::1/tcp/1'))
    // The same place by another way of writing it.
    expect(await place('/ip6/::ffff:203.0.113.7/tcp/1')).toBe(await place('/ip4/203.0.113.7/tcp/1'))
  })

  it('this computer is one, unless the whole network is on it; a relay’s is nobody’s', async () => {
    expect(await place('/ip4/127.0.0.1/tcp/1')).toBe(await place('/ip6/::1/tcp/1', OTHER))
    expect(await place('/ip4/127.0.0.1/tcp/1', PEER, true)).toBe(PEER.toString())
    expect(await place('/ip4/127.0.0.1/tcp/2', OTHER, true)).toBe(OTHER.toString())
    expect(await place(`/ip4/203.0.113.7/tcp/1/p2p/${PEER}/p2p-circuit`)).toBeNull()
  })
})

describe('where a peer that asks is dialled', () => {
  const told = [
    '/ip4/203.0.113.7/tcp/31330',
    '/ip4/203.0.113.7/tcp/31330/p2p/12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB',
    '/ip4/192.168.1.1/tcp/80',
    '/ip4/198.51.100.9/tcp/22',
    '/dns4/victim.example/tcp/443',
    '/ip4/203.0.113.7/tcp/31331/ws',
    '/ip4/203.0.113.7/udp/31330/quic-v1',
    '/ip4/203.0.113.7/tcp/31332/p2p/12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB/p2p-circuit',
  ].map((address) => multiaddr(address))
  const at = (seen: string) => addressesAtItsEnd(multiaddr(seen), told).map(String)

  it('only where it calls from, and by plain TCP', () => {
    expect(at('/ip4/203.0.113.7/tcp/50000')).toEqual([
      '/ip4/203.0.113.7/tcp/31330/p2p/12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB',
    ])
    expect(at('/ip4/203.0.113.8/tcp/50000')).toEqual([])
    expect(at(`/ip4/203.0.113.7/tcp/1/p2p/${PEER}/p2p-circuit`)).toEqual([])
  })

  it('at a few ports at most', () => {
    const many = Array.from({ length: 100 }, (_, i) => multiaddr(`/ip4/203.0.113.7/tcp/${i}`))
    expect(addressesAtItsEnd(multiaddr('/ip4/203.0.113.7/tcp/50000'), many)).toHaveLength(4)
  })
})
