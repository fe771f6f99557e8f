import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Announcement } from '../../src-main/announce/announcement'
import { openGovernor } from '../../src-main/announce/governor'
import { createHivemindWriter } from '../../src-main/announce/hivemind-writer'
import type { WriteReport } from '../../src-main/announce/record-writer'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { compareDistance, type DhtId, dhtIdOf, randomDhtId } from '../../src-main/hivemind/dht-id'
import { encodeMsgpack, float } from '../../src-main/hivemind/msgpack'
import { decodeMsgpack } from '../../src-main/hivemind/msgpack-decode'
import { callRpcCheck, serveRpcCheck } from '../../src-main/hivemind/rpc-check'
import { callRpcInfo, serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { blockKey, MODELS_KEY, NO_DETAILS, type ServerInfo } from '../../src-main/hivemind/server-info'
import { routingReady } from '../../src-main/network/find-peer'
import type { Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { openNetworkClient } from '../../src-main/node/network-client'
import { foreignPeer } from '../../src-main/observe/foreign-peers'
import { createCallerCheck } from '../../src-main/observe/look-at-caller'
import { observeNetwork } from '../../src-main/observe/monitor-state'
import { hivemindView } from '../../src-main/observe/network-view'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'
import { announceOnce } from '../real/announce-once'
import { type HivemindPeer, PYTHON, ServersSchema, startHivemindPeer, versionsOf } from './hivemind-peer'

// Real hivemind: its DHT in Python over its own p2pd, and the data structures of Petals. `npm run test:interop` names the
// interpreter that has both. One bootstrap of theirs, one node of ours, and newcomers of both families.

const PROFILE = PROFILES.petals
const PREFIX = 'Llama-3-3-70B-Instruct-hf'
const REPOSITORY = 'https://huggingface.co/meta-llama/Llama-3.3-70B-Instruct'
const within = (ms = 30_000) => ({ signal: AbortSignal.timeout(ms) })
const soon = { timeout: 20_000, interval: 200 }

const KeptSchema = z.object({ kept: z.union([z.boolean(), z.array(z.boolean())]), expiration: z.number() })
const FoundSchema = z.object({ value: z.unknown(), expiration: z.number() }).nullable()
const EntriesSchema = z.object({ value: z.record(z.string(), FoundSchema), expiration: z.number() })
interface Ours {
  host: Host
  dht: HivemindDht
  nodeId: DhtId
}

let boot: HivemindPeer
let bootId: DhtId
let ours: Ours
const theirs: HivemindPeer[] = []
const own: Ours[] = []
/** Connections over which somebody came to see whether we are there. */
const met: Connection[] = []

async function startTheirs(...args: string[]): Promise<HivemindPeer> {
  const peer = await startHivemindPeer(...args)
  theirs.push(peer)
  return peer
}

/** A node of ours that serves the DHT, and knows the peers at these addresses. */
async function startOurs(addresses: readonly string[], nodeId = randomDhtId()): Promise<Ours> {
  const host = await loopbackHost({ kadProtocol: PROFILE.kadProtocol })
  const dht = createHivemindDht({ libp2p: host, clock: systemClock, mode: 'server', nodeId })
  const started = { host, dht, nodeId }
  own.push(started)
  await dht.start()
  for (const address of addresses) await host.dial(multiaddr(address))
  await routingReady(host, within().signal)
  return started
}

const peerOf = ({ ready }: HivemindPeer) => peerIdFromString(ready.peer)
const addressesOf = ({ host }: Ours) => host.getMultiaddrs().map((address) => address.toString())
const table = (peer: HivemindPeer) => peer.ask('table', z.array(z.string()))

/** A key whose place is nearer to `near` than to all of `others`. */
function keyNear(near: DhtId, others: readonly DhtId[], name: string): string {
  for (let i = 0; ; i++) {
    const key = `${name}${i}`
    const id = dhtIdOf(key)
    if (others.every((other) => compareDistance(id, near, other) < 0)) return key
  }
}

/** Of everybody of theirs who serves the DHT now. */
async function theirIds(): Promise<DhtId[]> {
  const ids = await Promise.all(theirs.map((peer) => ours.dht.ping(peerOf(peer), within()).catch(() => null)))
  return ids.flatMap((found) => (found?.nodeId ? [found.nodeId] : []))
}

beforeAll(async () => {
  if (PYTHON === '') return
  boot = await startTheirs()
  console.log(versionsOf(boot))
  ours = await startOurs(boot.ready.addresses)
  await serveRpcInfo(ours.host, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: (key) => key === blockKey(PREFIX, 0),
  })
  await serveRpcCheck(ours.host, {
    clock: systemClock,
    onMet: ({ connection }) => void met.push(connection),
    lookAt: createCallerCheck({ host: ours.host, profile: { ...PROFILE, loopbackOnly: true }, clock: systemClock }),
  })
})
afterAll(async () => {
  await Promise.all(theirs.map((peer) => peer.stop()))
  for (const { dht, host } of own) {
    await dht.stop()
    await host.stop()
  }
})

describe.skipIf(PYTHON === '')('real hivemind', () => {
  it('validates us, is validated, and keeps us in its table', async () => {
    const [outcome] = await ours.dht.bootstrap([peerOf(boot)], within())
    expect(outcome).toMatchObject({ ok: true, available: true })
    if (!outcome?.ok || !outcome.nodeId) throw new Error('no node id')
    // One computer, one clock; theirs is told in microseconds, ours in milliseconds.
    expect(Math.abs(outcome.clockOffsetS ?? 1)).toBeLessThan(0.01)
    bootId = outcome.nodeId
    expect(bootId).toHaveLength(20)
    await expect.poll(() => table(boot), soon).toContain(ours.host.peerId.toString())
    const found = await boot.ask('ping', z.string().nullable(), { peer: ours.host.peerId.toString() })
    expect(found).toBe(Buffer.from(ours.nodeId).toString('hex'))
  })

  it.each([
    ['a regular value', undefined, { deep: [1, 2.5, 'three', null, true] }],
    ['an entry', 'a subkey', 'an entry of theirs'],
  ])('%s that they store is kept and read by us', async (_, subkey, value) => {
    const key = `theirs-${subkey}`
    const stored = await boot.ask('store', KeptSchema, { key, value, ...(subkey && { subkey }) })
    expect(stored.kept).toBe(true)
    const expected = plainOf(value)
    // Two nodes are fewer than the replicas of hivemind: both keep everything.
    for (const found of [ours.dht.readLocal([key]), await ours.dht.findAt(peerOf(boot), [key], within())]) {
      const there = found.get(key)
      const entry = there?.kind === 'dictionary' ? there.entries.get(subkey ?? '') : there
      expect(entry?.expirationS).toBe(stored.expiration)
      expect(entry && 'value' in entry && plainOf(decodeMsgpack(entry.value))).toEqual(expected)
    }
  })

  it('what we store, regular values and entries, is read by them', async () => {
    const expirationS = systemClock.now() / 1000 + 60
    const value = encodeMsgpack(['a', float(1), 2])
    const records = [
      { key: 'ours-regular', subkey: null, value, expirationS },
      { key: 'ours-entries', subkey: 'first', value, expirationS },
      { key: 'ours-entries', subkey: 'second', value, expirationS: expirationS + 1 },
    ]
    const reports = await ours.dht.store(records, within())
    expect(reports.map(({ ackedBy }) => ackedBy.map(String))).toEqual(records.map(() => [boot.ready.peer]))
    expect(await boot.ask('get', FoundSchema, { key: 'ours-regular' })).toEqual({
      value: ['a', 1, 2],
      expiration: expirationS,
    })
    const entries = await boot.ask('get', EntriesSchema, { key: 'ours-entries' })
    expect(entries).toEqual({
      value: {
        first: { value: ['a', 1, 2], expiration: expirationS },
        second: { value: ['a', 1, 2], expiration: expirationS + 1 },
      },
      expiration: expirationS + 1,
    })
  })

  it('of both families the later expiration wins, an equal one is refused, and what has expired is gone', async () => {
    const key = 'renewed'
    const expiration = systemClock.now() / 1000 + 4
    const store = (value: string, at: number) =>
      boot.ask('store', KeptSchema, { key, value, expiration: at, subkey: 'x' }).then(({ kept }) => kept)
    expect(await store('one', expiration)).toBe(true)
    expect(await store('two', expiration)).toBe(false)
    const record = { key, subkey: 'x', value: encodeMsgpack('three'), expirationS: expiration }
    const [refused] = await ours.dht.store([record], within())
    expect(refused).toMatchObject({ ackedBy: [] })
    const [renewed] = await ours.dht.store([{ ...record, expirationS: expiration + 0.5 }], within())
    expect(renewed?.ackedBy.map(String)).toEqual([boot.ready.peer])
    const read = () => boot.ask('get', EntriesSchema.nullable(), { key })
    expect((await read())?.value.x).toEqual({ value: 'three', expiration: expiration + 0.5 })
    await expect.poll(read, soon).toBeNull()
    expect(ours.dht.readLocal([key]).size).toBe(0)
    expect((await ours.dht.get([key], within())).size).toBe(0)
  })
})

/** For comparing what went through msgpack: numbers without their kind. */
function plainOf(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item) => (item instanceof Map ? Object.fromEntries(item) : item)),
    (_, item) => (item && typeof item === 'object' && Object.keys(item).join() === 'value' ? item.value : item),
  )
}

