import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Clock } from '../../src-shared/clock'
import type { ErrorReport } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { DhtRecord, FoundValue } from '../hivemind/dht'
import { bootKey, encodeBootRecord, readBootRecord } from './boot-record'
import { createDoppelgangerGuard } from './doppelganger'

const INTERVAL_MS = 120_000
const A = 'a'.repeat(16)
const B = 'b'.repeat(16)

let privateKey: PrivateKey
beforeAll(async () => {
  privateKey = await generateKeyPair('Ed25519')
})

/** One side of a network: the newest record of each key, by expiration, as a DHT keeps it. */
function createNetwork() {
  const kept = new Map<string, DhtRecord>()
  return {
    kept,
    async get(keys: readonly string[]) {
      const found = new Map<string, FoundValue>()
      for (const key of keys) {
        const record = kept.get(key)
        if (record) {
          const { value, expirationS } = record
          const entries = new Map([[record.subkey ?? '', { value: value as Uint8Array, expirationS }]])
          found.set(key, { kind: 'dictionary', entries, expirationS })
        }
      }
      return found
    },
    async store(records: readonly DhtRecord[]) {
      for (const record of records) {
        if ((kept.get(record.key)?.expirationS ?? 0) < record.expirationS) kept.set(record.key, record)
      }
      return []
    },
  }
}
type Network = ReturnType<typeof createNetwork>

function start(clock: Clock, network: { now: Network }, machine: string, isOnlyHere = true) {
  const inUse: ErrorReport[] = []
  const warnings: string[] = []
  const self = peerIdFromPrivateKey(privateKey)
  const guard = createDoppelgangerGuard({
    dht: { get: (keys) => network.now.get(keys), store: (records) => network.now.store(records) },
    self,
    privateKey,
    machine,
    isOnlyHere,
    bootstraps: () => [],
    intervalMs: INTERVAL_MS,
    lifetimeMs: 3 * INTERVAL_MS,
    furthestS: 86_400,
    clock,
    log: { write: (_, code) => void warnings.push(code) },
    onInUse: (report) => void inUse.push(report),
  })
  const signal = new AbortController().signal
  return {
    inUse,
    warnings,
    isInDoubt: guard.isInDoubt,
    end: () => guard.ended(signal),
    /** One round: null when it may announce, otherwise why not. */
    round: () =>
      guard.mayAnnounce(signal).then(
        () => null,
        (error: { code: string }) => error.code,
      ),
  }
}

