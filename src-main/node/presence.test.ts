import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { Announcement } from '../announce/announcement'
import { MIN_GAP_MS, openGovernor } from '../announce/governor'
import type { DhtRecord, FoundValue } from '../hivemind/dht'
import { blockKey, decodeServerInfo } from '../hivemind/server-info'
import type { KademliaRecords } from '../kademlia/records'
import type { Host } from '../network/host'
import { PROFILES } from '../network/profiles'
import { createEventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { Announced } from './leaving'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import { createPresence } from './presence'
import { REAL_ROOMS } from './rooms'
import { createSteps } from './steps'

const { announceIntervalMs } = PROFILES.espalier.timings
const PREFIX = 'Tiny-8'
const STALE = new EspalierError('STALE_AFTER_SLEEP').report()

const targetOf = (start: number, end: number) =>
  ({
    manifest: { dhtPrefix: PREFIX, blockCount: 8, repository: null, root: 'abc', quantization: 'q8_0' },
    range: { start, end },
    modelPath: null,
  }) as unknown as ShardTarget
const TARGET = targetOf(2, 4)

let self: PeerId
let other: PeerId
beforeAll(async () => {
  self = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
})

/** A node's presence beside one other peer, which keeps whatever it is given and is asked to look. */
async function setUp({ isGoverned = false, journalled = null as Announced | null } = {}) {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const steps = createSteps(clock, () => undefined)
  const ending = new AbortController()
  const kept = new Map<string, DhtRecord>()
  let writes = 0
  const dht = {
    mode: 'server',
    async store(records: readonly DhtRecord[]) {
      writes++
      for (const record of records) kept.set(record.key, record)
      return records.map((record) => ({ record, ackedBy: [other], refusedBy: [], failed: [] }))
    },
    async findAt(_: PeerId, keys: readonly string[]) {
      const found = new Map<string, FoundValue>()
      for (const key of keys) {
        const record = kept.get(key)
        if (!record) continue
        const { value, expirationS } = record
        const entries = new Map([[self.toString(), { value: value as Uint8Array, expirationS }]])
        found.set(key, { kind: 'dictionary', entries, expirationS })
      }
      return found
    },
    randomWalk: async () => [],
    knownPeers: () => [other],
  }
  const world = { shard: null as LoadedShard | null, refusal: null as EspalierError | null, looks: 0 }
  const journal = { noted: journalled, cleared: 0 }
  const presence = createPresence({
    host: {
      peerId: self,
      getMultiaddrs: () => [],
      peerStore: { get: async () => Promise.reject(new Error('not there')) },
    } as unknown as Host,
    dht: dht as never,
    records: {} as KademliaRecords,
    book: {
      add: () => undefined,
      hint: () => undefined,
      peers: () => [{ peerId: other, addresses: [] }] as never,
      hints: () => [],
    },
    config: { profile: PROFILES.espalier, publicName: 'pear' } as NodeConfig,
    rooms: {
      ...REAL_ROOMS,
      async askWitness(_host, witness) {
        world.looks++
        return { witness: witness.toString(), verdict: null, error: new EspalierError('TIMED_OUT').report() }
      },
    },
    steps,
    clock,
    log,
    governor: isGoverned ? await openGovernor({ clock, file: null, onTrouble: () => undefined }) : undefined,
    guard: {
      mayAnnounce: async () => {
        if (world.refusal) throw world.refusal
      },
      ended: async () => undefined,
    } as never,
    journal: {
      load: async () => journal.noted,
      async note({ model, range }: Announcement) {
        journal.noted = { model, range, publicName: null, version: null }
      },
      async clear() {
        journal.noted = null
        journal.cleared++
      },
    },
    cacheTokensLeft: () => 512,
    signal: ending.signal,
    shard: () => world.shard,
    foreign: null,
    servers: () => [],
    onRound: () => undefined,
    onOthersSee: () => undefined,
    onDialled: () => undefined,
    mapDoubt: () => null,
  })
  const throughput = { inferenceRps: 9, forwardRps: 90, requestsPerSecond: 12, measuredAt: clock.now(), device: 'CPU' }
  return {
    ...{ clock, steps, presence, world, journal, ending },
    writes: () => writes,
    /** What others read of this block. */
    stateOf(block: number) {
      const record = kept.get(blockKey(PREFIX, block))
      return record ? decodeServerInfo(record.value as Uint8Array).state : null
    },
    serve(target = TARGET) {
      world.shard = { target, throughput } as LoadedShard
      presence.online(world.shard)
    },
    lose(target: ShardTarget | null = TARGET) {
      world.shard = null
      presence.lost(target)
    },
  }
}

describe('presence', () => {
  it('M-09: says JOINING while the blocks are on their way, and ONLINE with what was measured when they are proven', async () => {
    const { presence, clock, steps, world, stateOf, serve } = await setUp()
    presence.joining(TARGET)
    await clock.advance(0)
    expect([2, 3, 4].map(stateOf)).toEqual(['joining', 'joining', null])
    expect(steps.get('announce')?.state).toBe('idle')
    expect(world.looks).toBe(0)
    serve()
    await clock.advance(0)
    expect([2, 3].map(stateOf)).toEqual(['online', 'online'])
    expect(steps.get('announce')).toMatchObject({ state: 'done', evidence: [{ by: other.toString() }] })
    // Only after the records stand is anybody asked to look.
    expect(world.looks).toBeGreaterThan(0)
  })

  it('a round for blocks that were lost meanwhile proves nothing, and asks nobody to look', async () => {
    const { clock, steps, world, serve } = await setUp()
    serve()
    world.shard = null
    await clock.advance(0)
    expect(steps.get('announce')?.state).toBe('working')
    expect(world.looks).toBe(0)
  })

  it('falls back to JOINING when the blocks are lost, says so every interval, and has nobody look', async () => {
    const { clock, steps, world, stateOf, writes, serve, lose } = await setUp()
    serve()
    await clock.advance(1_000)
    lose()
    await clock.advance(0)
    expect(stateOf(2)).toBe('joining')
    expect(['announce', 'visible', 'serve'].map((name) => steps.get(name as 'serve')?.state)).toEqual(
      Array(3).fill('idle'),
    )
    const [looks, before] = [world.looks, writes()]
    await clock.advance(3 * announceIntervalMs)
    expect(world.looks).toBe(looks)
    expect(writes()).toBeGreaterThanOrEqual(before + 3)
    expect(stateOf(2)).toBe('joining')
  })

  it('describes itself in the words of its records, and only the blocks that they name', async () => {
    const { presence, serve } = await setUp()
    expect(presence.describe('')).toBeNull()
    serve()
    expect(presence.keysOf(TARGET)).toEqual([blockKey(PREFIX, 2), blockKey(PREFIX, 3)])
    expect(presence.describe(blockKey(PREFIX, 3))).not.toBeNull()
    expect(presence.describe('')).not.toBeNull()
    expect(presence.describe(blockKey(PREFIX, 4))).toBeNull()
    await presence.withdraw()
    expect(presence.describe('')).toBeNull()
  })

  it('M-29: leaving writes OFFLINE, says nothing more, and forgets what there was to take back', async () => {
    const { presence, clock, journal, stateOf, writes, serve } = await setUp()
    serve()
    await clock.advance(0)
    expect(journal.noted).toMatchObject({ range: TARGET.range })
    await presence.withdraw()
    expect([2, 3].map(stateOf)).toEqual(['offline', 'offline'])
    expect(journal.noted).toBeNull()
    const before = writes()
    await clock.advance(3 * announceIntervalMs)
    expect(writes()).toBe(before)
  })

  it('who was silenced neither announces nor takes leave: what stands there is another’s', async () => {
    const { presence, clock, journal, stateOf, writes, serve } = await setUp()
    serve()
    await clock.advance(0)
    const before = writes()
    presence.silence()
    presence.joining(TARGET)
    await clock.advance(3 * announceIntervalMs)
    await presence.withdraw()
    expect(writes()).toBe(before)
    expect(stateOf(2)).toBe('online')
    expect(journal.cleared).toBe(0)
  })

  it('a computer that sleeps is OFFLINE meanwhile, and says again what it said when it wakes', async () => {
    const { presence, clock, steps, stateOf, serve } = await setUp()
    serve()
    await clock.advance(0)
    await presence.sleep()
    expect(stateOf(2)).toBe('offline')
    presence.refresh(STALE)
    expect(steps.get('announce')).toMatchObject({ state: 'degraded', blocker: { code: 'STALE_AFTER_SLEEP' } })
    await clock.advance(0)
    expect(stateOf(2)).toBe('online')
    expect(steps.isDone('announce')).toBe(true)
  })

  it('D-T21: waits while its identity is being checked, writes nothing then, and says what it waits for', async () => {
    const { clock, steps, world, stateOf, serve } = await setUp()
    world.refusal = new EspalierError('IDENTITY_BEING_CHECKED')
    serve()
    await clock.advance(0)
    expect(steps.get('announce')).toMatchObject({ state: 'waiting', next: { at: expect.any(Number) } })
    expect(stateOf(2)).toBeNull()
    world.refusal = null
    await clock.advance(announceIntervalMs)
    expect([stateOf(2), steps.isDone('announce')]).toEqual(['online', true])
  })

  it('O-04: what changes right after a round waits for the gap between two, and says until when', async () => {
    const { presence, clock, steps, stateOf, serve } = await setUp({ isGoverned: true })
    presence.joining(TARGET)
    await clock.advance(0)
    const saidAt = clock.now()
    await clock.advance(1_000)
    serve()
    await clock.advance(0)
    expect(stateOf(2)).toBe('joining')
    expect(steps.get('announce')).toMatchObject({ state: 'waiting', next: { at: saidAt + MIN_GAP_MS } })
    await clock.advance(MIN_GAP_MS)
    expect([stateOf(2), steps.isDone('announce')]).toEqual(['online', true])
  })

  it('O-17: other blocks than an earlier run’s take those back first', async () => {
    const left = { model: { dhtPrefix: PREFIX, blockCount: 8, repository: null }, range: { start: 5, end: 7 } }
    const { presence, clock, stateOf, ending } = await setUp({
      journalled: { ...left, publicName: 'pear', version: '1' },
    })
    const finished = presence.finishLeaving()
    await clock.advance(0)
    presence.joining(TARGET)
    await clock.advance(0)
    expect([5, 6].map(stateOf)).toEqual(['offline', 'offline'])
    expect(stateOf(2)).toBe('joining')
    ending.abort()
    await finished
  })
})
