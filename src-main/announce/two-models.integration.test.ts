import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { createHivemindDht, type HivemindDht } from '../hivemind/dht'
import { decodeServerInfo, NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import { decodeExpertDescription } from '../kademlia/expert-info'
import { recordKey } from '../kademlia/keys'
import { createKademliaRecords, isToldByOthers, type KademliaRecords } from '../kademlia/records'
import { routingReady } from '../network/find-peer'
import type { Host } from '../network/host'
import { type NetworkProfile, PROFILES, type RecordForm } from '../network/profiles'
import { createEventLog } from '../storage/event-log'
import { type Announcement, announcedKeys } from './announcement'
import { createAnnouncer } from './announcer'
import { createHivemindWriter } from './hivemind-writer'
import { createKademliaWriter } from './kademlia-writer'

// Real peers on loopback, more than any record needs, so that where records lie is a choice.

const OTHERS = 8
const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 0,
  endBlock: 2,
  publicName: 'pear',
  version: '1',
  ...NO_DETAILS,
}
const modelOf = (dhtPrefix: string, start: number): Announcement => ({
  model: { dhtPrefix, blockCount: 8, repository: null },
  range: { start, end: start + 2 },
  info: () => ({ ...INFO, startBlock: start, endBlock: start + 2 }),
})
const signal = () => AbortSignal.timeout(30_000)

interface Peer {
  host: Host
  dht: HivemindDht
  records: KademliaRecords
}

const others: Peer[] = []
const stops: (() => unknown)[] = []

/** Both may be dialling each other already, and a busy machine may let a handshake starve: then once more. */
async function meet(from: Host, to: Host): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await connect(from, to)
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

async function startPeer(profile: NetworkProfile): Promise<Peer & { profile: NetworkProfile }> {
  const privateKey = await generateKeyPair('Ed25519')
  const host = await loopbackHost({ privateKey, replicas: profile.replicas, pingIntervalMs: 600_000 })
  const dht = createHivemindDht({
    libp2p: host,
    clock: systemClock,
    mode: 'server',
    replicas: profile.replicas.hivemind,
  })
  await dht.start()
  stops.push(
    () => dht.stop(),
    () => host.stop(),
  )
  return { profile, host, dht, records: createKademliaRecords({ host, clock: systemClock, privateKey }) }
}

/** A node in the middle of the others, with an announcer in both forms. */
async function startWriter(replicas: number) {
  const profile = { ...PROFILES.local, replicas: { hivemind: replicas, kademlia: replicas } }
  const peer = await startPeer(profile)
  for (const { host } of others) await meet(peer.host, host)
  const [first] = others
  await peer.dht.bootstrap([first!.host.peerId], { signal: signal() })
  await routingReady(peer.host, signal())
  const common = { self: peer.host.peerId, profile, clock: systemClock }
  const writers = [
    // The bootstrap keeps every record beside the nearest, as in every network: that is the one more.
    createHivemindWriter({ ...common, dht: peer.dht, bootstraps: () => [first!.host.peerId] }),
    createKademliaWriter({ ...common, records: peer.records, random: () => 0.5, isDhtClient: () => false }),
  ]
  const announcer = createAnnouncer({
    forms: writers.map((writer) => ({ writer, intervalMs: profile.timings.announceIntervalMs })),
    clock: systemClock,
    log: createEventLog(systemClock, null),
    onRound: () => undefined,
  })
  stops.push(() => announcer.stop())
  return { ...peer, announcer }
}

beforeAll(async () => {
  for (let i = 0; i < OTHERS; i++) others.push(await startPeer(PROFILES.local))
  for (const [i, { host }] of others.entries()) {
    for (const { host: later } of others.slice(i + 1)) await meet(host, later)
  }
  const [first, ...rest] = others
  for (const { dht } of rest) await dht.bootstrap([first!.host.peerId], { signal: signal() })
  for (const { host } of others) await routingReady(host, signal())
})
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

/** The datastore is the one place that tells what a peer of Kademlia keeps, and not what it can find. */
interface Kept {
  components: { datastore: { query(what: object): AsyncIterable<{ key: unknown; value: Uint8Array }> } }
}

async function keepsValue({ host }: Peer, wireKey: Uint8Array): Promise<boolean> {
  const { datastore } = (host.services.dht as unknown as Kept).components
  for await (const { value } of datastore.query({ prefix: '/dht/record' })) {
    if (Buffer.from(value).includes(Buffer.from(wireKey))) return true
  }
  return false
}

