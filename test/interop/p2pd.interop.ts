import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { dhtIdOf } from '../../src-main/hivemind/dht-id'
import {
  decodeFindResponse,
  decodePingResponse,
  decodeStoreResponse,
  EMPTY_NODE_INFO,
  encodeExpertUid,
  encodeFindRequest,
  encodePingRequest,
  encodePingResponse,
  encodeStoreRequest,
} from '../../src-main/hivemind/messages'
import { RPC_FIND, RPC_INFO, RPC_PING, RPC_STORE } from '../../src-main/hivemind/protocols'
import { decodeRpcInfo, serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { callUnary } from '../../src-main/hivemind/unary-client'
import { serveUnary } from '../../src-main/hivemind/unary-server'
import { createHost, type Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { keepRelayPlaces } from '../../src-main/network/relay-place'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'
import { HandlerError } from './p2pd-control'
import { type Daemon, startDaemon } from './p2pd-daemon'

// `npm run test:interop` builds the daemon and says here where it is. Two of it: FindPeer needs somebody to ask. The
// first has a key of the kind that hivemind's bootstraps have.

const PROGRAM = process.env.ESPALIER_P2PD ?? ''
const ECHO = 'Interop.rpc_echo'
const OUR_ECHO = 'Ours.rpc_echo'
const MIB = 2 ** 20
const within = () => AbortSignal.timeout(20_000)
const utf8 = (text: string) => new TextEncoder().encode(text)

let ours: Host
let client: Host | undefined
let dht: HivemindDht
let first: Daemon
let second: Daemon
let directory: string
const waits = { begun: 0, cancelled: 0 }
const theirWaits = { begun: 0, cancelled: 0 }

async function untilCancelled(signal: AbortSignal, counts: typeof waits): Promise<void> {
  counts.begun++
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  counts.cancelled++
}

const plainAddress = (address: { toString(): string }) => `${address}`.split('/p2p/')[0]
const textsOf = ({ addresses }: { addresses: Uint8Array[] }) => addresses.map((bytes) => plainAddress(multiaddr(bytes)))

/** Listens, and serves no Kademlia. Knows the first daemon. */
async function clientHost(): Promise<Host> {
  client = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: { ...PROFILES.petals, loopbackOnly: true },
    port: 0,
    kadMode: 'client',
  })
  await client.dial(first.multiaddrs)
  return client
}

function serveInfo(host: Host) {
  return serveRpcInfo(host, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: (key) => key === 'm.0',
  })
}

beforeAll(async () => {
  if (PROGRAM === '') return
  ours = await loopbackHost({ kadProtocol: PROFILES.petals.kadProtocol })
  dht = createHivemindDht({ libp2p: ours, clock: systemClock, mode: 'server' })
  await dht.start()
  await serveInfo(ours)
  await serveUnary(
    ours,
    OUR_ECHO,
    async (data, { peer, signal }) => {
      const text = Buffer.from(data.subarray(0, 32)).toString('utf8')
      if (text === 'who') return utf8(peer.toString())
      if (text === 'wait') await untilCancelled(signal, waits)
      return data
    },
    { clock: systemClock },
  )
  directory = mkdtempSync(join(tmpdir(), 'espalier-p2pd-'))
  const keyFile = join(directory, 'rsa.key')
  writeFileSync(keyFile, privateKeyToProtobuf(await generateKeyPair('RSA', 2048)))
  first = await startDaemon(PROGRAM, ['-dhtServer=1', `-id=${keyFile}`])
  second = await startDaemon(PROGRAM)
  await first.control.addUnaryHandler(ECHO, async (data, caller, signal) => {
    const text = Buffer.from(data.subarray(0, 32)).toString('utf8')
    if (text === 'fail') throw new Error('as asked')
    if (text === 'who') return caller
    if (text === 'wait') await untilCancelled(signal, theirWaits)
    return data
  })
  const own = ours.getMultiaddrs().map((address) => address.bytes)
  await first.control.connect(ours.peerId.toMultihash().bytes, own)
  await second.control.connect(first.id, first.addresses)
})
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()])
  await dht?.stop()
  await Promise.all([ours?.stop(), client?.stop()])
  if (directory) rmSync(directory, { recursive: true, force: true })
})

