import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, it } from 'vitest'
import { callRpcInfo, serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { boundPort, type Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { dialBack } from '../../src-main/observe/dial-back'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'

const ends: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function host(): Promise<Host> {
  const made = await loopbackHost()
  ends.push(() => made.stop())
  return made
}

/** Passes bytes on to a port until it is told to swallow them; the connections stay open. */
async function proxyTo(port: number): Promise<{ port: number; swallow(): void }> {
  const sockets: Socket[] = []
  const server: Server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port })
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far)
    far.pipe(near)
    sockets.push(near, far)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    swallow() {
      for (const socket of sockets) socket.unpipe().resume()
    },
  }
}

it('D-T30: a peer whose line went dead without a word is dropped within 30 s, and calls to it end', async () => {
  const [here, there] = [await host(), await host()]
  await serveRpcInfo(there, {
    clock: systemClock,
    info: () => ({ version: '1', dhtClientMode: false, cacheTokensAvailable: 0 }),
    serves: () => true,
  })
  const line = await proxyTo(boundPort(there) ?? 0)
  await here.dial(multiaddr(`/ip4/127.0.0.1/tcp/${line.port}/p2p/${there.peerId}`))
  await callRpcInfo(here, there.peerId, '', { signal: AbortSignal.timeout(10_000) })
  const gone = new Promise<void>((resolve) => here.addEventListener('peer:disconnect', () => resolve()))
  line.swallow()
  const call = callRpcInfo(here, there.peerId, '', { signal: AbortSignal.timeout(30_000) })
  const isDropped = Promise.race([gone.then(() => true), systemClock.sleep(30_000).then(() => false)])
  await expect(call).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/UNREACHABLE|TIMED_OUT/) }))
  expect(await isDropped).toBe(true)
  // What it left in the peer store and the streams is gone with the connection.
  expect(here.getConnections(there.peerId)).toEqual([])
})

it('D-T17: a peer that lets nobody in is unreachable 20 times out of 20, whatever connections it opened itself', async () => {
  const third = await host()
  let letsIn = false
  const subject = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // 21 looks from one address within seconds are the test's, not a flood (libp2p lets in 5 a second).
    connectionManager: { inboundConnectionThreshold: 1000 },
    connectionGater: { denyInboundConnection: () => !letsIn },
    services: { identify: identify() },
  })
  ends.push(() => subject.stop())
  await serveRpcInfo(subject, {
    clock: systemClock,
    info: () => ({ version: '1', dhtClientMode: true, cacheTokensAvailable: 0 }),
    serves: () => true,
  })
  await subject.dial(third.getMultiaddrs())
  // Its addresses are known to the network, as those of any peer.
  const known = () =>
    third.peerStore.get(subject.peerId).then(
      ({ addresses }) => addresses.length,
      () => 0,
    )
  await expect.poll(known, { timeout: 10_000 }).toBeGreaterThan(0)
  const via = { peerId: third.peerId, addresses: third.getMultiaddrs() }
  const look = () =>
    dialBack({
      subject: subject.peerId,
      vias: [via],
      own: via,
      timeoutMs: 30_000,
      forms: ['hivemind'],
      profile: PROFILES.local,
      clock: systemClock,
      signal: AbortSignal.timeout(30_000),
    })
  for (let i = 0; i < 20; i++) {
    expect(third.getConnections(subject.peerId)).toHaveLength(1)
    expect((await look())?.dialBack).toMatchObject({ ok: false })
  }
  // The look is no refusal for its own sake.
  letsIn = true
  expect((await look())?.dialBack).toEqual(expect.objectContaining({ ok: true }))
})
