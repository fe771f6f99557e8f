import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { DhtRecord, FoundValue, HivemindDht } from '../hivemind/dht'
import { dhtIdOf } from '../hivemind/dht-id'
import { NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import { ExpiringStore } from '../hivemind/storage'
import { storeRulesOf } from '../hivemind/store-rules'
import { openRecord, type SignedRecord, sealRecord } from '../kademlia/envelope'
import { recordKey } from '../kademlia/keys'
import type { KademliaRecords } from '../kademlia/records'
import { PROFILES } from '../network/profiles'
import type { Announcement } from './announcement'
import { createHivemindWriter } from './hivemind-writer'
import { createKademliaWriter } from './kademlia-writer'
import type { RecordWriter } from './record-writer'

const HOUR_MS = 3_600_000
const profile = PROFILES.espalier
const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 0,
  endBlock: 3,
  publicName: 'pear',
  version: '1',
  ...NO_DETAILS,
}
const WHAT: Announcement = {
  model: { dhtPrefix: 'M', blockCount: 8, repository: null },
  range: { start: 0, end: 3 },
  info: () => INFO,
}
const privateKey = await generateKeyPair('Ed25519')
const self = peerIdFromPrivateKey(privateKey)
const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

/** Another peer with the right time, and the storage and the rules of every node of this network. */
function hivemindWriter(ours: Clock, right: Clock): RecordWriter {
  const { keptLifetimeMs } = storeRulesOf(profile)
  const store = new ExpiringStore(right, { keptLifetimeS: keptLifetimeMs / 1000 })
  const keep = ({ key, subkey, value, expirationS }: DhtRecord) =>
    store.storeEntry(dhtIdOf(key), subkey ?? '', value as Uint8Array, expirationS, self.toString())
  const dht = {
    store: async (records: readonly DhtRecord[]) =>
      records.map((record) => ({ record, ackedBy: keep(record) ? [other] : [], refusedBy: [], failed: [] })),
    async findAt(_: unknown, keys: readonly string[]) {
      const found = new Map<string, FoundValue>()
      for (const key of keys) {
        const value = store.get(dhtIdOf(key))
        if (value) found.set(key, value)
      }
      return found
    },
  } as unknown as HivemindDht
  return createHivemindWriter({ dht, self, bootstraps: () => [], profile, clock: ours })
}

/** The same with Kademlia's records, which every peer opens before it keeps them. */
function kademliaWriter(ours: Clock, right: Clock): RecordWriter {
  const kept = new Map<string, SignedRecord>()
  const records: KademliaRecords = {
    async put(key, record) {
      const place = recordKey(key, self)
      try {
        kept.set(key, await openRecord(place, await sealRecord(place, record, privateKey), right))
        return { ackedBy: [other], failures: [] }
      } catch (error) {
        return { ackedBy: [], failures: [messageOf(error)] }
      }
    },
    provide: async () => [other],
    stopProviding: async () => undefined,
    async find(key) {
      const record = kept.get(key)
      return record ? { record, from: [other] } : null
    },
    findProviders: async () => [{ peer: self, toldBy: [other] }],
  }
  return createKademliaWriter({ records, self, profile, clock: ours, random: () => 0.5, isDhtClient: () => false })
}

it.each([
  ['hivemind', hivemindWriter, 2 * HOUR_MS],
  ['hivemind', hivemindWriter, 20 * 24 * HOUR_MS],
  ['kademlia', kademliaWriter, 2 * HOUR_MS],
] as const)(
  'D-T06: the %s form is read back in the first round of a clock that was ahead and is right again',
  async (_, writerOf, aheadMs) => {
    const right = new FakeClock()
    let offMs = aheadMs
    const writer = writerOf({ ...right, now: () => right.now() + offMs }, right)
    const round = async () => {
      const report = { acknowledged: 0, total: 0, ackedBy: [], readBack: null }
      await writer.write(WHAT, INFO, report, { signal: new AbortController().signal, speaksForNode: true })
      return report.readBack
    }
    await round().catch(() => null)
    offMs = 0
    await right.advance(60_000)
    expect(await round()).toMatchObject({ by: other.toString() })
    await right.advance(profile.timings.announceIntervalMs)
    expect(await round()).toMatchObject({ by: other.toString() })
  },
)