describe.skipIf(PROGRAM === '')('a real p2pd', () => {
  it('is connected, and known by identify', async () => {
    const peers = await first.control.listPeers()
    expect(peers.map((id) => Buffer.from(id).toString('hex'))).toContain(
      Buffer.from(ours.peerId.toMultihash().bytes).toString('hex'),
    )
    expect((await ours.peerStore.get(first.peer)).protocols).toContain(ECHO)
  })

  it.each(['server', 'client'] as const)(
    'is found by FindPeer of a daemon that never met it, as a Kademlia %s',
    async (kadMode) => {
      // In the public network of Petals a node of ours does not serve Kademlia (profiles.ts).
      const host = kadMode === 'server' ? ours : await clientHost()
      const id = host.peerId.toMultihash().bytes
      await expect
        .poll(() => second.control.findPeer(id).then(textsOf, () => []), { timeout: 20_000, interval: 200 })
        .toEqual(expect.arrayContaining(host.getMultiaddrs().map(plainAddress)))
    },
  )

  describe('the daemon calls us', () => {
    const call = (protocol: string, data: Uint8Array, signal?: AbortSignal) =>
      first.control.callUnary(ours.peerId.toMultihash().bytes, protocol, data, signal)

    it('rpc_info with and without a block, an error in words, and a hundred at once', async () => {
      for (const uid of ['', 'm.0']) {
        expect(decodeRpcInfo(await call(RPC_INFO, encodeExpertUid(uid)))).toMatchObject({ version: '1.2.3' })
      }
      await expect(call(RPC_INFO, encodeExpertUid('m.9'))).rejects.toThrow(HandlerError)
      const all = await Promise.all(Array.from({ length: 100 }, () => call(RPC_INFO, encodeExpertUid(''))))
      expect(all.every((reply) => decodeRpcInfo(reply).cacheTokensAvailable === 7)).toBe(true)
    })

    it('rpc_ping, rpc_store and rpc_find', async () => {
      const pong = decodePingResponse(
        await call(RPC_PING, encodePingRequest({ node: EMPTY_NODE_INFO, validate: false })),
      )
      expect(pong.node).toHaveLength(20)
      const [key, value] = [dhtIdOf('k'), utf8('v'.repeat(60_000))]
      const expirationS = systemClock.now() / 1000 + 60
      const item = { key, subkey: Uint8Array.of(0xc0), value, expirationS, inCache: false }
      const stored = await call(RPC_STORE, encodeStoreRequest({ node: EMPTY_NODE_INFO, items: [item] }))
      expect(decodeStoreResponse(stored).storeOk).toEqual([true])
      const found = await call(RPC_FIND, encodeFindRequest({ node: EMPTY_NODE_INFO, keys: [key] }))
      expect(decodeFindResponse(found).results[0]).toMatchObject({ kind: 'regular', expirationS })
    })

    it('rpc_ping that asks to be validated is called back', async () => {
      const node = new Uint8Array(20).fill(7)
      await first.control.addUnaryHandler(RPC_PING, async () =>
        encodePingResponse({ node, dhtTimeS: 0, available: false }),
      )
      const ping = async (claimed: Uint8Array) =>
        decodePingResponse(await call(RPC_PING, encodePingRequest({ node: claimed, validate: true }))).available
      expect(await ping(node)).toBe(true)
      expect(await ping(new Uint8Array(20).fill(8))).toBe(false)
    })

    it.each([0, 1, 127, 128, 16_384, 4 * MIB - 4_096])('%i bytes come back', async (sizeBytes) => {
      const data = new Uint8Array(sizeBytes).fill(sizeBytes % 251)
      expect(Buffer.compare(await call(OUR_ECHO, data), data)).toBe(0)
    })

    it('is taken for who its connection proved', async () => {
      expect(Buffer.from(await call(OUR_ECHO, utf8('who'))).toString()).toBe(first.peer.toString())
    })

    it('giving up there is noticed here, and the connection goes on', async () => {
      const giveUp = new AbortController()
      const given = call(OUR_ECHO, utf8('wait'), giveUp.signal)
      await expect.poll(() => waits.begun).toBe(1)
      giveUp.abort()
      await expect(given).rejects.toThrow('given up')
      await expect.poll(() => waits.cancelled).toBe(1)
      expect(Buffer.from(await call(OUR_ECHO, utf8('still there'))).toString()).toBe('still there')
    })

    it('dials us again by our peer id alone, after the connection was closed', async () => {
      const closed = new Promise((resolve) => ours.addEventListener('peer:disconnect', resolve, { once: true }))
      await first.control.disconnect(ours.peerId.toMultihash().bytes)
      await closed
      expect(Buffer.from(await call(OUR_ECHO, utf8('here again'))).toString()).toBe('here again')
    })

    it('a protocol that nobody serves is refused', async () => {
      await expect(call('Nobody.rpc_nothing', utf8('x'))).rejects.toThrow('protocols not supported')
    })
  })

  describe('we call a handler of the daemon', () => {
    const call = (data: Uint8Array, signal = within()) => callUnary(ours, first.peer, ECHO, data, { signal })

    it.each([0, 1, 127, 128, 16_384, 4 * MIB - 4_096])('%i bytes come back', async (sizeBytes) => {
      const data = new Uint8Array(sizeBytes).fill(sizeBytes % 251)
      expect(Buffer.compare(await call(data), data)).toBe(0)
    })

    it('is taken for who its connection proved', async () => {
      expect(Buffer.compare(await call(utf8('who')), ours.peerId.toMultihash().bytes)).toBe(0)
    })

    it('an error is REMOTE_ERROR with the words of the other side', async () => {
      await expect(call(utf8('fail'))).rejects.toThrow(expect.objectContaining({ code: 'REMOTE_ERROR' }))
      await expect(call(utf8('fail'))).rejects.toThrow('as asked')
    })

    it('giving up here is noticed there, and the connection goes on', async () => {
      const giveUp = new AbortController()
      const given = expect(call(utf8('wait'), giveUp.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
      await expect.poll(() => theirWaits.begun).toBe(1)
      giveUp.abort(new Error('enough'))
      await given
      await expect.poll(() => theirWaits.cancelled).toBe(1)
      expect(Buffer.from(await call(utf8('still there'))).toString()).toBe('still there')
    })

    it('a hundred at once, each with its own answer', async () => {
      const numbers = Array.from({ length: 100 }, (_, i) => `${i}`)
      const answers = await Promise.all(numbers.map((number) => call(utf8(number))))
      expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(numbers)
    })
  })

  it('gives a node that nobody can dial a place at its relay, and others call the node there', async () => {
    const closed = await createHost({
      privateKey: await generateKeyPair('Ed25519'),
      profile: { ...PROFILES.petals, loopbackOnly: true },
      port: null,
      kadMode: 'client',
    })
    const places: (string | null)[] = []
    const stop = keepRelayPlaces({
      host: closed,
      relays: () => [{ peerId: first.peer, multiaddrs: first.multiaddrs }],
      clock: systemClock,
      onPlace: (_, error) => void places.push(error),
    })
    try {
      await serveInfo(closed)
      await expect.poll(() => places, { timeout: 20_000 }).toEqual([null])
      const isThere = (address: { toString(): string }) => `${address}`.includes(`/p2p/${first.peer}/p2p-circuit`)
      await expect.poll(() => closed.getMultiaddrs().some(isThere), { timeout: 5_000 }).toBe(true)
      const id = closed.peerId.toMultihash().bytes
      await second.control.connect(
        id,
        closed.getMultiaddrs().map(({ bytes }) => bytes),
      )
      const reply = await second.control.callUnary(id, RPC_INFO, encodeExpertUid(''))
      expect(decodeRpcInfo(reply)).toMatchObject({ version: '1.2.3' })
    } finally {
      stop()
      await closed.stop()
    }
  })
})
