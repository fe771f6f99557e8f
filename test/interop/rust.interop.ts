import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createKademliaRecords, type KademliaRecords } from '../../src-main/kademlia/records'
import { sayHello, serveHello } from '../../src-main/kwaai/hello'
import { callInference } from '../../src-main/kwaai/inference-client'
import { type InferenceServer, serveInference } from '../../src-main/kwaai/inference-server'
import { HELLO_PROTOCOL, INFERENCE_PROTOCOL, WARMING_UP } from '../../src-main/kwaai/protocols'
import { findAddresses, routingReady } from '../../src-main/network/find-peer'
import type { Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { createPlaceLeases } from '../../src-main/pipeline/place-leases'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'
import { type LinePeer, startLinePeer } from './line-peer'

// Two peers on rust-libp2p, as KwaaiNet's nodes are, and one of ours between them; the second does not wait until a
// protocol is agreed before it sends. `npm run test:interop` builds theirs
// from test/interop/rust and says here where it is.

const PROGRAM = process.env.ESPALIER_RUST_PEER ?? ''
const WIDTH = 2
const VOCABULARY = 3
const within = (ms = 20_000) => AbortSignal.timeout(ms)

const ReadySchema = z.object({ peer: z.string(), address: z.string() })
const AboutSchema = z.object({
  agent: z.string(),
  protocols: z.array(z.string()),
  addresses: z.array(z.string()),
  roundTripMs: z.number().nullable(),
})
const ClosestSchema = z.array(z.object({ peer: z.string(), addresses: z.array(z.string()) }))
const FoundSchema = z.array(
  z.object({ from: z.string().nullable(), content: z.string().optional(), error: z.string().optional() }),
)
const ReplySchema = z.object({
  session: z.number(),
  type: z.string(),
  shape: z.array(z.number()),
  values: z.array(z.number()),
  error: z.string().nullable(),
})

type Theirs = LinePeer<z.infer<typeof ReadySchema>>
let first: Theirs
let second: Theirs
let ours: Host
let records: KademliaRecords
let inference: InferenceServer
let isReady = true

const peerOf = ({ ready }: Theirs) => peerIdFromString(ready.peer)
const ourId = () => ours.peerId.toString()
const log = createEventLog(systemClock, null)

/** The first of two blocks: each row is the token and its half. */
const runner: StageRunner = {
  blocks: { start: 0, end: 1 },
  blockCount: 2,
  embeddingLength: WIDTH,
  root: 'root',
  maxBatchTokens: 2,
  contextTokens: 16,
  openSequence: () => 0,
  closeSequence: () => undefined,
  async run({ rows }) {
    const tokens = 'tokens' in rows ? [...rows.tokens] : []
    const hidden = Float32Array.from(tokens.flatMap((token) => [token, token / 2]))
    return { hidden, token: null, logits: null, computeMs: 1 }
  },
}

beforeAll(async () => {
  if (PROGRAM === '') return
  first = await startLinePeer(PROGRAM, [], ReadySchema)
  second = await startLinePeer(PROGRAM, ['--lazy'], ReadySchema)
  const privateKey = await generateKeyPair('Ed25519')
  ours = await loopbackHost({ privateKey, kadProtocol: PROFILES.kwaai.kadProtocol })
  records = createKademliaRecords({ host: ours, clock: systemClock, privateKey })
  await serveHello(ours, { clock: systemClock, log })
  inference = await serveInference({
    host: ours,
    clock: systemClock,
    log,
    stage: () => (isReady ? runner : null),
    events: { onServed: () => undefined, onSessions: () => undefined },
    leases: createPlaceLeases({ clock: systemClock, log }),
  })
})
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()])
  await inference?.stop()
  await ours?.stop()
})