describe('one identity, one node', () => {
  it('D-T20: rounds of two forms that begin together ask once, and both hear the answer', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    const a = start(clock, network, A)
    let asked = 0
    const { get } = network.now
    network.now.get = (keys) => {
      asked++
      return get(keys)
    }
    expect(await Promise.all([a.round(), a.round()])).toEqual([null, null])
    expect(asked).toBe(1)
    const b = start(clock, network, B)
    expect(await Promise.all([b.round(), b.round()])).toEqual(['IDENTITY_BEING_CHECKED', 'IDENTITY_BEING_CHECKED'])
    expect(asked).toBe(2)
  })

  it('D-T20, O-14: a copy elsewhere hears the one that lives and never speaks; the first is not disturbed; also the other way round', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    const a = start(clock, network, A)
    expect(await a.round()).toBeNull()
    await clock.advance(60_000)
    const b = start(clock, network, B)
    const answers: (string | null)[] = []
    for (let t = 0; t <= 2 * INTERVAL_MS; t += 12_000) {
      if (t % INTERVAL_MS === 60_000) expect(await a.round()).toBeNull()
      answers.push(await b.round())
      await clock.advance(12_000)
    }
    expect(answers[0]).toBe('IDENTITY_BEING_CHECKED')
    expect(answers.at(-1)).toBe('IDENTITY_IN_USE')
    expect(answers).not.toContain(null)
    expect(b.inUse).toHaveLength(1)
    expect(a.inUse).toHaveLength(0)
    // Refused once, it stays refused, and takes no leave in the other's name.
    const before = network.now.kept.get(bootKey(peerIdFromPrivateKey(privateKey)))
    await b.end()
    expect(network.now.kept.get(bootKey(peerIdFromPrivateKey(privateKey)))).toBe(before)
  })

  it('D-T20: a copy of another user of the same computer listens like one elsewhere, refuses, and signs nobody off', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    const a = start(clock, network, A)
    expect(await a.round()).toBeNull()
    expect(a.isInDoubt()).toBe(false)
    await clock.advance(1_000)
    const b = start(clock, network, A, false)
    expect(b.isInDoubt()).toBe(true)
    expect(await b.round()).toBe('IDENTITY_BEING_CHECKED')
    await clock.advance(INTERVAL_MS)
    expect(await a.round()).toBeNull()
    expect(await b.round()).toBe('IDENTITY_IN_USE')
    expect(b.isInDoubt()).toBe(true)
    expect(a.inUse).toHaveLength(0)
  })

  it('D-T20: who cannot get the mark of its computer waits, and does not stop for it: others may have taken it', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    await start(clock, network, A).round()
    const next = start(clock, network, A, false)
    expect(await next.round()).toBe('IDENTITY_BEING_CHECKED')
    await clock.advance(2 * INTERVAL_MS)
    expect(await next.round()).toBeNull()
    expect(next.isInDoubt()).toBe(false)
  })

  it('D-T20: moving on purpose works: at once after a farewell, after two intervals without one', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    const a = start(clock, network, A)
    await a.round()
    await a.end()
    const b = start(clock, network, B)
    expect(await b.round()).toBeNull()
    await clock.advance(1_000)
    // Killed this time.
    const c = start(clock, network, A)
    let waitedMs = 0
    while ((await c.round()) !== null) {
      await clock.advance(12_000)
      waitedMs += 12_000
      expect(waitedMs).toBeLessThanOrEqual(2 * INTERVAL_MS)
    }
    expect(waitedMs).toBeGreaterThan(INTERVAL_MS)
    expect(c.inUse).toEqual([])
  })

  it('D-T20: 200 restarts on the same computer, killed or not, raise no false alarm and never wait', async () => {
    const clock = new FakeClock()
    const network = { now: createNetwork() }
    for (let i = 0; i < 200; i++) {
      const run = start(clock, network, A)
      for (let round = 0; round < (i % 3) + 1; round++) {
        expect(await run.round()).toBeNull()
        await clock.advance(10_000)
      }
      if (i % 2 === 0) await run.end()
      expect(run.warnings).toEqual([])
    }
  })

  it('D-T21: two that lived apart meet: both notice within two intervals and the older stays', async () => {
    const clock = new FakeClock()
    const here = { now: createNetwork() }
    const there = { now: createNetwork() }
    const older = start(clock, here, A)
    await older.round()
    await clock.advance(30_000)
    const younger = start(clock, there, B)
    await younger.round()
    await clock.advance(60_000)
    expect([await older.round(), await younger.round()]).toEqual([null, null])
    // The partition heals: one network, with what either side had.
    await here.now.store([...there.now.kept.values()])
    there.now = here.now
    const seen = { older: false }
    for (let t = 0; t < 2 * INTERVAL_MS && younger.inUse.length === 0; t += INTERVAL_MS) {
      await clock.advance(INTERVAL_MS / 2)
      expect(await older.round()).toBeNull()
      seen.older ||= older.warnings.includes('identity.copy-seen')
      await clock.advance(INTERVAL_MS / 2)
      await younger.round()
    }
    expect(younger.inUse).toHaveLength(1)
    expect(older.inUse).toHaveLength(0)
    await clock.advance(INTERVAL_MS)
    expect([await older.round(), await younger.round()]).toEqual([null, 'IDENTITY_IN_USE'])
  })

  it.each([10, -10])(
    'D-T21: one of two stays also where the clock of the first is off by %s minutes',
    async (minutes) => {
      const clock = new FakeClock()
      const off: Clock = { ...clock, now: () => clock.now() + minutes * 60_000 }
      const [here, there] = [{ now: createNetwork() }, { now: createNetwork() }]
      const first = start(off, here, A)
      await first.round()
      await clock.advance(180_000)
      const second = start(clock, there, B)
      await second.round()
      await here.now.store([...there.now.kept.values()])
      there.now = here.now
      for (let round = 0; round < 4; round++) {
        await clock.advance(INTERVAL_MS / 2)
        await first.round()
        await clock.advance(INTERVAL_MS / 2)
        await second.round()
      }
      expect(first.inUse.length + second.inUse.length).toBe(1)
    },
  )

  it('D-T20: a run speaks under its own peer id, where what strangers store does not count for more', async () => {
    const network = { now: createNetwork() }
    const self = peerIdFromPrivateKey(privateKey)
    await start(new FakeClock(), network, A).round()
    expect(network.now.kept.get(bootKey(self))?.subkey).toBe(self.toString())
  })

  it('O-14: nobody else can silence a node: a record that the identity did not sign says nothing', async () => {
    const stranger = await generateKeyPair('Ed25519')
    const clock = new FakeClock()
    const record = { boot: B, machine: B, startedAt: 1, at: clock.now(), ended: false }
    const self = peerIdFromPrivateKey(privateKey)
    const forged = await encodeBootRecord(record, stranger)
    expect(await readBootRecord(forged, self)).toBeNull()
    const own = await encodeBootRecord(record, privateKey)
    expect(await readBootRecord(own, self)).toEqual(record)
    for (const bytes of [own.subarray(1), new Uint8Array(), new Uint8Array(2_000)]) {
      expect(await readBootRecord(bytes, self)).toBeNull()
    }
  })
})