/** How many peers other than the writer keep this one's record, asked one by one. */
async function holdersOf(key: string, writer: Peer): Promise<Record<RecordForm, number>> {
  const self = writer.host.peerId
  const reader = others[0]!
  const holds = await Promise.all(
    others.map(async (peer) => {
      const found = peer === reader ? peer.dht.readLocal([key]) : await reader.dht.findAt(peer.host.peerId, [key])
      const value = found.get(key)
      return {
        hivemind: value?.kind === 'dictionary' && value.entries.has(self.toString()),
        kademlia: await keepsValue(peer, recordKey(key, self)),
      }
    }),
  )
  return {
    hivemind: holds.filter(({ hivemind }) => hivemind).length,
    kademlia: holds.filter(({ kademlia }) => kademlia).length,
  }
}

/** What a peer that had no part in it reads of us, in each form. */
async function readAs(reader: Peer, writer: Peer, key: string) {
  const found = (await reader.dht.get([key], { signal: signal() })).get(key)
  const entry = found?.kind === 'dictionary' ? found.entries.get(writer.host.peerId.toString()) : undefined
  const record = await reader.records.find(key, writer.host.peerId, signal())
  const providers = await reader.records.findProviders(key, signal())
  return {
    hivemind: entry && decodeServerInfo(entry.value).state,
    expirationS: entry?.expirationS ?? 0,
    kademlia: record && decodeExpertDescription(record.record.content).state,
    writtenAt: record?.record.writtenAt ?? 0,
    isProvided: isToldByOthers(providers, writer.host.peerId),
  }
}

describe('M-26: how many peers keep a record is a setting', () => {
  it.each([3, 5])(
    'M-26: with %i, as many distinct peers keep each record, one more or less, in both forms',
    async (k) => {
      const writer = await startWriter(k)
      const what = modelOf(`Kept-By-${k}`, 0)
      const reports = await writer.announcer.announce(what)
      expect(reports.map(({ error }) => error)).toEqual([null, null])
      for (const key of announcedKeys(what)) {
        const holders = await holdersOf(key, writer)
        expect(Math.abs(holders.hivemind - k), `hivemind: ${holders.hivemind}`).toBeLessThanOrEqual(1)
        expect(Math.abs(holders.kademlia - k), `Kademlia: ${holders.kademlia}`).toBeLessThanOrEqual(1)
      }
    },
  )
})

describe('M-27: several models of one node', () => {
  it('M-27: two models stand in the DHT with a set of keys each; removing one takes back its set alone', async () => {
    const writer = await startWriter(4)
    const reader = others.at(-1)!
    const [pear, plum] = [modelOf('Pear', 0), modelOf('Plum', 4)]
    const reports = await writer.announcer.announce(pear, plum)
    expect(reports.map(({ form, dhtPrefix, error }) => [form, dhtPrefix, error])).toEqual([
      ['hivemind', 'Pear', null],
      ['hivemind', 'Plum', null],
      ['kademlia', 'Pear', null],
      ['kademlia', 'Plum', null],
    ])
    const online = { hivemind: 'online', kademlia: 'online', isProvided: true }
    const keys = [pear, plum].map(announcedKeys)
    expect(keys).toEqual([
      ['Pear.0', 'Pear.1'],
      ['Plum.4', 'Plum.5'],
    ])
    for (const key of keys.flat()) expect(await readAs(reader, writer, key), key).toMatchObject(online)
    const before = await readAs(reader, writer, 'Plum.4')

    await writer.announcer.announce(plum)
    for (const key of keys[0]!) {
      expect(await readAs(reader, writer, key), key).toMatchObject({ hivemind: 'offline', kademlia: 'offline' })
    }
    for (const key of keys[1]!) expect(await readAs(reader, writer, key), key).toMatchObject(online)
    const after = await readAs(reader, writer, 'Plum.4')
    expect(after.expirationS).toBeGreaterThan(before.expirationS)
    expect(after.writtenAt).toBeGreaterThan(before.writtenAt)

    expect(await writer.announcer.leave()).toBe(true)
    for (const key of keys.flat()) {
      expect(await readAs(reader, writer, key), key).toMatchObject({ hivemind: 'offline', kademlia: 'offline' })
    }
  })
})
