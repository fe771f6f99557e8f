import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { ComputeView, LoadLevel, Progress } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { temporaryDirectory } from '../../test/models/temporary'
import { quietDisk } from '../../test/shards/quiet-disk'
import { CPU_CHOICE } from '../engine/device-choice'
import type { EngineClient } from '../engine/engine'
import type { EngineSupervisor, SupervisorState } from '../engine/supervisor'
import type { FetchProgress } from '../shards/fetch/types'
import type { Manifest } from '../shards/manifest'
import { piecesFor, readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { MeasuredThroughput } from './measure-throughput'
import { createShardLoader, type ShardLoader } from './shard-loader'
import { createSteps, type Steps } from './steps'

type FetchShard = Parameters<typeof createShardLoader>[0]['rooms']['fetchShard']
type RunProbe = Parameters<typeof createShardLoader>[0]['rooms']['runProbe']

let clock: FakeClock
let steps: Steps
let manifest: Manifest
let target: ShardTarget
let levels: LoadLevel[]
let progress: { fetch: Progress[]; load: Progress[] }
let lost: string[]
let proven: number
let stops: number
/** Whether an engine that was ended is started again at once. */
let comesBack: boolean
let slicePath: string
let loader: ShardLoader
let speeds: Map<string, MeasuredThroughput>
let told: MeasuredThroughput[]
let compute: ComputeView | null
/** Calls of the engine other than probes. */
let runs: number
/** Where the store has it; null: it has no header. */
let tokenizerPath: string | null
/** Of the shard that was proven last. */
let tokenizer: LoadedShard['tokenizer']
let enter: (state: SupervisorState) => void
/** How many listen to the supervisor. */
let listening: () => number
/** What each rung does in this test; each is well by default. */
let script: {
  fetch: (options: Parameters<FetchShard>[0]) => Promise<void>
  load: (onProgress: (fraction: number) => void, signal: AbortSignal) => Promise<void>
  probe: () => Promise<number>
  /** Null: the slice brings its own. */
  tokenizer: (() => Promise<{ bosToken: number }>) | null
  /** Of a probe, and of a single token. */
  computeMs: number
  /** What a call of the engine other than a probe waits for. */
  run: Promise<unknown> | null
}

/** In small steps: a climb takes many turns of the event loop, and no time. */
async function pass(durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += 100) await clock.advance(100)
}

const forever = () => new Promise<never>(() => undefined)