describe.skipIf(PYTHON === '')('records of servers', () => {
  const SERVER: ServerInfo = {
    ...NO_DETAILS,
    state: 'online',
    throughput: 12,
    startBlock: 0,
    endBlock: 4,
    publicName: 'pear',
    version: '1.2.3',
    networkRps: 100,
    forwardRps: 50.5,
    inferenceRps: 25,
    torchDtype: 'float16',
    quantType: 'none',
    usingRelay: false,
    cacheTokensLeft: 16_384,
    nextPings: new Map([['12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB', Number.POSITIVE_INFINITY]]),
  }
  const model = { dhtPrefix: PREFIX, blockCount: 80, repository: REPOSITORY }
  const what: Announcement = { model, range: { start: 0, end: 4 }, info: () => SERVER }
  const keys = [0, 1, 2, 3].map((block) => blockKey(PREFIX, block))

  async function announce(info: ServerInfo): Promise<WriteReport> {
    const writer = createHivemindWriter({
      dht: ours.dht,
      self: ours.host.peerId,
      bootstraps: () => [peerOf(boot)],
      profile: PROFILE,
      clock: systemClock,
    })
    const report: WriteReport = { acknowledged: 0, total: 0, ackedBy: [], readBack: null }
    await writer.write(what, info, report, { ...within(), speaksForNode: true })
    return report
  }

  async function petalsReads(from: HivemindPeer) {
    const found = await from.ask('servers', ServersSchema, { keys })
    return keys.map((key) => found[key]?.[ours.host.peerId.toString()])
  }

  it('what a node announces is read by Petals’ own classes, field by field, and read back from hivemind', async () => {
    const report = await announce(SERVER)
    expect(report).toMatchObject({ acknowledged: 5, total: 5, readBack: { by: boot.ready.peer, found: 4, asked: 4 } })
    const index = await boot.ask('get', EntriesSchema, { key: MODELS_KEY })
    expect(index.value[PREFIX]?.value).toEqual({ num_blocks: 80, repository: REPOSITORY })
    expect(await petalsReads(boot)).toMatchObject(
      keys.map(() => ({
        state: 'ONLINE',
        throughput: 12,
        public_name: 'pear',
        version: '1.2.3',
        network_rps: 100,
        forward_rps: 50.5,
        inference_rps: 25,
        adapters: { tuple: [] },
        torch_dtype: 'float16',
        quant_type: 'none',
        using_relay: false,
        cache_tokens_left: 16_384,
        next_pings: { '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB': 'inf' },
      })),
    )
  })

  it('rpc_info is answered to a stub of hivemind, an error too', async () => {
    const info = (uid: string) =>
      boot.ask('info', z.record(z.string(), z.unknown()), { peer: ours.host.peerId.toString(), uid })
    const expected = { version: '1.2.3', dht_client_mode: false, cache_tokens_available: 7 }
    expect(await info('')).toEqual(expected)
    expect(await info(blockKey(PREFIX, 0))).toEqual(expected)
    await expect(info(blockKey(PREFIX, 79))).rejects.toThrow('not served here')
  })

  it('rpc_check: a server of Petals that asks us is looked at, and nobody else', async () => {
    const ask = (subject: string) =>
      boot.ask('check', z.boolean().nullable(), { peer: ours.host.peerId.toString(), subject })
    expect(await ask(boot.ready.peer)).toBe(true)
    expect(await ask(ours.host.peerId.toString())).toBe(true)
    const other = await startTheirs(...boot.ready.addresses)
    // Petals takes an error for no answer.
    expect(await ask(other.ready.peer)).toBeNull()
  })

  it('rpc_check: one that we ask comes over a new connection, each time', async () => {
    for (let turn = 0; turn < 2; turn++) {
      met.length = 0
      const before = ours.host.getConnections().map(({ id }) => id)
      expect(await callRpcCheck(ours.host, peerOf(boot), ours.host.peerId, within())).toBe(true)
      const [connection] = met
      expect(connection?.direction).toBe('inbound')
      expect(before).not.toContain(connection?.id)
      // Its prober keeps the connection until it is closed here, and has an id of its own.
      expect(connection?.remotePeer.toString()).not.toBe(boot.ready.peer)
      await connection?.close()
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect(await foreignPeer(ours.host, peerOf(boot))).toEqual({ agent: 'p2pd/0.1', checks: true })
  })

  it('a tombstone is what Petals reads last', async () => {
    const expiration = async () => {
      const { value } = await boot.ask('get', EntriesSchema, { key: blockKey(PREFIX, 0) })
      return value[ours.host.peerId.toString()]?.expiration ?? 0
    }
    const before = await expiration()
    await announce({ ...SERVER, state: 'offline', throughput: 0, nextPings: null })
    expect(await petalsReads(boot)).toMatchObject(
      keys.map(() => ({ state: 'OFFLINE', throughput: 0, next_pings: null })),
    )
    expect(await expiration()).toBeGreaterThan(before)
  })

  it('servers that Petals’ classes announce are seen by our observer, and called', async () => {
    const server = await startTheirs(...boot.ready.addresses)
    const prefix = 'falcon-40b'
    const fields = {
      start_block: 2,
      end_block: 60,
      public_name: 'fig',
      version: '2.2.0',
      network_rps: 10.5,
      forward_rps: 20.0,
      inference_rps: 30.0,
      adapters: ['one/two'],
      torch_dtype: 'bfloat16',
      quant_type: 'nf4',
      using_relay: false,
      cache_tokens_left: 1_160,
      next_pings: { [boot.ready.peer]: 0.25 },
    }
    const declared = await server.ask('declare', KeptSchema, {
      keys: Array.from({ length: 58 }, (_, i) => blockKey(prefix, 2 + i)),
      state: 'ONLINE',
      throughput: 7.5,
      fields,
    })
    expect(declared.kept).toEqual(Array.from({ length: 58 }, () => true))
    const value = { num_blocks: 60, repository: 'https://huggingface.co/tiiuae/falcon-40b' }
    await server.ask('store', KeptSchema, { key: MODELS_KEY, subkey: prefix, value })

    const client = await openNetworkClient({
      profile: PROFILE,
      bootstraps: boot.ready.addresses,
      clock: systemClock,
      log: createEventLog(systemClock, null),
    })
    try {
      const { state, recordsRead } = await observeNetwork({
        host: client.host,
        view: hivemindView(client.dht, PROFILE),
        bootstraps: client.bootstraps,
        updatePeriodMs: 60_000,
        clock: systemClock,
      })
      expect(state.reachability_issues).toEqual([])
      expect(state.bootstrap_states).toEqual(['online'])
      expect(recordsRead).toBeGreaterThanOrEqual(58)
      const model = state.model_reports.find(({ dht_prefix }) => dht_prefix === prefix)
      expect(model).toMatchObject({ name: 'tiiuae/falcon-40b', num_blocks: 60, state: 'broken' })
      expect(model?.server_rows).toMatchObject([
        {
          peer_id: server.ready.peer,
          state: 'online',
          show_public_name: true,
          span: { start: 2, end: 60, server_info: { ...fields, state: 'online', throughput: 7.5 } },
          cache_tokens_left_per_block: 10,
        },
      ])
      expect(await callRpcInfo(client.host, peerOf(server), '', within())).toEqual({
        version: '2.2.0',
        dhtClientMode: false,
        cacheTokensAvailable: 4096,
      })
      await expect(callRpcInfo(client.host, peerOf(server), 'other.0', within())).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
      })
    } finally {
      await client.close()
    }
  })

  it('M-30: the suite for real networks announces once there, is read back, and leaves a tombstone', async () => {
    const done = await announceOnce({
      profile: PROFILE,
      bootstraps: boot.ready.addresses,
      governor: await openGovernor({
        clock: systemClock,
        file: null,
        onTrouble: (error) => expect.unreachable(`${error}`),
      }),
      clock: systemClock,
    })
    expect(done).toMatchObject({
      report: { state: 'joining', error: null, readBack: { found: 1, asked: 1 } },
      stateAfter: 'offline',
    })
  })
})

