import { beforeEach, describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { LoadLevel } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { CPU_CHOICE } from '../engine/device-choice'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome } from '../engine/probe'
import type { FetchEvent, FetchProgress } from '../shards/fetch/types'
import { type Manifest, piecesFor, readManifest } from '../shards/manifest'
import { createLoadLadder, type LoaderRooms, type ShardTarget } from './load-ladder'
import { createSteps, type Steps } from './steps'

let clock: FakeClock
let steps: Steps
let manifest: Manifest
let target: ShardTarget

beforeEach(async () => {
  clock = new FakeClock()
  steps = createSteps(clock, () => undefined)
  manifest ??= await readManifest('resources/models/tiny-jargon-8.manifest.json')
  target = { manifest, range: { start: 0, end: 2 }, modelPath: null }
})

type FetchOptions = Parameters<LoaderRooms['fetchShard']>[0]
const PASSED: ProbeOutcome = { ok: true, maxDifference: 0.01, tolerance: 0.1, computeMs: 1 }

function ladder(script: {
  /** What is said of pieces and of progress before the fetch is over. */
  fetch?: (options: FetchOptions) => void | Promise<void>
  wasThere?: boolean
  probe?: (asked: { hasEntry: boolean }) => Promise<ProbeOutcome>
}) {
  const missing: boolean[] = []
  const asked: boolean[] = []
  const made = createLoadLadder({
    ...{ steps, clock },
    settings: {
      ...{ store: {} as never, sources: async () => [], threads: 1, compute: CPU_CHOICE, gpuMemoryGb: null },
      ...{ contextTokens: 64, maxSequences: 1, maxBatchTokens: 64, reprobeIntervalMs: 600_000 },
    },
    rooms: {
      fetchShard: (async (options: FetchOptions) => {
        await script.fetch?.(options)
        const { wasThere = false } = script
        return { slicePath: 's', entryPath: null, sizeBytes: 1e6, sha256: 'ab'.repeat(32), wasThere }
      }) as unknown as LoaderRooms['fetchShard'],
      runProbe: async (_engine, _manifest, _range, { hasEntry }) => {
        asked.push(hasEntry)
        return script.probe ? script.probe({ hasEntry }) : PASSED
      },
    },
    events: { onCompute: () => undefined, onMissing: ({ fromPeers }) => void missing.push(fromPeers) },
  })
  const levels: LoadLevel[] = []
  const fetch = (signal = new AbortController().signal) =>
    made.fetchSlice(target, signal, (level) => void levels.push(level))
  const prove = (range = target.range) => made.prove({} as EngineClient, { ...target, range })
  /** What the engine is told, and says of its progress. */
  const load = async (range: ShardTarget['range'], fractions: readonly number[]) => {
    const told: Parameters<EngineClient['load']>[0][] = []
    const engine = {
      async load(spec: Parameters<EngineClient['load']>[0], { onProgress }: { onProgress(fraction: number): void }) {
        told.push(spec)
        for (const fraction of fractions) onProgress(fraction)
        return {
          blockCount: 2,
          modelBytes: 1,
          residentBytesBefore: 0,
          residentBytesAfter: 1,
          loadMs: 1,
          devices: [],
          cards: [],
        }
      },
    } as unknown as EngineClient
    const slice = { slicePath: 's', entryPath: null, sizeBytes: 1, sha256: 'ab', range, manifestRoot: manifest.root }
    await made.load(
      engine,
      { ...target, range },
      slice,
      new AbortController().signal,
      (level) => void levels.push(level),
    )
    return told[0]
  }
  return { fetch, prove, load, missing, asked, levels }
}

const verified = (
  options: FetchOptions,
  change: (event: FetchEvent & { type: 'piece-verified' }) => FetchEvent | null,
) => {
  for (const { index, sha256 } of piecesFor(manifest, options.blocks)) {
    const event = change({ type: 'piece-verified', piece: index, sha256, source: 'swarm:p' })
    if (event) options.onEvent?.(event)
  }
}
const shown = (change: Partial<FetchProgress>) =>
  ({ state: 'fetching', verifiedBytes: 50, neededBytes: 100, blocker: null, sources: [], ...change }) as FetchProgress

