import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { DhtRecord, FoundValue, HivemindDht } from '../hivemind/dht'
import { decodeServerInfo, MODELS_KEY, NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import { keepsRecordsAlive, PROFILES } from '../network/profiles'
import { createEventLog } from '../storage/event-log'
import type { Announcement } from './announcement'
import { createAnnouncer, type RoundReport } from './announcer'
import { type Governor, MIN_GAP_MS, openGovernor } from './governor'
import { createHivemindWriter } from './hivemind-writer'

const HOUR_MS = 3_600_000
const { announceIntervalMs, recordLifetimeMs } = PROFILES.local.timings
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

let self: PeerId
let other: PeerId
let third: PeerId
beforeAll(async () => {
  const make = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  ;[self, other, third] = [await make(), await make(), await make()]
})

/** A store at one other peer that keeps what it is given, and can be told to lose or refuse things. */
function setUp(governor?: Governor, clock = new FakeClock(), profile = PROFILES.local) {
  const kept = new Map<string, { value: Uint8Array; expirationS: number }>()
  const writes: DhtRecord[][] = []
  const rounds: RoundReport[] = []
  const fault = {
    drops: (_round: number) => false,
    refusesIndex: false,
    loses: false,
    ackedBy: () => [other] as PeerId[],
  }
  const index = (): FoundValue | null => {
    const entry = kept.get(MODELS_KEY)
    return entry ? { kind: 'dictionary', entries: new Map([['M', entry]]), expirationS: entry.expirationS } : null
  }
  const dht = {
    async store(records: readonly DhtRecord[], options: Parameters<HivemindDht['store']>[1]) {
      options?.check?.judge(options.check.key === MODELS_KEY ? index() : null)
      writes.push([...records])
      const dropped = fault.drops(writes.length)
      return records.map((record) => {
        const refused = fault.refusesIndex && record.key === MODELS_KEY
        if (!dropped && !refused && !fault.loses) {
          kept.set(record.key, { value: record.value as Uint8Array, expirationS: record.expirationS })
        }
        return {
          record,
          ackedBy: dropped || refused ? [] : fault.ackedBy(),
          refusedBy: refused ? [other] : [],
          failed: [],
        }
      })
    },
    async findAt(_: PeerId, keys: readonly string[]) {
      const found = new Map<string, FoundValue>()
      for (const key of keys) {
        const entry = kept.get(key)
        if (!entry || entry.expirationS * 1000 < clock.now()) continue
        found.set(key, {
          kind: 'dictionary',
          entries: new Map([[self.toString(), entry]]),
          expirationS: entry.expirationS,
        })
      }
      return found
    },
  } as unknown as HivemindDht
  const writer = createHivemindWriter({ dht, self, bootstraps: () => [third], profile, clock })
  const announcer = createAnnouncer({
    forms: [{ writer, intervalMs: announceIntervalMs }],
    clock,
    log: createEventLog(clock, null),
    random: () => 0.5,
    governor,
    onRound: (report) => void rounds.push(report),
  })
  /** The report of the one form there is. */
  const announce = async (what: Announcement): Promise<RoundReport> => (await announcer.announce(what))[0]!
  return { clock, kept, writes, rounds, fault, announcer, announce }
}

describe('announcer', () => {
  it('writes one record a block of the half-open range, and the model’s entry (M-05, M-07, M-08)', async () => {
    const { announcer, writes } = setUp()
    await announcer.announce(WHAT)
    expect(writes[0]?.map(({ key }) => key)).toEqual(['M.0', 'M.1', 'M.2', MODELS_KEY])
    expect(writes[0]?.map(({ subkey }) => subkey)).toEqual([...Array(3).fill(self.toString()), 'M'])
    announcer.stop()
  })

  it('names who keeps the records and who gave them back (M-32)', async () => {
    const { announcer, announce } = setUp()
    const report = await announce(WHAT)
    expect(report).toMatchObject({ acknowledged: 4, total: 4, ackedBy: [other.toString()], error: null })
    expect(report.readBack).toEqual({ by: other.toString(), found: 3, asked: 3 })
    announcer.stop()
  })

  it('repeats every interval, a little early, while the first write lives (M-11, M-12, X-05)', async () => {
    const { announcer, clock, writes } = setUp()
    void announcer.announce(WHAT)
    await clock.advance(HOUR_MS)
    const expected = HOUR_MS / announceIntervalMs
    expect(writes.length).toBeGreaterThanOrEqual(expected)
    expect(writes.length).toBeLessThanOrEqual(expected * 1.2)
    expect(keepsRecordsAlive(PROFILES.local.timings)).toBe(true)
    announcer.stop()
    expect(clock.pending).toBe(0)
  })

  it('writes strictly later expirations, also when the clock is set back', async () => {
    const { announcer, clock, writes } = setUp()
    for (let i = 0; i < 3; i++) await announcer.announce(WHAT)
    await clock.advance(-60_000)
    await announcer.announce(WHAT)
    const expirations = writes.map(([record]) => record!.expirationS)
    expect(expirations).toEqual(expirations.toSorted((a, b) => a - b))
    expect(new Set(expirations).size).toBe(4)
    announcer.stop()
  })

  it('stays readable at every moment of an hour in which every third round is lost (M-12)', async () => {
    const { announcer, clock, kept, fault } = setUp()
    fault.drops = (round) => round % 3 === 0
    await announcer.announce(WHAT)
    for (let elapsedMs = 0; elapsedMs < HOUR_MS; elapsedMs += 30_000) {
      await clock.advance(30_000)
      expect(kept.get('M.0')!.expirationS * 1000).toBeGreaterThan(clock.now())
    }
    announcer.stop()
  })

  it('takes a lost round for an error and tries again soon (M-24)', async () => {
    const { announcer, clock, rounds, fault } = setUp()
    fault.drops = (round) => round === 1
    await announcer.announce(WHAT)
    expect(rounds[0]).toMatchObject({ acknowledged: 0, error: { code: 'NOT_STORED' } })
    await clock.advance(announceIntervalMs / 5)
    expect(rounds[1]).toMatchObject({ error: null })
    announcer.stop()
  })

  it('does not believe a store that says yes and keeps nothing (X-07)', async () => {
    const { announcer, announce, fault } = setUp()
    fault.loses = true
    expect((await announce(WHAT)).error?.code).toBe('NOT_READ_BACK')
    announcer.stop()
  })

  it('does not count itself', async () => {
    const { announcer, announce, fault } = setUp()
    fault.ackedBy = () => [self]
    expect(await announce(WHAT)).toMatchObject({ acknowledged: 0, error: { code: 'NOT_STORED' } })
    announcer.stop()
  })

  it('is content when another server’s later entry stands in the model index', async () => {
    const { announcer, announce, fault } = setUp()
    fault.refusesIndex = true
    expect(await announce(WHAT)).toMatchObject({ acknowledged: 4, error: null })
    announcer.stop()
  })

  it('leaves with OFFLINE records that live on and are later than all before, and then is silent (M-29)', async () => {
    const { announcer, clock, kept, writes } = setUp()
    await announcer.announce(WHAT)
    const before = kept.get('M.0')!.expirationS
    await announcer.leave()
    const tombstone = kept.get('M.0')!
    expect(decodeServerInfo(tombstone.value).state).toBe('offline')
    expect(tombstone.expirationS).toBeGreaterThan(before)
    expect(tombstone.expirationS * 1000).toBeGreaterThan(clock.now() + recordLifetimeMs / 2)
    const count = writes.length
    await clock.advance(HOUR_MS)
    expect(writes.length).toBe(count)
    expect(clock.pending).toBe(0)
  })

  it('never writes a record that would break other readers', async () => {
    const { announcer, announce, writes } = setUp()
    const report = await announce({ ...WHAT, info: () => ({ ...INFO, endBlock: 0 }) })
    expect(report.error?.code).toBe('RECORD_INVALID')
    expect(writes).toHaveLength(0)
    announcer.stop()
  })

  it('M-24, M-29: a prefix that no key can have is the round’s error, also in a later round and in a farewell', async () => {
    const { announcer, announce, clock, rounds, writes } = setUp()
    const odd: Announcement = { ...WHAT, model: { ...WHAT.model, dhtPrefix: 'a.b' } }
    expect((await announce(odd)).error?.code).toBe('RECORD_INVALID')
    await clock.advance(announceIntervalMs)
    expect(rounds.length).toBeGreaterThan(1)
    expect(await announcer.takeBack(odd)).toBe(false)
    expect(await announcer.leave()).toBe(false)
    expect(writes).toHaveLength(0)
    announcer.stop()
  })

  it('O-04, M-43: changes within half a minute make one more round, with the last of them', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: () => undefined })
    const { announcer, announce, writes, rounds } = setUp(governor, clock)
    await announce(WHAT)
    for (const end of [4, 5, 6]) {
      expect(await announcer.announce({ ...WHAT, range: { start: 0, end } })).toEqual([])
      await clock.advance(1_000)
    }
    expect(writes).toHaveLength(1)
    await clock.advance(MIN_GAP_MS)
    expect(rounds).toHaveLength(2)
    expect(writes[1]?.map(({ key }) => key).slice(0, -1)).toEqual(['M.0', 'M.1', 'M.2', 'M.3', 'M.4', 'M.5'])
    announcer.stop()
  })

  it('M-29, O-17: takes back what was said, and not what was only about to be said', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: () => undefined })
    const { announcer, announce, writes } = setUp(governor, clock)
    expect(await announcer.leave()).toBe(true)
    expect(writes).toHaveLength(0)
    await announce(WHAT)
    await announcer.announce({ ...WHAT, range: { start: 5, end: 8 } })
    expect(await announcer.leave()).toBe(true)
    expect(writes.map((records) => records[0]?.key)).toEqual(['M.0', 'M.0'])
    expect(clock.pending).toBe(0)
  })

  it('M-27, O-04: the sets of two models are one round, and one that fails is tried again alone', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: (error) => expect.unreachable(String(error)) })
    let charges = 0
    const charge: typeof governor.charge = (form, kind) => {
      charges++
      return governor.charge(form, kind)
    }
    const { announcer, writes, rounds, kept } = setUp({ ...governor, charge }, clock)
    let isWhole = false
    const plum: Announcement = {
      model: { ...WHAT.model, dhtPrefix: 'P' },
      range: { start: 4, end: 6 },
      info: () => ({ ...INFO, startBlock: 4, endBlock: isWhole ? 6 : 4 }),
    }
    const reports = await announcer.announce(WHAT, plum)
    expect(reports.map(({ dhtPrefix, error }) => [dhtPrefix, error?.code])).toEqual([
      ['M', undefined],
      ['P', 'RECORD_INVALID'],
    ])
    // Nothing is between them: the gap is between rounds, and both are one.
    expect(charges).toBe(1)
    expect(governor.waitMs('hivemind', announceIntervalMs)).toBe(MIN_GAP_MS)
    isWhole = true
    await clock.advance(MIN_GAP_MS)
    expect(rounds.map(({ dhtPrefix, error }) => [dhtPrefix, error?.code])).toEqual([
      ['M', undefined],
      ['P', 'RECORD_INVALID'],
      ['P', undefined],
    ])
    expect(kept.has('P.4')).toBe(true)
    // Those that are due soon go along, so that the sets are one round again.
    writes.length = 0
    await clock.advance(announceIntervalMs)
    expect(writes.map((records) => records[0]?.key)).toEqual(['M.0', 'P.4'])
    announcer.stop()
    expect(clock.pending).toBe(0)
  })

  it('M-27: a model that is dropped is taken back, the other goes on, and the node stays in the list of servers', async () => {
    const { announcer, writes, clock } = setUp(undefined, new FakeClock(), PROFILES.kwaai)
    const repository = 'https://huggingface.co/a/M'
    const pear: Announcement = { ...WHAT, model: { ...WHAT.model, repository } }
    const plum: Announcement = { ...pear, model: { ...pear.model, dhtPrefix: 'P' } }
    const said = () =>
      writes
        .splice(0)
        .flatMap((records) =>
          records
            .filter(({ key }) => key !== MODELS_KEY)
            .map(({ key, value }) => `${key} ${decodeServerInfo(value as Uint8Array).state}`),
        )
    await announcer.announce(pear, plum)
    const list = '_kwaai.inference.nodes online'
    expect(said()).toEqual(
      ['M.0', 'M.1', 'M.2'].map((key) => `${key} online`).concat(list, ['P.0 online', 'P.1 online', 'P.2 online']),
    )
    await announcer.announce(plum)
    expect(said().toSorted()).toEqual(
      [list, ...[0, 1, 2].flatMap((i) => [`M.${i} offline`, `P.${i} online`])].toSorted(),
    )
    await clock.advance(announceIntervalMs)
    expect(said().filter((line) => line.startsWith('M.'))).toEqual([])
    expect(await announcer.leave()).toBe(true)
    expect(said()).toEqual(['P.0 offline', 'P.1 offline', 'P.2 offline', '_kwaai.inference.nodes offline'])
    expect(clock.pending).toBe(0)
  })

  it('on a public map’s network refuses a null or foreign repository before anything is sent', async () => {
    for (const profile of [PROFILES.kwaai, PROFILES.petals]) {
      const { announcer, announce, writes } = setUp(undefined, new FakeClock(), profile)
      for (const repository of [null, 'https://example.org/M']) {
        const report = await announce({ ...WHAT, model: { ...WHAT.model, repository } })
        expect(report.error?.code).toBe('RECORD_INVALID')
      }
      expect(writes).toHaveLength(0)
      announcer.stop()
    }
  })

  it('never overwrites a model’s shared entry with other numbers; KwaaiNet’s list of servers is written too', async () => {
    const { announcer, announce, writes, kept } = setUp(undefined, new FakeClock(), PROFILES.kwaai)
    const model = { ...WHAT.model, repository: 'https://huggingface.co/a/M' }
    expect((await announce({ ...WHAT, model })).error).toBeNull()
    expect(writes[0]?.map(({ key }) => key)).toEqual(['M.0', 'M.1', 'M.2', '_kwaai.inference.nodes', MODELS_KEY])
    const before = kept.get(MODELS_KEY)
    const other = await announce({ ...WHAT, model: { ...model, blockCount: 9 } })
    expect(other.error).toMatchObject({ code: 'RECORD_INVALID', cause: expect.stringMatching(/8 blocks/) })
    expect(writes).toHaveLength(1)
    expect(kept.get(MODELS_KEY)).toBe(before)
    announcer.stop()
  })
})

