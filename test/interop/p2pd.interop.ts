import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { peerIdFromMultihash } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as Digest from 'multiformats/hashes/digest'
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
  encodeStoreRequest,
} from '../../src-main/hivemind/messages'
import { RPC_FIND, RPC_INFO, RPC_PING, RPC_STORE } from '../../src-main/hivemind/protocols'
import { decodeRpcInfo, serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { callUnary } from '../../src-main/hivemind/unary-client'
import type { Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'
import { HandlerError, openP2pdControl, type P2pdControl } from './p2pd-control'

// `npm run test:interop` builds the daemon and says here where it is. Two of it: FindPeer needs somebody to ask.

const PROGRAM = process.env.ESPALIER_P2PD ?? ''
const ECHO = 'Interop.rpc_echo'
const MIB = 2 ** 20
const within = () => AbortSignal.timeout(20_000)
const utf8 = (text: string) => new TextEncoder().encode(text)

let ours: Host
let dht: HivemindDht
let first: Daemon
let second: Daemon

interface Daemon {
  control: P2pdControl
  id: Uint8Array
  addresses: Uint8Array[]
  child: ChildProcess
}

async function startDaemon(): Promise<Daemon> {
  const port = await freePort()
  const args = [`-listen=/ip4/127.0.0.1/tcp/${port}`, '-hostAddrs=/ip4/127.0.0.1/tcp/0']
  const child = spawn(PROGRAM, [...args, '-dhtServer=1', '-b=0', '-natPortMap=0', '-autonat=0'], { stdio: 'ignore' })
  for (let tries = 0; ; tries++) {
    try {
      const control = await openP2pdControl(port)
      return { control, child, ...(await control.identify()) }
    } catch (error) {
      if (tries > 100) {
        child.kill()
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const peerOf = ({ id }: Daemon) => peerIdFromMultihash(Digest.decode(id))

beforeAll(async () => {
  ours = await loopbackHost({ kadProtocol: PROFILES.petals.kadProtocol })
  dht = createHivemindDht({ libp2p: ours, clock: systemClock, mode: 'server' })
  await dht.start()
  await serveRpcInfo(ours, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: (key) => key === 'm.0',
  })
  first = await startDaemon()
  second = await startDaemon()
  await first.control.addUnaryHandler(ECHO, async (data, caller, signal) => {
    const text = Buffer.from(data.subarray(0, 32)).toString('utf8')
    if (text === 'fail') throw new Error('as asked')
    if (text === 'who') return caller
    if (text === 'wait') await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return data
  })
  const own = ours.getMultiaddrs().map((address) => address.bytes)
  await first.control.connect(ours.peerId.toMultihash().bytes, own)
  await second.control.connect(first.id, first.addresses)
})
afterAll(async () => {
  first?.control.close()
  second?.control.close()
  for (const daemon of [first, second]) daemon?.child.kill()
  await dht?.stop()
  await ours?.stop()
})

it('is connected, and known by identify', async () => {
  const peers = await first.control.listPeers()
  expect(peers.map((id) => Buffer.from(id).toString('hex'))).toContain(
    Buffer.from(ours.peerId.toMultihash().bytes).toString('hex'),
  )
  expect((await ours.peerStore.get(peerOf(first))).protocols).toContain(ECHO)
})

it('is found by FindPeer, by a daemon that never met it', async () => {
  let found: Uint8Array[] = []
  for (let tries = 0; found.length === 0 && tries < 50; tries++) {
    found = await second.control.findPeer(ours.peerId.toMultihash().bytes).then(
      ({ addresses }) => addresses,
      () => [],
    )
    if (found.length === 0) await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const own = ours.getMultiaddrs().map((address) => address.toString().split('/p2p/')[0])
  expect(found.map((bytes) => multiaddr(bytes).toString().split('/p2p/')[0])).toEqual(expect.arrayContaining(own))
})

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
    const pong = decodePingResponse(await call(RPC_PING, encodePingRequest({ node: EMPTY_NODE_INFO, validate: false })))
    expect(pong.node).toHaveLength(20)
    const [key, value] = [dhtIdOf('k'), utf8('v'.repeat(60_000))]
    const expirationS = systemClock.now() / 1000 + 60
    const item = { key, subkey: Uint8Array.of(0xc0), value, expirationS, inCache: false }
    const stored = await call(RPC_STORE, encodeStoreRequest({ node: EMPTY_NODE_INFO, items: [item] }))
    expect(decodeStoreResponse(stored).storeOk).toEqual([true])
    const found = await call(RPC_FIND, encodeFindRequest({ node: EMPTY_NODE_INFO, keys: [key] }))
    expect(decodeFindResponse(found).results[0]).toMatchObject({ kind: 'regular', expirationS })
  })

  it('a protocol that nobody serves is refused', async () => {
    await expect(call('Nobody.rpc_nothing', utf8('x'))).rejects.toThrow()
  })
})

describe('we call a handler of the daemon', () => {
  const call = (data: Uint8Array, signal = within()) => callUnary(ours, peerOf(first), ECHO, data, { signal })

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

  it('giving up ends the call here, and the connection goes on', async () => {
    const giveUp = new AbortController()
    setTimeout(() => giveUp.abort(new Error('enough')), 200)
    await expect(call(utf8('wait'), giveUp.signal)).rejects.toThrow(expect.objectContaining({ code: 'CANCELLED' }))
    expect(Buffer.from(await call(utf8('still there'))).toString()).toBe('still there')
  })

  it('a hundred at once, each with its own answer', async () => {
    const numbers = Array.from({ length: 100 }, (_, i) => `${i}`)
    const answers = await Promise.all(numbers.map((number) => call(utf8(number))))
    expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(numbers)
  })
})
