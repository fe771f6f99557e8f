import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import type { Manifest, ManifestPiece } from '../manifest'
import type { ByteSink, ByteSource, SourceKind } from '../sources/source'
import type { SliceSession } from '../store/slice-session'
import { createBufferPool } from './buffer-pool'
import type { Claim, Run } from './piece-board'
import { createSourceEntry, type SourceEntry } from './source-book'
import { type WorkPlace, workFor } from './source-worker'
import { DEFAULT_LIMITS, type FetchEvent } from './types'
import { createWake } from './wake'

const BYTES = Uint8Array.of(1, 2, 3, 4)
const STALL_MS = DEFAULT_LIMITS.stallMs
const piece = (index: number): ManifestPiece => ({
  ...{ index, offset: index * 4, sizeBytes: 4, role: 'block', block: 0 },
  sha256: createHash('sha256').update(BYTES).digest('hex'),
})
const hang = (_: ByteSink, signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

interface Setting {
  neededBytes?: number
  maxSources?: number
  /** What of piece 0 lies on the disk already. */
  partialBytes?: number
  onDisk?: Uint8Array
  read?: (sink: ByteSink, signal: AbortSignal) => Promise<void>
}

/** One source among others in a fetch whose board has one run for it, and whose disk takes everything. */
function setUp(
  kind: SourceKind,
  { neededBytes = 1_000, maxSources = 4, partialBytes = 0, onDisk = BYTES, read = hang }: Setting = {},
) {
  const clock = new FakeClock()
  const ending = new AbortController()
  const entries: SourceEntry[] = []
  const add = (of: SourceKind, more: Partial<SourceEntry> = {}) => {
    const source: ByteSource = {
      ...{ id: `${of} ${entries.length}`, kind: of, label: of, hasHeader: true },
      open: async () => null,
      read: (_, sink, signal) => read(sink, signal),
      close: async () => undefined,
    }
    const entry = Object.assign(createSourceEntry(source, clock), { available: null }, more)
    entries.push(entry)
    return entry
  }
  const entry = add(kind)
  const claims: Claim[] = []
  const state = { runs: 0, verified: 0, paced: 0, received: 0 }
  const events: FetchEvent[] = []
  const dropped: number[] = []
  const session = {
    partialBytes: (index: number) => (index === 0 ? partialBytes : 0),
    readPartial: async (_: number, target: Uint8Array) => {
      target.set(onDisk.subarray(0, partialBytes))
      return true
    },
    ...{ write: async () => undefined, notePartial: async () => undefined, noteVerified: async () => undefined },
    drop: async (index: number) => void dropped.push(index),
  } as unknown as SliceSession
  const place: WorkPlace = {
    ...{ manifest: {} as Manifest, session, pool: createBufferPool(2, 4), clock, wake: createWake(clock), entries },
    board: {
      ...{ neededBytes, neededPieces: 1, verifiedBytes: () => 0, verifiedPieces: () => 0, missing: () => [] },
      isComplete: () => false,
      claim(claim) {
        claims.push(claim)
        if (state.runs-- <= 0) return null
        const run: Run = { source: claim.source, pieces: [piece(0)], begun: 0, movedAtMs: claim.nowMs }
        return run
      },
      verified: () => void state.verified++,
      release: () => undefined,
    },
    bandwidth: {
      take(sizeBytes) {
        state.paced += sizeBytes
        return undefined
      },
    },
    limits: { ...DEFAULT_LIMITS, maxSources },
    startedAtMs: clock.monotonicMs(),
    signal: ending.signal,
    emit: (event) => void events.push(event),
    onReceived: (sizeBytes) => {
      state.received += sizeBytes
    },
    ...{ onVerified: () => undefined, onDiskFailure: () => undefined },
  }
  const begin = async (runs = 0) => {
    state.runs = runs
    void workFor(entry, place)
    await clock.advance(0)
  }
  const failures = () => events.flatMap((event) => (event.type === 'source-failed' ? event.error.code : []))
  const stalls = () => events.filter(({ type }) => type === 'source-stalled').length
  const end = () => ending.abort(new EspalierError('CANCELLED'))
  return { clock, entry, add, begin, claims, state, events, dropped, failures, stalls, end }
}

/** Whether it may ask for pieces 0 and 1, `afterMs` into the fetch, beside another that says to have the first. */
async function mayAsk(kind: SourceKind, other: SourceKind, afterMs: number, more: Partial<SourceEntry> = {}) {
  const { clock, add, begin, claims, end } = setUp(kind)
  add(other, { available: new Set([0]), ...more })
  await clock.advance(afterMs)
  await begin()
  end()
  return [0, 1].map((index) => claims[0]?.may(piece(index)))
}

describe('S-14: nearer sources come first', () => {
  it('peers nearby have five seconds to get going, and whatever is on this computer is always before', async () => {
    expect(await mayAsk('swarm', 'lan', 4_999)).toEqual([false, true])
    expect(await mayAsk('swarm', 'lan', 5_000)).toEqual([true, true])
    expect(await mayAsk('swarm', 'file', 600_000)).toEqual([false, true])
    expect(await mayAsk('swarm', 'swarm', 0)).toEqual([true, true])
    expect(await mayAsk('lan', 'swarm', 0)).toEqual([true, true])
  })

  it('who fails, waits after a failure or is out holds nobody up', async () => {
    const later = { retryAtMs: Number.POSITIVE_INFINITY }
    for (const more of [{ failuresInARow: 1 }, later, { state: 'excluded' as const }])
      expect(await mayAsk('swarm', 'file', 0, more)).toEqual([true, true])
  })

  it('who has not said what it has holds others up for two seconds', async () => {
    expect(await mayAsk('swarm', 'file', 1_999, { available: undefined })).toEqual([false, false])
    expect(await mayAsk('swarm', 'file', 2_000, { available: undefined })).toEqual([true, true])
  })
})

describe('S-22: shares', () => {
  it('one of several other computers asks for half of an even part; one alone for as much as a request may have', async () => {
    const { add, begin, claims, end } = setUp('swarm', { neededBytes: 1_000 })
    add('http')
    add('file', { available: new Set() })
    add('swarm', { state: 'excluded' })
    await begin()
    end()
    expect(claims[0]?.maxBytes).toBe(250)
    const alone = setUp('swarm')
    await alone.begin()
    alone.end()
    expect(alone.claims[0]?.maxBytes).toBe(256 * 2 ** 20)
  })

  it('no more are read at once than may be', async () => {
    for (const [active, asks] of [
      [1, true],
      [2, false],
    ] as const) {
      const { add, begin, claims, end } = setUp('swarm', { maxSources: 2 })
      for (let index = 0; index < active; index += 1) add('swarm', { state: 'active' })
      await begin()
      end()
      expect(claims.length > 0, `${active}`).toBe(asks)
    }
  })

  it('after a failure it is not asked before its pause is over', async () => {
    const { clock, entry, begin, claims, end } = setUp('swarm')
    entry.retryAtMs = clock.monotonicMs() + 3_000
    await begin()
    await clock.advance(2_900)
    expect(claims).toEqual([])
    await clock.advance(200)
    expect(claims.length).toBeGreaterThan(0)
    end()
  })
})

describe('S-19: what a source gives', () => {
  it('a whole piece counts, ends a row of failures, and is paced where it comes from another computer', async () => {
    for (const [kind, paced] of [
      ['swarm', 4],
      ['file', 0],
    ] as const) {
      const { clock, entry, begin, state, failures, end } = setUp(kind, { read: async (sink) => sink(BYTES) })
      entry.failuresInARow = 3
      await begin(1)
      await clock.advance(100)
      end()
      expect(state, kind).toMatchObject({ verified: 1, received: 4, paced })
      expect(entry).toMatchObject({ verifiedPieces: 1, failuresInARow: 0 })
      expect(failures()).toEqual([])
    }
  })

  it('less than was asked for is a failure', async () => {
    const { clock, begin, failures, end } = setUp('swarm', { read: async (sink) => sink(BYTES.subarray(1)) })
    await begin(1)
    await clock.advance(100)
    end()
    expect(failures()).toEqual(['PROTOCOL_VIOLATION'])
  })

  it('S-23: bad bytes are held against it, unless some of them came from before', async () => {
    const bad = setUp('swarm', { read: async (sink) => sink(Uint8Array.of(9, 9, 9, 9)) })
    await bad.begin(1)
    await bad.clock.advance(100)
    bad.end()
    expect([...bad.entry.rejected]).toEqual([0])
    expect(bad.failures()).toEqual(['SHARD_HASH_MISMATCH'])
    const onDisk = Uint8Array.of(9, 9, 9, 9)
    const mixed = setUp('swarm', { partialBytes: 2, onDisk, read: async (sink) => sink(BYTES.subarray(2)) })
    await mixed.begin(1)
    await mixed.clock.advance(100)
    mixed.end()
    expect(mixed.events.map(({ type }) => type)).toEqual(['piece-rejected'])
    expect([...mixed.entry.rejected]).toEqual([])
    // Either way the piece begins anew.
    expect([bad.dropped, mixed.dropped]).toEqual([[0], [0]])
  })

  it('what lies there of a piece counts with what follows', async () => {
    const { clock, begin, state, failures, end } = setUp('swarm', {
      ...{ partialBytes: 2, read: async (sink) => sink(BYTES.subarray(2)) },
    })
    await begin(1)
    await clock.advance(100)
    end()
    expect(state).toMatchObject({ verified: 1, received: 2 })
    expect(failures()).toEqual([])
  })

  it('one that does not look at its signal is not listened to after the end', async () => {
    const clockOf = { tick: () => undefined as unknown }
    const { clock, begin, state, end } = setUp('swarm', {
      read: async (sink) => {
        for (let at = 0; at < 4; at += 1) {
          await new Promise<void>((resolve) => {
            clockOf.tick = () => resolve()
          })
          await sink(BYTES.subarray(at, at + 1))
        }
      },
    })
    await begin(1)
    clockOf.tick()
    await clock.advance(10)
    expect(state.received).toBe(1)
    end()
    clockOf.tick()
    await clock.advance(10)
    expect(state.received).toBe(1)
  })

  it('silence ends its request after half a minute, though nobody else has the piece', async () => {
    const { clock, begin, stalls, failures, end } = setUp('swarm')
    await begin(1)
    await clock.advance(STALL_MS - 2_000)
    expect(stalls()).toBe(0)
    await clock.advance(4_000)
    expect([stalls(), failures()]).toEqual([1, ['TIMED_OUT']])
    end()
  })

  it('a trickle ends only where somebody who waits could do better', async () => {
    const trickle = async (sink: ByteSink, signal: AbortSignal): Promise<void> => {
      await sink(new Uint8Array(0))
      await new Promise((resolve) => {
        ticks.push(resolve)
      })
      if (signal.aborted) throw signal.reason
      return trickle(sink, signal)
    }
    let ticks: ((value?: unknown) => void)[] = []
    for (const [name, other, isEnded] of [
      ['nobody', null, false],
      ['one that waits and has it', {}, true],
      ['one that has not', { available: new Set([7]) }, false],
      ['one that is busy', { state: 'active' as const }, false],
      ['one that has just failed', { retryAtMs: Number.POSITIVE_INFINITY }, false],
    ] as const) {
      ticks = []
      const { clock, add, begin, stalls, end } = setUp('swarm', { read: trickle })
      if (other) add('swarm', other)
      await begin(1)
      for (let second = 0; second < 40; second += 1) {
        for (const tick of ticks.splice(0)) tick()
        await clock.advance(1_000)
        if (second < 28) expect(stalls(), name).toBe(0)
      }
      expect(stalls() > 0, name).toBe(isEnded)
      end()
    }
  })
})