describe('S-06: bytes count when each piece was hashed, and not because a fetch is over', () => {
  it('one piece that nobody hashed is no evidence', async () => {
    let left = 1
    const { fetch } = ladder({ fetch: (options) => verified(options, (event) => (left-- > 0 ? null : event)) })
    await expect(fetch()).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    expect(steps.get('fetch')?.state).toBe('working')
  })

  it('nor is one with another hash, or a piece of other blocks', async () => {
    const other = ladder({ fetch: (options) => verified(options, (event) => ({ ...event, sha256: '0'.repeat(64) })) })
    await expect(other.fetch()).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    const elsewhere = ladder({
      fetch: (options) => verified(options, (event) => ({ ...event, piece: event.piece + 999 })),
    })
    await expect(elsewhere.fetch()).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
  })

  it('all of them are, and say where they came from; those that lay here are told apart', async () => {
    const peers = ladder({ fetch: (options) => verified(options, (event) => event) })
    expect((await peers.fetch()).origin).toBe('elsewhere')
    expect(peers.missing).toEqual([true])
    const count = piecesFor(manifest, target.range).length
    expect(steps.get('fetch')).toMatchObject({ state: 'done', evidence: [{ kind: 'hash', by: 'sha256' }] })
    expect(steps.get('fetch')?.evidence[0]?.value).toContain(`${count} of ${count} pieces match`)
    const file = ladder({ fetch: (options) => verified(options, (event) => ({ ...event, source: 'file:x' })) })
    expect((await file.fetch()).origin).toBe('local')
    const mirror = ladder({ fetch: (options) => verified(options, (event) => ({ ...event, source: 'http:x' })) })
    await mirror.fetch()
    expect([file.missing, mirror.missing]).toEqual([[], [false]])
    const there = ladder({
      wasThere: true,
      fetch: (options) => verified(options, (event) => ({ ...event, source: null })),
    })
    expect((await there.fetch()).origin).toBe('stored')
  })

  it('a pause is the operator’s, a blocker is a failure, and both end with the next bytes', async () => {
    const seen: (string | undefined)[] = []
    const { fetch, levels } = ladder({
      fetch(options) {
        const say = (change: Partial<FetchProgress>) => {
          options.onProgress?.(shown(change))
          const { state, blocker, progress } = steps.get('fetch') ?? {}
          seen.push(`${state} ${blocker?.code ?? ''} ${progress?.done}`)
        }
        say({})
        say({ state: 'paused' })
        say({ state: 'fetching', verifiedBytes: 40 })
        say({ state: 'waiting', blocker: new EspalierError('FETCH_STALLED').report() })
        say({ verifiedBytes: 60 })
        say({ state: 'checking', verifiedBytes: 100 })
        verified(options, (event) => event)
      },
    })
    await fetch()
    expect(seen).toEqual([
      ...['working  50', 'waiting FETCH_PAUSED 50', 'working  40', 'failed FETCH_STALLED undefined'],
      ...['working  60', 'working  100'],
    ])
    expect(levels).toEqual(['L1', 'L1', 'L1', 'L2'])
  })

  it('what is cancelled says nothing more', async () => {
    const cancelled = new AbortController()
    const { fetch, levels } = ladder({
      fetch(options) {
        cancelled.abort()
        options.onProgress?.(shown({ state: 'paused' }))
        throw new EspalierError('CANCELLED')
      },
    })
    await expect(fetch(cancelled.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect([steps.get('fetch')?.state, levels]).toEqual(['working', []])
  })
})

describe('a load', () => {
  it('ends the model where the blocks do, and never says that it is whole before it is', async () => {
    const shares: (number | undefined)[] = []
    steps = createSteps(clock, () => void shares.push(steps.get('load')?.progress?.done))
    const { load, levels } = ladder({})
    expect(await load({ start: 0, end: 2 }, [0.5, 0.4, 1])).toMatchObject({ isLast: false, wholeModel: false })
    expect(shares).toEqual([undefined, 0.5, 0.99, 1, 1])
    expect(levels).toEqual(['L4', 'L4'])
    expect(await load({ start: 6, end: manifest.blockCount }, [])).toMatchObject({ isLast: true })
  })
})

describe('S-06: a test pass counts when it was computed and is near enough', () => {
  it.each<[string, Partial<ProbeOutcome>]>([
    ['took no time', { computeMs: 0 }],
    ['took a time that is none', { computeMs: Number.NaN }],
    ['differs by no number', { maxDifference: Number.NaN }],
    ['differs without end', { maxDifference: Number.POSITIVE_INFINITY }],
    ['differs by too much, and says that all is well', { maxDifference: 0.11 }],
    ['says itself that it is wrong', { ok: false }],
  ])('one that %s does not', async (_, change) => {
    const { prove } = ladder({ probe: async () => ({ ...PASSED, ...change }) })
    await expect(prove()).rejects.toMatchObject({ code: 'PROBE_FAILED' })
    expect(steps.get('prove')?.state).toBe('working')
  })

  it('one without an answer ends after half a minute', async () => {
    const { prove } = ladder({ probe: () => new Promise(() => undefined) })
    const proving = prove().catch((error: unknown) => error)
    await clock.advance(30_000)
    expect(await proving).toMatchObject({ code: 'TIMED_OUT' })
    expect(clock.pending).toBe(0)
  })

  it('only a first stage begins with tokens; a light that is on stays on while it is proven again', async () => {
    const { prove, asked } = ladder({})
    await prove()
    await prove({ start: 2, end: 4 })
    expect(asked).toEqual([true, false])
    steps.done('prove', [{ kind: 'measurement', by: 'p', at: 0, value: '' }])
    await prove()
    expect(steps.isDone('prove')).toBe(true)
  })
})
