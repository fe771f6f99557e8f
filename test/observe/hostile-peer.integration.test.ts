import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { encodeMsgpack } from '../../src-main/hivemind/msgpack'
import { RPC_INFO } from '../../src-main/hivemind/protocols'
import { callRpcInfo, serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { blockKey, encodeServerInfo, NO_DETAILS, type ServerInfo } from '../../src-main/hivemind/server-info'
import type { Host } from '../../src-main/network/host'
import { readModelServers } from '../../src-main/observe/model-servers'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'

// D-T14: one peer that breaks every rule it can, and an honest one that must not notice.

const MODEL = { dhtPrefix: 'm', blockCount: 4 }
const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 0,
  endBlock: 4,
  publicName: 'honest',
  version: '1',
  ...NO_DETAILS,
}

let ours: Host
let evil: Host
let honest: Host
let dht: HivemindDht
let honestDht: HivemindDht
let evilDht: HivemindDht

beforeAll(async () => {
  ours = await loopbackHost()
  evil = await loopbackHost()
  honest = await loopbackHost()
  const dhtOf = (libp2p: Host) => createHivemindDht({ libp2p, clock: systemClock, mode: 'server' })
  dht = dhtOf(ours)
  honestDht = dhtOf(honest)
  evilDht = dhtOf(evil)
  for (const one of [dht, honestDht, evilDht]) await one.start()
  await serveRpcInfo(ours, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: () => true,
  })
  for (const [host, one] of [
    [evil, evilDht],
    [honest, honestDht],
  ] as const) {
    await connect(host, ours)
    await one.bootstrap([ours.peerId])
  }
})
afterAll(async () => {
  for (const one of [dht, honestDht, evilDht]) await one?.stop()
  await Promise.all([ours, evil, honest].map((host) => host?.stop()))
})

const honestCall = () => callRpcInfo(honest, ours.peerId, '', { signal: AbortSignal.timeout(5_000) })
const isOver = (stream: Stream) => stream.status !== 'open'

async function until(holds: () => boolean, limitMs = 30_000): Promise<void> {
  const endsAt = performance.now() + limitMs
  while (!holds()) {
    if (performance.now() > endsAt) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it.each<[string, Uint8Array]>([
  ['a frame of 4 GiB', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
  ['a length without an end', new Uint8Array(64).fill(0xff)],
  ['garbage', Uint8Array.of(5, 0xff, 0xfe, 0xfd, 0xfc, 0xfb)],
])('D-T14: %s is cut off at once, and the honest peer is answered', async (_what, bytes) => {
  const stream = await evil.dialProtocol(ours.peerId, RPC_INFO)
  stream.send(bytes)
  await until(() => isOver(stream), 5_000)
  expect((await honestCall()).version).toBe('1.2.3')
})

it('D-T14: two hundred streams that never finish a request are all cut, and the honest peer is answered meanwhile', async () => {
  const streams: Stream[] = []
  // One byte of a length each: a slow loris on every stream.
  for (let i = 0; i < 200; i++) {
    const stream = await evil.dialProtocol(ours.peerId, RPC_INFO, { maxOutboundStreams: 500 })
    stream.send(Uint8Array.of(0x80))
    streams.push(stream)
  }
  for (let i = 0; i < 20; i++) expect((await honestCall()).version).toBe('1.2.3')
  await until(() => streams.every(isOver))
  expect((await honestCall()).version).toBe('1.2.3')
})

it('D-T14: more streams than allowed are refused, and others keep their own', async () => {
  const streams: Stream[] = []
  for (let i = 0; i < 300; i++) {
    const stream = await evil.dialProtocol(ours.peerId, RPC_INFO, { maxOutboundStreams: 500 }).catch(() => null)
    if (stream) streams.push(stream)
  }
  expect((await honestCall()).version).toBe('1.2.3')
  await until(() => streams.filter((stream) => !isOver(stream)).length <= 256)
  for (const stream of streams) stream.abort(new Error('enough'))
})

it('D-T14: lies about servers make no row, and do not hide the honest one', async () => {
  const expirationS = systemClock.now() / 1000 + 60
  const keys = Array.from({ length: MODEL.blockCount }, (_, block) => blockKey(MODEL.dhtPrefix, block))
  const say = (one: HivemindDht, writer: string, value: Uint8Array, laterS = 0) =>
    one.storeAt(
      ours.peerId,
      keys.map((key) => ({ key, subkey: writer, value, expirationS: expirationS + laterS })),
      { signal: AbortSignal.timeout(5_000) },
    )
  const rows = async () => {
    const { spans } = await readModelServers(honestDht, MODEL, AbortSignal.timeout(10_000))
    return spans.map(({ peer, start, end }) => [peer.toString(), start, end])
  }
  const onlyHonest = [[honest.peerId.toString(), 0, 4]]
  await say(honestDht, honest.peerId.toString(), encodeServerInfo(INFO))
  const liar = evil.peerId.toString()
  await say(evilDht, liar, encodeServerInfo({ ...INFO, publicName: 'evil' }))
  // What is no lie makes a row: the rows below are missing because of what they say.
  expect(await rows()).toHaveLength(2)
  const far = encodeServerInfo({ ...INFO, startBlock: 100, endBlock: 200 })
  for (const [i, lie] of [encodeMsgpack('no server'), Uint8Array.of(0xc1), far].entries()) {
    expect(await say(evilDht, liar, lie, i + 1)).toContain(true)
    expect(await rows()).toEqual(onlyHonest)
  }
  await say(evilDht, '<script>', encodeServerInfo(INFO))
  expect(await rows()).toEqual(onlyHonest)
})

it('D-T14: an old record, said again, does not replace the newer one', async () => {
  const key = 'replayed.0'
  const [first, second] = [systemClock.now() / 1000 + 60, systemClock.now() / 1000 + 120]
  const writer = honest.peerId.toString()
  const record = (value: Uint8Array, expirationS: number) => [{ key, subkey: writer, value, expirationS }]
  const signal = () => ({ signal: AbortSignal.timeout(5_000) })
  const old = encodeServerInfo({ ...INFO, state: 'joining' })
  expect(await honestDht.storeAt(ours.peerId, record(old, first), signal())).toEqual([true])
  expect(await honestDht.storeAt(ours.peerId, record(encodeServerInfo(INFO), second), signal())).toEqual([true])
  expect(await evilDht.storeAt(ours.peerId, record(old, first), signal())).toEqual([false])
  const value = (await honestDht.findAt(ours.peerId, [key], signal())).get(key)
  const entry = value?.kind === 'dictionary' ? value.entries.get(writer) : undefined
  expect(entry?.expirationS).toBe(second)
})