describe.skipIf(PYTHON === '')('newcomers', () => {
  it('theirs joins through ours alone, finds everybody, and is given what it should keep', async () => {
    const key = keyNear(ours.nodeId, await theirIds(), 'for-newcomers-')
    const expirationS = systemClock.now() / 1000 + 120
    const entry = { key, value: encodeMsgpack('handed over'), expirationS }
    await ours.dht.store(
      ['a', 'b'].map((subkey) => ({ ...entry, subkey })),
      within(),
    )
    const newcomer = await startTheirs(...addressesOf(ours))
    await expect
      .poll(() => table(newcomer), soon)
      .toEqual(expect.arrayContaining([ours.host.peerId.toString(), boot.ready.peer]))
    await expect.poll(() => ours.dht.knownPeers().map(String), soon).toContain(newcomer.ready.peer)
    const kept = () => newcomer.ask('own', EntriesSchema.nullable(), { key })
    await expect.poll(kept, soon).toMatchObject({ value: { a: expect.anything(), b: expect.anything() } })
    // And a look-up of its own ends at us or at the bootstrap, whoever has it.
    const found = await newcomer.ask('get', EntriesSchema, { key: MODELS_KEY })
    expect(found.value[PREFIX]?.value).toEqual({ num_blocks: 80, repository: REPOSITORY })
  })

  it('ours joins through theirs alone, and is given what it should keep', async () => {
    const others = (await theirIds()).filter((id) => Buffer.compare(id, bootId) !== 0)
    const key = keyNear(bootId, [ours.nodeId, ...others], 'for-our-newcomer-')
    await boot.ask('store', KeptSchema, { key, subkey: 'a', value: 'handed over', livesS: 120 })
    // hivemind gives a newcomer only what it is nearer to than somebody who is there: this one is next to the bootstrap.
    const nodeId = Uint8Array.from(bootId)
    nodeId[19] = (nodeId[19] ?? 0) ^ 1
    const newcomer = await startOurs(boot.ready.addresses, nodeId)
    await newcomer.dht.bootstrap([peerOf(boot)], within())
    await expect.poll(() => newcomer.dht.knownPeers().map(String), soon).toContain(ours.host.peerId.toString())
    await expect.poll(() => newcomer.dht.readLocal([key]).get(key)?.kind, soon).toBe('dictionary')
  })

  it('one of theirs that only asks writes and reads through ours, and is in nobody’s table', async () => {
    const client = await startTheirs('--client', ...addressesOf(ours))
    // hivemind counts even a node that serves nothing among the five that keep a key.
    const key = keyNear(ours.nodeId, await theirIds(), 'of-a-client-')
    expect(await client.ask('store', KeptSchema, { key, subkey: 'x', value: [1, 2, 3] })).toMatchObject({ kept: true })
    expect(ours.dht.readLocal([key]).get(key)?.kind).toBe('dictionary')
    expect((await client.ask('get', EntriesSchema, { key })).value.x).toMatchObject({ value: [1, 2, 3] })
    expect(ours.dht.knownPeers().map(String)).not.toContain(client.ready.peer)
  })

  it('a crowd of servers under every block of a large model is read by both', async () => {
    const prefix = 'crowded'
    // More than one answer may carry: the Python side then answers nothing at all, and fewer keys are asked for.
    const servers = 200
    const expirationS = systemClock.now() / 1000 + 120
    const records = Array.from({ length: 80 }, (_, block) => blockKey(prefix, block)).flatMap((key) =>
      Array.from({ length: servers }, (_, i) => ({
        key,
        subkey: `server ${i}`,
        value: encodeMsgpack('x'.repeat(243)),
        expirationS,
      })),
    )
    const reports = await ours.dht.store(records, { ...within(), alsoTo: [peerOf(boot)] })
    expect(reports.filter(({ ackedBy }) => !ackedBy.some((peer) => peer.equals(peerOf(boot))))).toEqual([])
    const found = await ours.dht.findAt(peerOf(boot), [...new Set(records.map(({ key }) => key))], within())
    const sizes = [...found.values()].map((value) => value.kind === 'dictionary' && value.entries.size)
    expect(sizes).toEqual(Array.from({ length: 80 }, () => servers))
    const theirsFound = await boot.ask('get', EntriesSchema, { key: blockKey(prefix, 79) })
    expect(Object.keys(theirsFound.value)).toHaveLength(servers)
  })
})