describe.skipIf(PROGRAM === '')('real rust-libp2p peers', () => {
  it('both kinds dial each other, and identify and ping work', async () => {
    await ours.dial(multiaddr(`${first.ready.address}/p2p/${first.ready.peer}`))
    // rust-libp2p answers the newest ping of a connection and drops the others, so one that libp2p's watch over
    // connections overtakes fails.
    const ping = () => ours.services.ping.ping(peerOf(first), { signal: within() })
    expect(await ping().catch(ping)).toBeGreaterThanOrEqual(0)
    const [address] = ours.getMultiaddrs()
    const about = await second.ask('dial', AboutSchema, { address: `${address}` })
    expect(about.protocols).toEqual(
      expect.arrayContaining([PROFILES.kwaai.kadProtocol, HELLO_PROTOCOL, INFERENCE_PROTOCOL, '/ipfs/ping/1.0.0']),
    )
    expect(about.addresses.map((found) => found.split('/p2p/')[0])).toContain(`${address}`.split('/p2p/')[0])
    await expect
      .poll(async () => (await second.ask('known', AboutSchema, { peer: ourId() })).roundTripMs, { timeout: 10_000 })
      .toBeGreaterThan(0)
    await expect
      .poll(async () => (await ours.peerStore.get(peerOf(first))).protocols, { timeout: 10_000 })
      .toEqual(expect.arrayContaining([PROFILES.kwaai.kadProtocol, INFERENCE_PROTOCOL]))
    await routingReady(ours, within())
  })

  it('Kademlia: a peer is found through ours by one that never met it, and ours finds a stranger through theirs', async () => {
    const closest = await second.ask('closest', ClosestSchema, { peer: first.ready.peer })
    const found = closest.find(({ peer }) => peer === first.ready.peer)
    expect(found?.addresses.map((address) => address.split('/p2p/')[0])).toContain(first.ready.address)

    const stranger = await startLinePeer(PROGRAM, [], ReadySchema)
    try {
      await stranger.ask('dial', AboutSchema, { address: `${first.ready.address}/p2p/${first.ready.peer}` })
      const addresses = await findAddresses(ours, peerOf(stranger), systemClock, within())
      expect(addresses.map(String)).toContain(`${stranger.ready.address}/p2p/${stranger.ready.peer}`)
    } finally {
      await stranger.stop()
    }
  })

  it('Kademlia records: what they seal and put is kept, judged and read by ours', async () => {
    const key = 'Llama-3.3-70B-Instruct.0'
    await first.ask('put', z.unknown(), { key, content: 'of theirs' })
    const found = await records.find(key, peerOf(first), within())
    expect(Buffer.from(found?.record.content ?? []).toString()).toBe('of theirs')
    // And their other peer reads it from ours, or from the first.
    const read = await second.ask('get', FoundSchema, { key, peer: first.ready.peer })
    expect(read.map(({ content }) => content)).toContain('of theirs')
    // One that has lived too long is refused by ours: nobody but its writer has it.
    const lifetimeMs = 48 * 3_600_000
    await first.ask('put', z.unknown(), { key: 'too-long.0', content: 'x', lifetimeMs }).catch(() => undefined)
    expect(await records.find('too-long.0', peerOf(first), within())).toBeNull()
  })

  it('Kademlia records: what we put is acknowledged and read by theirs', async () => {
    const key = 'a key with spaces/and more.1'
    const writtenAt = systemClock.now()
    const content = Buffer.from('of ours')
    const put = await records.put(key, { content, writtenAt, expiresAt: writtenAt + 60_000 }, within())
    expect(put.ackedBy.map(String)).toEqual(expect.arrayContaining([first.ready.peer]))
    // The stranger of before has left, and may still stand in a table.
    expect(put.failures.filter((failure) => failure.startsWith(first.ready.peer))).toEqual([])
    const [found] = await second.ask('get', FoundSchema, { key: encodeURIComponent(key), peer: ourId() })
    expect(found?.content).toBe('of ours')
    // The next one replaces it.
    const later = { content: Buffer.from('newer'), writtenAt: writtenAt + 1, expiresAt: writtenAt + 60_000 }
    expect((await records.put(key, later, within())).ackedBy.map(String)).toContain(first.ready.peer)
    expect((await records.find(key, ours.peerId, within()))?.record.writtenAt).toBe(writtenAt + 1)
  })

  it('Kademlia providers: said by either, found by the other', async () => {
    await first.ask('provide', z.unknown(), { key: 'theirs.0' })
    const providers = await records.findProviders('theirs.0', within())
    expect(providers.map(({ peer }) => `${peer}`)).toContain(first.ready.peer)
    const told = await records.provide('ours.0', within())
    expect(told.map(String)).toContain(first.ready.peer)
    await expect
      .poll(() => second.ask('providers', z.array(z.string()), { key: 'ours.0' }), { timeout: 10_000 })
      .toContain(ourId())
  })

  it('KwaaiNet’s greeting, both ways', async () => {
    expect(await first.ask('hello', z.string(), { peer: ourId(), text: 'good morning' })).toBe('ok')
    await sayHello(ours, peerOf(first), 'good morning', within())
  })

  it('KwaaiNet’s blocks: they call ours', async () => {
    const infer = (command: object) => first.ask('infer', ReplySchema, { peer: ourId(), session: 7, ...command })
    expect(await infer({ position: 0, tokens: [5, 6, 7], shape: [3] })).toEqual({
      session: 7,
      type: 'hidden_states',
      shape: [1, 3, WIDTH],
      values: [5, 2.5, 6, 3, 7, 3.5],
      error: null,
    })
    expect((await infer({ position: 3, tokens: [8], shape: [1] })).values).toEqual([8, 4])
    expect((await infer({ position: 9, tokens: [8], shape: [1] })).error).toContain('expected 4')
    isReady = false
    expect((await infer({ position: 4, tokens: [8], shape: [1] })).error).toBe(WARMING_UP)
    isReady = true
  })

  it('KwaaiNet’s blocks: we call theirs, and rust reads our byte strings', async () => {
    const call = (position: number, input: Parameters<typeof callInference>[2]['input']) =>
      callInference(
        { host: ours, clock: systemClock },
        first.ready.peer,
        { sessionId: 2n ** 63n, position, input },
        within(),
      )
    const hidden = await call(0, { tokens: Int32Array.of(1, 2, 300) })
    expect(hidden).toMatchObject({
      sessionId: 2n ** 63n,
      width: WIDTH,
      hidden: Float32Array.of(1, -1, 2, -2, 300, -300),
    })
    const rows = Float32Array.from({ length: 4 * VOCABULARY }, (_, index) => index / 4)
    const logits = await call(0, { hidden: rows, width: VOCABULARY })
    expect(logits).toMatchObject({ logits: Float32Array.of(2.25, 2.5, 2.75) })
    await expect(call(1_000_000, { tokens: Int32Array.of(1) })).rejects.toMatchObject({ code: 'STAGE_LOST' })
    // A megabyte of rows.
    const many = new Float32Array(500_000).fill(1)
    expect(await call(0, { hidden: many, width: 250_000 })).toHaveProperty('logits.length', 250_000)
  })

  it('a hundred calls at once, each with its own answer', async () => {
    const calls = Array.from({ length: 100 }, (_, session) =>
      first.ask('infer', ReplySchema, {
        peer: ourId(),
        session: 100 + session,
        position: 0,
        tokens: [session],
        shape: [1],
      }),
    )
    for (const [session, reply] of (await Promise.all(calls)).entries()) {
      // As many as the node has places for are computed; the others are told so.
      if (reply.error === null) expect(reply.values).toEqual([session, session / 2])
      else expect(reply.error).toMatch(/capacity|SESSION/)
    }
  })
})