it('D-T22: a network that comes and goes 100 times in ten minutes: at most 20 announces, and the last state is said', async () => {
  const clock = new FakeClock()
  const governor = await openGovernor({ clock, file: null, onTrouble: (error) => expect.unreachable(String(error)) })
  const { announcer, writes, kept, fault } = setUp(governor, clock)
  const begin = clock.now()
  void announcer.announce(WHAT)
  for (let flap = 0; flap < 100; flap++) {
    fault.drops = () => flap % 2 === 1
    announcer.refresh()
    await clock.advance(6_000)
  }
  expect(clock.now() - begin).toBe(600_000)
  expect(writes.length).toBeGreaterThan(5)
  expect(writes.length).toBeLessThanOrEqual(20)
  fault.drops = () => false
  await clock.advance(60_000)
  for (const key of ['M.0', 'M.1', 'M.2']) {
    const record = kept.get(key)
    expect(record && decodeServerInfo(record.value).state).toBe('online')
    expect((record?.expirationS ?? 0) * 1000).toBeGreaterThan(clock.now())
  }
  announcer.stop()
  expect(clock.pending).toBe(0)
})

it.each([
  ['30 s', 30_000],
  ['2 min', 120_000],
  ['1 h', HOUR_MS],
  ['1 d', 24 * HOUR_MS],
  ['to 1970', Date.UTC(2026, 0, 1) - 1_000],
])(
  'D-T05: a clock that jumps back %s while running, and forth: no burst, no silence, expirations rise',
  async (_, jumpMs) => {
    const steady = new FakeClock()
    let offsetMs = 0
    const clock = Object.assign(Object.create(steady) as FakeClock, { now: () => steady.now() + offsetMs })
    const governor = await openGovernor({ clock, file: null, onTrouble: (error) => expect.unreachable(String(error)) })
    const { announcer, writes } = setUp(governor, clock)
    const at: number[] = []
    const look = async (durationMs: number) => {
      for (const end = steady.now() + durationMs; steady.now() < end; ) {
        const before = writes.length
        await steady.advance(1_000)
        if (writes.length > before) at.push(steady.now())
        expect(writes.length - before).toBeLessThanOrEqual(1)
      }
    }
    void announcer.announce(WHAT)
    for (const direction of [-1, 0, 1, 0]) {
      offsetMs = direction * jumpMs
      await look(600_000)
    }
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(MIN_GAP_MS)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * announceIntervalMs)
    const expirations = writes.map((records) => records[0]?.expirationS ?? 0)
    for (const [i, expirationS] of expirations.entries())
      if (i > 0) expect(expirationS).toBeGreaterThan(expirations[i - 1]!)
    announcer.stop()
  },
)
