import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import { startBootstrapPeer } from '../../src-coordinator/bootstrap-peer'
import { createHivemindDht } from '../../src-main/hivemind/dht'
import { dhtTimeS } from '../../src-main/hivemind/expiration'
import { PROFILES } from '../../src-main/network/profiles'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function bootstrap(publicHost?: string) {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-bootstrap-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const peer = await startBootstrapPeer({
    identityFile: join(directory, 'identity.key'),
    port: 0,
    profile: PROFILES.local,
    clock: systemClock,
    log: createEventLog(systemClock, null),
    publicHost,
  })
  cleanups.push(() => peer.close())
  return peer
}

async function behindRelay(listen: string[]): Promise<Libp2p> {
  const host = await createLibp2p({
    addresses: { listen },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  cleanups.push(async () => {
    await host.stop()
  })
  return host
}

describe('bootstrap peer', () => {
  it('X-10, C-39: its addresses can be dialled, end in its real id, and it is a DHT server, a router and a relay', async () => {
    const peer = await bootstrap()
    expect(peer.addresses().length).toBeGreaterThan(0)
    const host = await loopbackHost()
    cleanups.push(async () => {
      await host.stop()
    })
    for (const address of peer.addresses()) {
      const connection = await host.dial(multiaddr(address))
      expect(connection.remotePeer.toString()).toBe(peer.peerId)
    }
    const [remote] = host.getPeers()
    if (!remote) throw new Error('not connected')
    await expect
      .poll(async () => (await host.peerStore.get(remote)).protocols)
      .toEqual(expect.arrayContaining([PROFILES.local.kadProtocol, '/libp2p/circuit/relay/0.2.0/hop']))

    const dht = createHivemindDht({ libp2p: host, clock: systemClock, mode: 'client', bootstrapPeers: () => [remote] })
    cleanups.push(() => dht.stop())
    const record = {
      key: 'kept',
      subkey: null,
      value: 'by the bootstrap peer',
      expirationS: dhtTimeS(systemClock) + 60,
    }
    expect(await dht.storeAt(remote, [record])).toEqual([true])
    expect((await dht.findAt(remote, ['kept'])).has('kept')).toBe(true)
  })

  it('two of one network meet: what is kept with one is found by whoever knows only the other', async () => {
    const [first, second] = [await bootstrap(), await bootstrap()]
    await second.meet([
      'rubbish',
      '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
      ...first.addresses(),
    ])
    const guestOf = async (peer: typeof first) => {
      const host = await loopbackHost()
      const [address] = peer.addresses()
      const { remotePeer } = await host.dial(multiaddr(address ?? ''))
      const dht = createHivemindDht({
        ...{ libp2p: host, clock: systemClock, mode: 'client' },
        bootstrapPeers: () => [remotePeer],
      })
      await dht.bootstrap([remotePeer])
      cleanups.push(async () => {
        await dht.stop()
        await host.stop()
      })
      return { dht, bootstrap: remotePeer }
    }
    const [writer, reader] = [await guestOf(first), await guestOf(second)]
    const record = { key: 'shared', subkey: null, value: 'kept', expirationS: dhtTimeS(systemClock) + 60 }
    expect(await writer.dht.storeAt(writer.bootstrap, [record])).toEqual([true])
    await expect.poll(async () => (await reader.dht.get(['shared'])).has('shared'), { timeout: 20_000 }).toBe(true)
  })

  it('a node that cannot be dialled is reached through it', async () => {
    const peer = await bootstrap()
    const relay = peer.addresses()[0] ?? ''
    const hidden = await behindRelay([`${relay}/p2p-circuit`])
    await expect.poll(() => hidden.getMultiaddrs().map(String).join(), { timeout: 20_000 }).toContain('p2p-circuit')
    const visitor = await behindRelay([])
    const connection = await visitor.dial(multiaddr(`${relay}/p2p-circuit/p2p/${hidden.peerId}`))
    expect(connection.remotePeer.equals(hidden.peerId)).toBe(true)
    expect(connection.remoteAddr.toString()).toContain('p2p-circuit')
  })

  it('a public name comes first, with the real port and id', async () => {
    const peer = await bootstrap('coordinator.example')
    const [first, second] = peer.addresses()
    const port = /\/tcp\/(\d+)\//.exec(second ?? '')?.[1]
    expect(first).toBe(`/dns/coordinator.example/tcp/${port}/p2p/${peer.peerId}`)
  })
})
