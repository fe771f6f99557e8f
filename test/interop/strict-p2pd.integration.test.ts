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
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'
import { createStrictP2pd, RemoteFailure, type StrictP2pd } from './strict-p2pd'

// The same framing as with the real daemon, where there is no Go to build it.

const ECHO = 'Strict.rpc_echo'
const MIB = 2 ** 20
const within = () => AbortSignal.timeout(20_000)
const utf8 = (text: string) => new TextEncoder().encode(text)

let ours: Host
let theirs: Host
let third: Host
let dht: HivemindDht
let strict: StrictP2pd

beforeAll(async () => {
  ours = await loopbackHost()
  theirs = await loopbackHost()
  third = await loopbackHost()
  dht = createHivemindDht({ libp2p: ours, clock: systemClock, mode: 'server' })
  await dht.start()
  await serveRpcInfo(ours, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: (key) => key === 'm.0',
  })
  strict = createStrictP2pd(theirs)
  await strict.addUnaryHandler(ECHO, async (data, caller, signal) => {
    const text = Buffer.from(data.subarray(0, 32)).toString('utf8')
    if (text === 'fail') throw new Error('as asked')
    if (text === 'who') return utf8(caller.toString())
    if (text === 'wait') await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return data
  })
  await connect(theirs, ours)
  await connect(third, ours)
})
afterAll(async () => {
  await dht?.stop()
  await Promise.all([ours?.stop(), theirs?.stop(), third?.stop()])
})

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > endsAt) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('is listed by identify with the protocols of a server, and found by a peer that never met it', async () => {
  const wanted = [RPC_PING, RPC_STORE, RPC_FIND, RPC_INFO]
  await until(async () => {
    const { protocols } = await theirs.peerStore.get(ours.peerId)
    return wanted.every((protocol) => protocols.includes(protocol))
  })
  await until(() =>
    theirs.peerRouting
      .findPeer(third.peerId, { signal: AbortSignal.timeout(2_000) })
      .then(({ multiaddrs }) => multiaddrs.length > 0)
      .catch(() => false),
  )
})

describe('the strict daemon calls us', () => {
  const call = (protocol: string, data: Uint8Array) => strict.callUnary(ours.peerId, protocol, data, within())

  it('rpc_info: empty request, and a block that is served', async () => {
    for (const uid of ['', 'm.0']) {
      expect(decodeRpcInfo(await call(RPC_INFO, encodeExpertUid(uid)))).toMatchObject({ version: '1.2.3' })
    }
  })

  it('an error comes as one, in words', async () => {
    await expect(call(RPC_INFO, encodeExpertUid('m.9'))).rejects.toThrow(RemoteFailure)
    await expect(call(RPC_INFO, encodeExpertUid('m.9'))).rejects.toThrow('not served here')
  })

  it('rpc_ping, rpc_store and rpc_find', async () => {
    const pong = decodePingResponse(await call(RPC_PING, encodePingRequest({ node: EMPTY_NODE_INFO, validate: false })))
    expect(pong.node).toHaveLength(20)
    const [key, value] = [dhtIdOf('k'), utf8('v')]
    const expirationS = systemClock.now() / 1000 + 60
    const item = { key, subkey: Uint8Array.of(0xc0), value, expirationS, inCache: false }
    const stored = await call(RPC_STORE, encodeStoreRequest({ node: EMPTY_NODE_INFO, items: [item] }))
    expect(decodeStoreResponse(stored).storeOk).toEqual([true])
    const found = await call(RPC_FIND, encodeFindRequest({ node: EMPTY_NODE_INFO, keys: [key] }))
    expect(decodeFindResponse(found).results[0]).toMatchObject({ kind: 'regular', expirationS })
  })

  it('a hundred calls at once', async () => {
    const calls = Array.from({ length: 100 }, () => call(RPC_INFO, encodeExpertUid('')))
    expect((await Promise.all(calls)).every((reply) => decodeRpcInfo(reply).cacheTokensAvailable === 7)).toBe(true)
  })
})

describe('we call the strict daemon', () => {
  const call = (data: Uint8Array, signal = within()) => callUnary(ours, theirs.peerId, ECHO, data, { signal })

  it.each([0, 1, 127, 128, 16_384, 4 * MIB - 4_096])('%i bytes come back', async (sizeBytes) => {
    const data = new Uint8Array(sizeBytes).fill(sizeBytes % 251)
    expect(Buffer.compare(await call(data), data)).toBe(0)
  })

  it('is taken for who its connection proved', async () => {
    expect(Buffer.from(await call(utf8('who'))).toString()).toBe(ours.peerId.toString())
  })

  it('an error is REMOTE_ERROR with the words of the other side', async () => {
    await expect(call(utf8('fail'))).rejects.toThrow(expect.objectContaining({ code: 'REMOTE_ERROR' }))
    await expect(call(utf8('fail'))).rejects.toThrow('as asked')
  })

  it('giving up is noticed there as a cancellation', async () => {
    const before = strict.cancelled
    const giveUp = new AbortController()
    const failed = expect(call(utf8('wait'), giveUp.signal)).rejects.toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    )
    setTimeout(() => giveUp.abort(new Error('enough')), 200)
    await failed
    await until(() => strict.cancelled === before + 1)
  })

  it('a hundred at once, each with its own answer, and none dropped or taken for cancelled', async () => {
    const before = strict.cancelled
    const numbers = Array.from({ length: 100 }, (_, i) => `${i}`)
    const answers = await Promise.all(numbers.map((number) => call(utf8(number))))
    expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(numbers)
    expect([strict.dropped, strict.cancelled - before]).toEqual([[], 0])
  })

  it('the strict daemon does drop what lacks a required field', async () => {
    const stream = await ours.dialProtocol(theirs.peerId, ECHO)
    const callId = new Uint8Array(16)
    // callId, and a callUnary without its data.
    const call = Buffer.from([0x0a, 0x00, 0x12, ECHO.length, ...utf8(ECHO)])
    const frame = Buffer.from([0x0a, 16, ...callId, 0x1a, call.length, ...call])
    stream.send(Buffer.from([frame.length, ...frame]))
    await until(() => strict.dropped.length === 1)
    expect(strict.dropped).toEqual(['required field data is not set'])
  })
})
