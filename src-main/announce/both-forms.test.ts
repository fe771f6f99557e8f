import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { DhtRecord, FoundValue, HivemindDht } from '../hivemind/dht'
import { decodeServerInfo, NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import type { SignedRecord } from '../kademlia/envelope'
import { decodeExpertDescription } from '../kademlia/expert-info'
import type { KademliaRecords } from '../kademlia/records'
import { PROFILES } from '../network/profiles'
import { createEventLog } from '../storage/event-log'
import type { Announcement } from './announcement'
import { createAnnouncer } from './announcer'
import { createHivemindWriter } from './hivemind-writer'
import { createKademliaWriter } from './kademlia-writer'

const profile = PROFILES.local
const { timings } = profile
const REPOSITORY = 'https://huggingface.co/a/M'
/** {'num_blocks': 8, 'repository': REPOSITORY} in MessagePack, written out by hand. */
const MODEL_ENTRY = [
  '82',
  `aa${Buffer.from('num_blocks').toString('hex')}08`,
  `aa${Buffer.from('repository').toString('hex')}ba${Buffer.from(REPOSITORY).toString('hex')}`,
].join('')
const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 2,
  endBlock: 4,
  publicName: 'pear',
  version: '1',
  ...NO_DETAILS,
}
const WHAT: Announcement = {
  model: { dhtPrefix: 'M', blockCount: 8, repository: REPOSITORY },
  range: { start: 2, end: 4 },
  info: () => INFO,
}

let self: PeerId
let other: PeerId
beforeAll(async () => {
  self = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
})

/** One announcer that writes both forms, to stores at another peer that keep all. */
function setUp() {
  const clock = new FakeClock()
  const stored: DhtRecord[] = []
  const put: { key: string; record: SignedRecord }[] = []
  const provided: string[] = []
  const dht = {
    async store(records: readonly DhtRecord[]) {
      stored.push(...records)
      return records.map((record) => ({ record, ackedBy: [other], refusedBy: [], failed: [] }))
    },
    async findAt(_: PeerId, keys: readonly string[]) {
      const found = new Map<string, FoundValue>()
      for (const key of keys) {
        const { value, expirationS } = stored.findLast((record) => record.key === key)!
        const entries = new Map([[self.toString(), { value: value as Uint8Array, expirationS }]])
        found.set(key, { kind: 'dictionary', entries, expirationS })
      }
      return found
    },
  } as unknown as HivemindDht
  const records: KademliaRecords = {
    async put(key, record) {
      put.push({ key, record })
      return { ackedBy: [other], failures: [] }
    },
    async provide(key) {
      provided.push(key)
      return [other]
    },
    stopProviding: async () => undefined,
    async find(key) {
      const last = put.findLast((one) => one.key === key)
      return last ? { record: last.record, from: [other] } : null
    },
    findProviders: async () => [{ peer: self, toldBy: [other] }],
  }
  const announcer = createAnnouncer({
    forms: [
      {
        writer: createHivemindWriter({ dht, self, bootstraps: () => [], profile, clock }),
        intervalMs: timings.announceIntervalMs,
      },
      {
        writer: createKademliaWriter({
          ...{ records, self, profile, clock },
          ...{ random: () => 0.5, isDhtClient: () => false },
        }),
        intervalMs: timings.kademlia.announceIntervalMs,
      },
    ],
    clock,
    log: createEventLog(clock, null),
    random: () => 0.5,
    onRound: () => undefined,
  })
  return { clock, announcer, stored, put, provided }
}

const hex = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('hex')

describe('one announcement in both forms', () => {
  it('X-02: goes out through both back-ends, each with its own keys, and both are read back', async () => {
    const { announcer, stored, put, provided } = setUp()
    const reports = await announcer.announce(WHAT)
    expect(reports.map(({ form, error, readBack }) => ({ form, error, by: readBack?.by }))).toEqual([
      { form: 'hivemind', error: null, by: other.toString() },
      { form: 'kademlia', error: null, by: other.toString() },
    ])
    const blocks = stored.filter(({ subkey }) => subkey === self.toString())
    expect(blocks.map(({ key }) => key)).toEqual(['M.2', 'M.3'])
    for (const { value } of blocks) expect(decodeServerInfo(value as Uint8Array)).toEqual(INFO)
    expect(put.map(({ key }) => key)).toEqual(['M.2', 'M.3', '_petals.models.M'])
    expect(provided.toSorted()).toEqual(put.map(({ key }) => key).toSorted())
    expect(decodeExpertDescription(put[0]!.record.content)).toMatchObject({ state: 'online', startBlock: 2 })
    announcer.stop()
  })

  it('X-04, M-08: a model is one of the subkeys of “_petals.models”, and a key of its own, with the same golden bytes', async () => {
    const { announcer, stored, put } = setUp()
    await announcer.announce(WHAT)
    const index = stored.filter(({ key }) => key.startsWith('_petals.models'))
    expect(index.map(({ key, subkey, value }) => [key, subkey, hex(value)])).toEqual([
      ['_petals.models', 'M', MODEL_ENTRY],
    ])
    const own = put.filter(({ key }) => key.startsWith('_petals.models'))
    expect(own.map(({ key, record }) => [key, hex(record.content)])).toEqual([['_petals.models.M', MODEL_ENTRY]])
    announcer.stop()
  })

  it('X-06, M-04: every record says when it expires, after now and no later than its lifetime, also the last ones', async () => {
    const { announcer, clock, stored, put } = setUp()
    const checkAll = () => {
      for (const { key, expirationS } of stored.splice(0)) {
        expect(expirationS * 1000, key).toBeGreaterThan(clock.now())
        // Whole milliseconds do not survive seconds as a float.
        expect(expirationS * 1000, key).toBeLessThanOrEqual(clock.now() + timings.recordLifetimeMs + 2)
      }
      for (const { key, record } of put.splice(0)) {
        expect(record.expiresAt, key).toBeGreaterThan(clock.now())
        expect(record.expiresAt, key).toBeLessThanOrEqual(clock.now() + timings.kademlia.recordLifetimeMs + 2)
      }
    }
    await announcer.announce(WHAT)
    expect([stored.length, put.length]).toEqual([3, 3])
    checkAll()
    await clock.advance(60_000)
    stored.length = 0
    put.length = 0
    expect(await announcer.leave()).toBe(true)
    expect([stored.length, put.length]).toEqual([3, 3])
    expect(decodeServerInfo(stored[0]!.value as Uint8Array).state).toBe('offline')
    expect(decodeExpertDescription(put[0]!.record.content).state).toBe('offline')
    checkAll()
  })
})
