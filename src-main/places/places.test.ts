import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { PEERS } from '../../e2e/support/status-fixtures'
import { FakeClock } from '../../test/fake-clock'
import { installedCountryTable } from './build'
import { createCountryTable } from './country-table'
import { placePeers } from './place-peers'
import { publicIpOf } from './public-address'

const said: string[] = []
const log = { write: (_level: unknown, code: string) => void said.push(code) }
afterEach(() => void said.splice(0))

describe('the table of addresses', () => {
  const countryOf = createCountryTable(installedCountryTable(), log)

  it.each([
    ['8.8.8.8', 'US'],
    ['193.0.6.139', 'NL'],
    ['133.11.0.1', 'JP'],
    ['200.160.2.3', 'BR'],
    ['196.216.2.1', 'MU'],
    ['129.132.1.1', 'CH'],
    ['2001:4860:4860::8888', 'US'],
    ['2001:67c:2e8:22::c100:68b', 'NL'],
    ['2A01:04F8:0000::1', 'DE'],
    ['::ffff:8.8.8.8', 'US'],
  ])('knows that %s is registered in %s', async (ip, country) => {
    expect(await countryOf(ip)).toBe(country)
  })

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    // The table itself says Australia.
    '192.168.1.1',
    '::ffff:192.168.1.1',
    '169.254.7.7',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '203.0.113.9',
    '::1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '2001:db8::1',
  ])('%s is no place', async (ip) => {
    expect(await countryOf(ip)).toBeNull()
  })

  it.each([
    '',
    'garbage',
    '8',
    '8.8',
    '8.8.8.8.8',
    '8.8.8.256',
    '008.8.8.8',
    ' 8.8.8.8',
    '8.8.8.8/32',
    'dns.google',
    ':::',
    '2001::67c::1',
  ])('“%s” is no address', async (text) => {
    expect(await countryOf(text)).toBeNull()
  })

  it('is not opened for a network that never leaves this house, and says once when it is missing', async () => {
    const missing = createCountryTable('/nowhere/country.mmdb', log)
    expect(await missing('192.168.1.1')).toBeNull()
    expect(said).toEqual([])
    expect(await missing('8.8.8.8')).toBeNull()
    expect(await missing('193.0.6.139')).toBeNull()
    expect(said).toEqual(['places.table.failed'])
  })

  it('that is something else places nobody', async () => {
    const broken = createCountryTable(new URL('./country-table.ts', import.meta.url).pathname, log)
    expect(await broken('8.8.8.8')).toBeNull()
    expect(said).toEqual(['places.table.failed'])
  })
})

describe('an address', () => {
  const of = (text: string) => publicIpOf(multiaddr(text))

  it('says where a peer is when it is its own and public', () => {
    expect(of('/ip4/8.8.8.8/tcp/31338')).toBe('8.8.8.8')
    expect(of('/ip6/2001:4860:4860::8888/udp/1/quic-v1')).toBe('2001:4860:4860::8888')
    expect(of(`/ip4/8.8.8.8/tcp/1/p2p/${PEERS.walnut}`)).toBe('8.8.8.8')
  })

  it('says nothing when it is a relay’s, a private one, or a name', () => {
    expect(of(`/ip4/8.8.8.8/tcp/1/p2p/${PEERS.walnut}/p2p-circuit`)).toBeNull()
    expect(of(`/ip4/8.8.8.8/tcp/1/p2p/${PEERS.walnut}/p2p-circuit/p2p/${PEERS.pear}`)).toBeNull()
    for (const text of ['/ip4/192.168.1.4/tcp/1', '/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/dns4/a.example/tcp/1'])
      expect(of(text)).toBeNull()
  })
})

describe('a peer', () => {
  const WALNUT = peerIdFromString(PEERS.walnut)
  const SELF = peerIdFromString(PEERS.self)

  function placing(known: { connected?: string[]; announced?: string[]; own?: string[] }) {
    const asked: string[] = []
    const reads: number[] = []
    const clock = new FakeClock()
    const list = (texts: readonly string[] = []): Multiaddr[] => texts.map((text) => multiaddr(text))
    const host = {
      peerId: SELF,
      getMultiaddrs: () => list(known.own),
      getConnections: () => list(known.connected).map((remoteAddr) => ({ remoteAddr })),
      peerStore: {
        async get() {
          reads.push(clock.monotonicMs())
          if (!known.announced) throw new Error('not found')
          return { addresses: list(known.announced).map((address) => ({ multiaddr: address })) }
        },
      },
    }
    const countryOf = async (ip: string) => {
      asked.push(ip)
      return 'NL'
    }
    return { place: placePeers(host as never, countryOf, clock), asked, reads, clock }
  }

  it('is where we are connected to it, whatever it announces', async () => {
    const { place, asked } = placing({ connected: ['/ip4/193.0.6.139/tcp/1'], announced: ['/ip4/8.8.8.8/tcp/1'] })
    expect(await place(WALNUT)).toBe('NL')
    expect(asked).toEqual(['193.0.6.139'])
  })

  it('is where it announces to be while the connection is inside this house or over a relay', async () => {
    const relayed = `/ip4/1.1.1.1/tcp/1/p2p/${PEERS.pear}/p2p-circuit`
    const { place, asked } = placing({
      connected: ['/ip4/192.168.0.3/tcp/1', relayed],
      announced: ['/ip4/10.0.0.7/tcp/1', relayed, '/ip4/193.0.6.139/tcp/1'],
    })
    expect(await place(WALNUT)).toBe('NL')
    expect(asked).toEqual(['193.0.6.139'])
  })

  it('has no place when nothing of it is public, or nothing is known', async () => {
    const relayed = `/ip4/1.1.1.1/tcp/1/p2p/${PEERS.pear}/p2p-circuit`
    for (const known of [{}, { announced: [] }, { connected: ['/ip4/127.0.0.1/tcp/1'], announced: [relayed] }]) {
      const { place, asked } = placing(known)
      expect(await place(WALNUT)).toBeNull()
      expect(asked).toEqual([])
    }
  })

  it('has its announced addresses read once a minute, and a new connection looked at at once', async () => {
    const known: { connected?: string[]; announced: string[] } = { announced: ['/ip4/10.0.0.7/tcp/1'] }
    const { place, asked, reads, clock } = placing(known)
    expect(await place(WALNUT)).toBeNull()
    known.announced = ['/ip4/193.0.6.139/tcp/1']
    await clock.advance(59_000)
    expect(await place(WALNUT)).toBeNull()
    expect(reads).toHaveLength(1)
    await clock.advance(1_000)
    expect(await place(WALNUT)).toBe('NL')
    expect(reads).toHaveLength(2)
    known.connected = ['/ip4/8.8.8.8/tcp/1']
    await place(WALNUT)
    expect(asked).toEqual(['193.0.6.139', '8.8.8.8'])
  })

  it('that is this node is where its own public address is', async () => {
    const { place, asked } = placing({ own: ['/ip4/192.168.0.3/tcp/1', '/ip4/193.0.6.139/tcp/1'] })
    expect(await place(SELF)).toBe('NL')
    expect(asked).toEqual(['193.0.6.139'])
  })
})