beforeEach(async () => {
  clock = new FakeClock()
  manifest ??= await readManifest('resources/models/tiny-jargon-8.manifest.json')
  target = { manifest, range: { start: 0, end: 2 }, modelPath: 'model.gguf' }
  levels = []
  lost = []
  proven = 0
  speeds = new Map()
  told = []
  compute = null
  runs = 0
  stops = 0
  comesBack = true
  slicePath = 's'
  tokenizerPath = 't'
  progress = { fetch: [], load: [] }
  steps = createSteps(clock, () => {
    for (const name of ['fetch', 'load'] as const) {
      const shown = steps.get(name)?.progress
      if (shown && shown !== progress[name].at(-1)) progress[name].push(shown)
    }
  })
  script = {
    fetch: async () => undefined,
    load: async () => undefined,
    probe: async () => 0.001,
    tokenizer: null,
    computeMs: 1,
    run: null,
  }

  const listeners = new Set<(state: SupervisorState) => void>()
  listening = () => listeners.size
  let state: SupervisorState = { name: 'stopped' }
  enter = (next) => {
    state = next
    for (const listener of listeners) listener(next)
  }
  const ready = () => enter({ name: 'ready', engine, report: { release: '', libraryDirectory: '', devices: [] } })
  const engine = {
    async load(_: unknown, { onProgress, signal }: { onProgress: (fraction: number) => void; signal: AbortSignal }) {
      await script.load(onProgress, signal)
      return {
        blockCount: 2,
        embeddingLength: manifest.embeddingLength,
        vocabSize: manifest.vocabSize,
        contextTokens: 64,
        maxBatchTokens: 64,
        modelBytes: 1e6,
        residentBytesBefore: 1e6,
        residentBytesAfter: 3e6,
        loadMs: 5,
        devices: ['CPU'],
        cards: [],
        entry: script.tokenizer === null ? { bosToken: 0 } : null,
      }
    },
    loadTokenizer: () => script.tokenizer?.(),
    openSequence: () => 0,
    closeSequence: async () => undefined,
    async run() {
      runs++
      if (script.run !== null) await script.run
      return { items: [{ hidden: null, logits: null, token: null }], computeMs: script.computeMs }
    },
    unload: async () => undefined,
    async stop() {
      stops++
      enter({ name: 'lost', error: new EspalierError('ENGINE_GONE', 'stopped') })
      if (comesBack) ready()
    },
  } as unknown as EngineClient
  const supervisor = {
    get state() {
      return state
    },
    engine,
    onState(listener: (state: SupervisorState) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    start: ready,
  } as unknown as EngineSupervisor

  loader = createShardLoader({
    supervisor,
    steps,
    clock,
    log: createEventLog(clock, null),
    settings: {
      store: { tokenizer: async () => tokenizerPath } as never,
      sources: async () => [],
      threads: 1,
      compute: CPU_CHOICE,
      gpuMemoryGb: null,
      contextTokens: 64,
      maxSequences: 1,
      maxBatchTokens: 64,
      reprobeIntervalMs: 2_000,
      speeds: { get: async (key) => speeds.get(key) ?? null, set: async (key, speed) => void speeds.set(key, speed) },
    },
    rooms: {
      fetchShard: (async (options: Parameters<FetchShard>[0]) => {
        await script.fetch(options)
        for (const { index, sha256 } of piecesFor(manifest, options.blocks))
          options.onEvent?.({ type: 'piece-verified', piece: index, sha256, source: null })
        return { slicePath, entryPath: 'e', sizeBytes: 100, sha256: 'ab'.repeat(32), wasThere: true }
      }) as unknown as FetchShard,
      runProbe: (async () => {
        const maxDifference = await script.probe()
        return { ok: maxDifference <= 0.1, maxDifference, tolerance: 0.1, computeMs: script.computeMs }
      }) as RunProbe,
    },
    events: {
      onLevel: (level) => void levels.push(level),
      onCompute(used) {
        compute = used
      },
      onSpeed: (speed) => void told.push(speed),
      onProven(shard) {
        proven++
        tokenizer = shard.tokenizer
      },
      onLost: ({ code }) => void lost.push(code),
    },
  })
})

/** A snapshot of a fetch, as far as the ladder looks at it. */
function shown(verifiedBytes: number): FetchProgress {
  return { state: 'fetching', verifiedBytes, neededBytes: 100, blocker: null, sources: [] } as unknown as FetchProgress
}

const stateOf = (name: 'fetch' | 'load' | 'prove') => steps.get(name)?.state

describe('S-06, X-20: for each level there is a fault that stops exactly there, and nothing below L6 is called loaded', () => {
  const faults: [string, LoadLevel | undefined, () => void][] = [
    [
      'no file',
      undefined,
      () => {
        script.fetch = async () => {
          throw new EspalierError('FETCH_NO_SOURCE')
        }
      },
    ],
    [
      'half of the bytes, then nothing',
      'L1',
      () => {
        script.fetch = async ({ onProgress }) => {
          onProgress?.(shown(50))
          await forever()
        }
      },
    ],
    [
      'all bytes, and one of them is wrong',
      'L2',
      () => {
        script.fetch = async ({ onProgress }) => {
          onProgress?.(shown(50))
          onProgress?.(shown(100))
          throw new EspalierError('SHARD_HASH_MISMATCH', 'piece 3')
        }
      },
    ],
    [
      'verified, and llama.cpp refuses it',
      'L3',
      () => {
        script.load = async () => {
          throw new EspalierError('ENGINE_LOAD_FAILED')
        }
      },
    ],
    [
      'llama.cpp maps it and hangs',
      'L4',
      () => {
        script.load = async (onProgress) => {
          onProgress(0.4)
          await forever()
        }
      },
    ],
    [
      'resident, and it computes nonsense',
      'L5',
      () => {
        script.probe = async () => 1.7
      },
    ],
    ['all is well', 'L6', () => undefined],
  ]
  it.each(faults)('%s: %s', async (_, level, fault) => {
    fault()
    loader.use(target)
    await clock.advance(1_000)
    expect(levels.at(-1)).toBe(level)
    expect(proven).toBe(level === 'L6' ? 1 : 0)
    expect(loader.loaded === null).toBe(level !== 'L6')
  })
})

describe('S-07: progress', () => {
  it('is verified bytes, then llama.cpp’s own; it never goes back and is not 100 % before it is true', async () => {
    script.fetch = async ({ onProgress }) => {
      for (const done of [10, 40, 30, 90, 100]) onProgress?.(shown(done))
    }
    let finish: () => void = () => undefined
    script.load = (onProgress) => {
      for (const fraction of [0, 0.5, 0.2, 1]) onProgress(fraction)
      return new Promise((resolve) => {
        finish = resolve
      })
    }
    loader.use(target)
    await clock.advance(10)
    expect(progress.fetch.map(({ done }) => done)).toEqual([10, 40, 90, 100])
    expect(progress.load.map(({ done }) => done)).toEqual([0, 0.5, 0.99])
    expect(stateOf('load')).toBe('working')
    finish()
    await clock.advance(10)
    expect(progress.load.at(-1)?.done).toBe(1)
  })

  it('stops where the engine dies, with an error', async () => {
    script.load = async (onProgress) => {
      onProgress(0.6)
      enter({ name: 'crash-loop', error: new EspalierError('ENGINE_CRASH_LOOP', 'signal SIGKILL') })
      await forever()
    }
    loader.use(target)
    await clock.advance(1_000)
    expect(progress.load.at(-1)?.done).toBe(0.6)
    expect(steps.get('load')?.blocker?.code).toBe('ENGINE_CRASH_LOOP')
  })
})

describe('D-T07: a device that fails a later test pass', () => {
  it('falls to L3, is told, and is back at L6 after a reload', async () => {
    loader.use(target)
    await pass(1_000)
    let failures = 1
    script.probe = async () => (failures-- > 0 ? 2 : 0.001)
    await pass(2_500)
    expect(levels).toContain('L3')
    expect(lost).toEqual(['PROBE_FAILED'])
    expect(stops).toBe(1)
    await clock.advance(1_000)
    expect(levels.at(-1)).toBe('L6')
    expect(proven).toBe(2)
  })

  it('D-T07: says what failed, and not that the app has ended the engine for it', async () => {
    loader.use(target)
    await pass(1_000)
    comesBack = false
    script.probe = async () => 2
    await pass(2_500)
    expect(stops).toBe(1)
    expect(lost).toEqual(['PROBE_FAILED'])
    expect(steps.get('prove')).toMatchObject({ state: 'failed', blocker: { code: 'PROBE_FAILED' } })
    expect(steps.get('load')?.blocker?.code).toBe('PROBE_FAILED')
  })

  it('is reloaded at most 3 times when it works once after each reload, then the blocker stays', async () => {
    let passes = 0
    script.probe = async () => (passes++ % 2 === 0 ? 0.001 : 2)
    loader.use(target)
    await pass(60_000)
    expect(proven).toBe(3)
    expect(levels.at(-1)).toBe('L3')
    expect(steps.get('prove')).toMatchObject({ state: 'failed', blocker: { code: 'PROBE_FAILED' } })
    expect(steps.get('prove')?.next).toBeUndefined()
    script.probe = async () => 0.001
    loader.again()
    await pass(5_000)
    expect(levels.at(-1)).toBe('L6')
  })

  it('a load that fails 3 times is a blocker; “load now” begins again', async () => {
    let loads = 0
    script.load = async () => {
      loads++
      throw new EspalierError('ENGINE_OUT_OF_MEMORY')
    }
    loader.use(target)
    await pass(60_000)
    expect(loads).toBe(3)
    expect(stateOf('load')).toBe('failed')
    script.load = async () => undefined
    loader.again()
    await clock.advance(10)
    expect(levels.at(-1)).toBe('L6')
  })
})

it('after a crash loop “load now” ends what was said about the failure at once', async () => {
  loader.use(target)
  await pass(1_000)
  enter({ name: 'crash-loop', error: new EspalierError('ENGINE_CRASH_LOOP', 'signal SIGKILL') })
  expect(stateOf('load')).toBe('failed')
  script.fetch = forever
  loader.again()
  await clock.advance(0)
  expect([stateOf('fetch'), stateOf('load'), stateOf('prove')]).toEqual(['working', 'idle', 'idle'])
})

it('D-T06: has a test pass at once when asked, one at a time, and keeps the doubt until it is over', async () => {
  loader.use(target)
  await pass(1_000)
  let passes = 0
  const answer = Promise.withResolvers<number>()
  script.probe = () => {
    passes++
    return answer.promise
  }
  steps.degraded('prove', new EspalierError('STALE_AFTER_SLEEP', 'slept for 60 s').report())
  loader.proveNow()
  loader.proveNow()
  await clock.advance(0)
  expect(passes).toBe(1)
  expect(steps.get('prove')).toMatchObject({ state: 'degraded', blocker: { code: 'STALE_AFTER_SLEEP' } })
  answer.resolve(0.001)
  await clock.advance(0)
  expect(stateOf('prove')).toBe('done')
  await pass(1_900)
  expect(passes).toBe(1)
  await pass(200)
  expect(passes).toBe(2)
})

it('S-06: a file that is changed under a loaded engine is served no longer, and is verified and loaded again', async () => {
  slicePath = join(await temporaryDirectory(), 'slice.gguf')
  await writeFile(slicePath, 'weights')
  loader.use(target)
  await clock.advance(1_000)
  // Whoever watches it has seen how it was.
  await quietDisk()
  expect(levels.at(-1)).toBe('L6')
  let hashed = 0
  script.fetch = async () => void hashed++
  // The same size: only the time of the last write tells.
  await utimes(slicePath, 1, 1)
  for (let tenths = 0; tenths < 100 && proven < 2; tenths++) {
    await clock.advance(100)
    await quietDisk()
  }
  expect(proven).toBe(2)
  expect(lost).toEqual(['SHARD_CHANGED'])
  expect(hashed).toBe(1)
  expect(levels.slice(-2)).toEqual(['L5', 'L6'])
  expect(stops).toBe(0)
})

describe('S-06: what is lost has no light', () => {
  it('an engine that is gone takes the proof with it, at once and while nothing comes back', async () => {
    loader.use(target)
    await pass(1_000)
    expect(stateOf('prove')).toBe('done')
    enter({ name: 'lost', error: new EspalierError('ENGINE_GONE') })
    expect([stateOf('load'), stateOf('prove'), loader.loaded]).toEqual(['degraded', 'idle', null])
    expect([lost, levels.at(-1)]).toEqual([['ENGINE_GONE'], 'L3'])
  })

  it('other blocks take the place of those that are served, which is told before anything else is done', async () => {
    loader.use(target)
    await pass(1_000)
    script.fetch = forever
    loader.use({ ...target, range: { start: 2, end: 4 } })
    expect([lost, loader.loaded]).toEqual([['CANCELLED'], null])
  })

  it('a speed that was measured for it comes too late', async () => {
    loader.use(target)
    await pass(1_000)
    const { promise, resolve } = Promise.withResolvers<void>()
    script.run = promise
    script.computeMs = 2
    await pass(7_000)
    enter({ name: 'lost', error: new EspalierError('ENGINE_GONE') })
    resolve()
    await pass(1_000)
    expect(loader.loaded).toBeNull()
    expect(told).toHaveLength(1)
  })

  it('a load that fails leaves what was hashed; bytes that are gone leave nothing', async () => {
    script.load = (onProgress) => {
      onProgress(0.5)
      return Promise.reject(new EspalierError('ENGINE_OUT_OF_MEMORY'))
    }
    loader.use(target)
    await pass(1_000)
    expect(levels).toContain('L4')
    expect([levels.at(-1), stateOf('fetch'), stateOf('load')]).toEqual(['L3', 'done', 'failed'])
    script.fetch = () => Promise.reject(new EspalierError('SHARD_MISSING'))
    await pass(5_000)
    expect([levels.at(-1), stateOf('fetch')]).toEqual(['L0', 'failed'])
  })

  it('that an engine is gone is for the supervisor to mend, and no failed load', async () => {
    script.load = () => Promise.reject(new EspalierError('ENGINE_GONE'))
    loader.use(target)
    await pass(20_000)
    expect(stateOf('load')).toBe('working')
    script.load = async () => undefined
    enter({ name: 'lost', error: new EspalierError('ENGINE_GONE') })
    loader.again()
    await pass(1_000)
    expect(levels.at(-1)).toBe('L6')
  })

  it('a proof that was confirmed ends the row of failures', async () => {
    let probes = 0
    // Every third one is wrong: each reload is followed by a proof and its confirmation.
    script.probe = async () => (++probes % 3 === 0 ? 2 : 0.001)
    loader.use(target)
    await pass(60_000)
    expect(proven).toBeGreaterThan(5)
  })

  it('a loader that was stopped listens to nobody', async () => {
    loader.use(target)
    await pass(1_000)
    expect(listening()).toBe(1)
    await loader.stop()
    expect(listening()).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

describe('S-13: a command to load what is being loaded', () => {
  it('changes nothing, also between two steps, when none of them is at work', async () => {
    let loads = 0
    script.load = async () => void loads++
    let read: (tokenizer: { bosToken: number }) => void = () => undefined
    script.tokenizer = () =>
      new Promise((resolve) => {
        read = resolve
      })
    loader.use(target)
    await clock.advance(100)
    expect([stateOf('fetch'), stateOf('load'), stateOf('prove')]).toEqual(['done', 'done', 'idle'])
    loader.again()
    await clock.advance(100)
    read({ bosToken: 0 })
    await clock.advance(100)
    expect(loads).toBe(1)
    expect(proven).toBe(1)
  })
})

describe('a tokenizer that cannot be loaded', () => {
  it('the blocks serve all the same, and what asks is told why', async () => {
    script.tokenizer = async () => {
      throw new EspalierError('ENGINE_LOAD_FAILED', 'unknown pre-tokenizer')
    }
    loader.use(target)
    await clock.advance(100)
    expect(proven).toBe(1)
    expect(tokenizer).toMatchObject({
      code: 'TOKENIZER_UNUSABLE',
      message: expect.stringContaining('unknown pre-tokenizer'),
    })
  })

  it('is one whose header is not kept here', async () => {
    script.tokenizer = async () => ({ bosToken: 0 })
    tokenizerPath = null
    loader.use(target)
    await clock.advance(100)
    expect(proven).toBe(1)
    expect(tokenizer).toMatchObject({ code: 'TOKENIZER_UNUSABLE', message: expect.stringContaining('header') })
  })

  it('does not hide that the engine has gone', async () => {
    script.tokenizer = async () => {
      throw new EspalierError('ENGINE_GONE', 'killed')
    }
    loader.use(target)
    await clock.advance(100)
    expect(proven).toBe(0)
  })
})

describe('a fetch that the operator has paused', () => {
  const paused = () => ({ ...shown(40), state: 'paused' }) as unknown as FetchProgress

  it('waits with its progress and says by whom; “load now” does not begin it a second time', async () => {
    let begun = 0
    let goOn: () => void = () => undefined
    script.fetch = async ({ onProgress }) => {
      begun++
      onProgress?.(shown(40))
      onProgress?.(paused())
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      onProgress?.(shown(40))
    }
    loader.use(target)
    await clock.advance(10)
    expect(steps.get('fetch')).toMatchObject({
      state: 'waiting',
      progress: { done: 40, total: 100 },
      blocker: { code: 'FETCH_PAUSED', cause: 'Fetching is paused by you' },
    })
    loader.again()
    await clock.advance(60_000)
    expect(begun).toBe(1)
    goOn()
    await clock.advance(10)
    expect(proven).toBe(1)
  })

  it('is under way again, with the progress that it had, when it is resumed', async () => {
    script.fetch = async ({ onProgress }) => {
      onProgress?.(paused())
      onProgress?.(shown(40))
      await forever()
    }
    loader.use(target)
    await clock.advance(10)
    expect(steps.get('fetch')).toMatchObject({ state: 'working', progress: { done: 40, total: 100 } })
    expect(steps.get('fetch')?.blocker).toBeUndefined()
  })

  it('is cancelled like any other', async () => {
    script.fetch = ({ onProgress, signal }) => {
      onProgress?.(paused())
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    }
    loader.use(target)
    await clock.advance(10)
    loader.cancel()
    await clock.advance(60_000)
    expect(steps.get('fetch')).toMatchObject({ state: 'failed', blocker: { code: 'CANCELLED' } })
  })
})

describe('S-38: a load is cancelled', () => {
  it('at once, says so, and begins again only when asked', async () => {
    script.fetch = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    loader.use(target)
    await clock.advance(10)
    loader.cancel()
    await clock.advance(60_000)
    expect(steps.get('fetch')).toMatchObject({ state: 'failed', blocker: { code: 'CANCELLED' } })
    expect(proven).toBe(0)
    script.fetch = async () => undefined
    loader.again()
    await clock.advance(10)
    expect(proven).toBe(1)
    loader.cancel()
    expect(loader.loaded).not.toBeNull()
    expect(stateOf('fetch')).toBe('done')
  })
})

describe('S-10: a node that rather waits for the coordinator', () => {
  const nobody = () => Promise.reject(new EspalierError('FETCH_NO_SOURCE'))

  it('looks no more by itself, says what it waits for, and begins when it is commanded', async () => {
    let tries = 0
    script.fetch = () => {
      tries++
      return nobody()
    }
    loader.use(target)
    await pass(6_000)
    expect(tries).toBe(2)
    loader.awaitCommand()
    await pass(60_000)
    expect(tries).toBe(2)
    expect(steps.get('fetch')).toMatchObject({ state: 'waiting', blocker: { code: 'LOAD_AWAITED' } })
    script.fetch = async () => undefined
    loader.again()
    await clock.advance(10)
    expect(proven).toBe(1)
  })

  it('goes on where the bytes are there', async () => {
    script.load = forever
    loader.use(target)
    await clock.advance(10)
    loader.awaitCommand()
    await clock.advance(10)
    expect([stateOf('fetch'), stateOf('load')]).toEqual(['done', 'working'])
  })
})

describe('M-39: announced speeds are measured', () => {
  it('M-39: the first says when it was measured, and on which device', async () => {
    const begunAt = clock.now()
    loader.use(target)
    await clock.advance(10)
    const { device, measuredAt } = loader.loaded?.throughput ?? { device: '', measuredAt: 0 }
    expect(device).toMatch(/\w/)
    expect(device).toBe(compute?.name)
    expect(measuredAt).toBeGreaterThanOrEqual(begunAt)
    expect(told).toEqual([loader.loaded?.throughput])
    script.computeMs = 2
    await pass(9_000)
    expect(told.map(({ inferenceRps }) => inferenceRps / (told[0]?.inferenceRps ?? 0))).toEqual([1, 0.5])
    expect(told[1]?.measuredAt).toBeGreaterThan(measuredAt)
  })

  it('M-39: again when three probes in a row take twice as long, or half; not for less, nor for a moment', async () => {
    loader.use(target)
    await clock.advance(10)
    const first = loader.loaded?.throughput
    script.computeMs = 1.4
    await pass(9_000)
    expect(loader.loaded?.throughput).toEqual(first)
    script.computeMs = 2
    await pass(2_500)
    script.computeMs = 1
    await pass(2_500)
    expect(loader.loaded?.throughput).toEqual(first)
    script.computeMs = 2
    await pass(7_000)
    expect(loader.loaded?.throughput.inferenceRps).toBeCloseTo((first?.inferenceRps ?? 0) / 2)
    expect(loader.loaded?.throughput.forwardRps).toBeCloseTo((first?.forwardRps ?? 0) / 2)
    script.computeMs = 1
    await pass(7_000)
    expect(loader.loaded?.throughput).toEqual({ ...first, measuredAt: loader.loaded?.throughput.measuredAt })
  })

  it('M-39: once for the same conditions, as long as the probe is as fast as then', async () => {
    loader.use(target)
    await clock.advance(10)
    const first = loader.loaded?.throughput
    expect([...speeds.values()]).toEqual([first])
    const measured = runs
    const loadAgain = async () => {
      loader.use({ ...target })
      await clock.advance(10)
      return loader.loaded?.throughput
    }
    expect(await loadAgain()).toEqual(first)
    expect(runs).toBe(measured)
    script.computeMs = 2
    expect((await loadAgain())?.inferenceRps).toBeCloseTo((first?.inferenceRps ?? 0) / 2)
    expect(runs).toBe(2 * measured)
    loader.use({ ...target, range: { start: 0, end: 3 } })
    await clock.advance(10)
    expect(runs).toBe(3 * measured)
  })

  it('when it is stopped, waits for the fetch under way to write its last', async () => {
    let finish: () => void = () => undefined
    script.fetch = ({ signal }) =>
      new Promise((_, reject) => {
        finish = () => reject(signal?.reason)
      })
    loader.use(target)
    await clock.advance(10)
    let isOver = false
    const stopped = loader.stop().then(() => {
      isOver = true
    })
    await clock.advance(10)
    expect(isOver).toBe(false)
    finish()
    await stopped
    expect(isOver).toBe(true)
  })
})
