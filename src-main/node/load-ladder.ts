import type { BlockRange } from '../../src-shared/blocks'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { ComputeView, FetchView, LoadLevel } from '../../src-shared/status'
import type { ComputeChoice } from '../engine/device-choice'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome, runProbe } from '../engine/probe'
import type { LoadReport } from '../engine/protocol'
import type { FetchControl } from '../shards/fetch/fetch-control'
import type { fetchShard } from '../shards/fetch/fetch-shard'
import type { FetchLimits } from '../shards/fetch/types'
import { type Manifest, piecesFor } from '../shards/manifest'
import type { ByteSource } from '../shards/sources/source'
import type { ShardStore } from '../shards/store/shard-store'
import type { VerifiedSlice } from '../shards/verify-slice'
import { fetchViewOf } from './fetch-view'
import { loadOnDevice } from './load-on-device'
import type { Steps } from './steps'
import type { ThroughputBook } from './throughput-book'

export interface ShardTarget {
  manifest: Manifest
  range: BlockRange
  /** A whole model file on this computer, which the operator chose; null: none. */
  modelPath: string | null
}

export interface LoaderSettings {
  store: ShardStore
  /** Where the pieces may come from, asked anew for each attempt. */
  sources(target: ShardTarget): Promise<ByteSource[]>
  /** Pauses and resumes whatever is fetched. */
  control?: FetchControl
  limits?: Partial<FetchLimits>
  threads: number
  compute: ComputeChoice
  /** Of the cards' memory, in GB; null: what is free. */
  gpuMemoryGb: number | null
  /** KV cache of each of the sequences, in tokens. */
  contextTokens: number
  maxSequences: number
  maxBatchTokens: number
  reprobeIntervalMs: number
  /** Speeds that were measured before; absent: none is kept. */
  speeds?: ThroughputBook
}

export interface LoaderRooms {
  fetchShard: typeof fetchShard
  runProbe: typeof runProbe
}

/** Where a slice's bytes came from: they lay there finished, from other files on this computer, or from elsewhere. */
export type SliceOrigin = 'stored' | 'local' | 'elsewhere'

const FROM_PEERS = /^(lan|swarm):/
const FROM_ELSEWHERE = /^(lan|swarm|http):/
const MAX_UNFINISHED = 0.99
const MAX_PROBE_WAIT_MS = 30_000
const MIN_PROBE_WAIT_MS = 2_000

/** The rungs of the load ladder, each with its step and the evidence that it leaves: L3 hashed, L5 loaded, L6 proven. */
export function createLoadLadder(options: {
  steps: Steps
  clock: Clock
  settings: LoaderSettings
  rooms: LoaderRooms
  events: {
    onCompute(used: ComputeView): void
    onMissing?(how: { fromPeers: boolean }): void
    onFetch?(fetch: FetchView | null): void
  }
}) {
  const { steps, clock, settings, rooms, events } = options

  async function fetchSlice(
    { manifest, range, modelPath }: ShardTarget,
    signal: AbortSignal,
    onLevel: (level: LoadLevel) => void,
  ): Promise<VerifiedSlice & { origin: SliceOrigin }> {
    steps.working('fetch')
    let isFromElsewhere = false
    const needed = new Map(piecesFor(manifest, range).map((piece) => [piece.index, piece.sha256]))
    const matching = new Set<number>()
    const progress = onlyForward((done, total) => steps.progress('fetch', { done, total, unit: 'bytes' }))
    const fetching = rooms.fetchShard({
      manifest,
      blocks: range,
      sources: await settings.sources({ manifest, range, modelPath }),
      store: settings.store,
      clock,
      signal,
      ...(settings.control && { control: settings.control }),
      ...(settings.limits && { limits: settings.limits }),
      onProgress(now) {
        if (signal.aborted) return
        const { state, verifiedBytes, neededBytes, blocker } = now
        events.onFetch?.(fetchViewOf(now))
        if (state === 'fetching' && verifiedBytes > 0) onLevel(verifiedBytes < neededBytes ? 'L1' : 'L2')
        if (state === 'checking') onLevel('L2')
        progress(verifiedBytes, neededBytes)
        if (state === 'paused') steps.held('fetch', new EspalierError('FETCH_PAUSED').report())
        else if (blocker) steps.failed('fetch', blocker, { what: 'Every source is asked again by itself' })
        else if (steps.get('fetch')?.state !== 'working') {
          steps.working('fetch')
          steps.progress('fetch', { done: verifiedBytes, total: neededBytes, unit: 'bytes' })
        }
      },
      // Counted here and not there: that a verification ran is known by the hashes that it found.
      onEvent(event) {
        if (event.type !== 'piece-verified') return
        if (needed.get(event.piece) === event.sha256) matching.add(event.piece)
        if (isFromElsewhere || !FROM_ELSEWHERE.test(event.source ?? '')) return
        isFromElsewhere = true
        events.onMissing?.({ fromPeers: FROM_PEERS.test(event.source ?? '') })
      },
    })
    const slice = await fetching.finally(() => signal.aborted || events.onFetch?.(null))
    if (matching.size !== needed.size) {
      throw new EspalierError('SHARD_HASH_MISMATCH', `${matching.size} of ${needed.size} pieces were hashed`)
    }
    const where = slice.wasThere ? 'slice on disk hashed again: ' : ''
    const pieces = `${where}${matching.size} of ${needed.size} pieces match the manifest`
    steps.done('fetch', [
      {
        kind: 'hash',
        by: 'sha256',
        at: clock.now(),
        value: `${pieces}; slice ${slice.sha256.slice(0, 12)}…, ${megabytes(slice.sizeBytes)}`,
      },
    ])
    return { ...slice, origin: slice.wasThere ? 'stored' : isFromElsewhere ? 'elsewhere' : 'local' }
  }

  async function load(
    engine: EngineClient,
    { manifest, range }: ShardTarget,
    slice: VerifiedSlice,
    signal: AbortSignal,
    onLevel: (level: LoadLevel) => void,
  ): Promise<LoadReport> {
    steps.working('load')
    // llama.cpp says 100 % when the tensors are read, before the context is there: the last step is the report itself.
    const progress = onlyForward((done, total) => {
      onLevel('L4')
      steps.progress('load', { done: Math.min(done, MAX_UNFINISHED), total, unit: 'parts' })
    })
    const { report, used, words } = await loadOnDevice(
      engine,
      {
        slicePath: slice.slicePath,
        entryPath: slice.entryPath,
        wholeModel: false,
        isLast: range.end === manifest.blockCount,
        contextTokens: settings.contextTokens * settings.maxSequences,
        maxBatchTokens: settings.maxBatchTokens,
        maxSequences: settings.maxSequences,
        threads: settings.threads,
      },
      settings,
      { signal, onProgress: (fraction) => progress(fraction, 1) },
    )
    events.onCompute(used)
    const grownBytes = report.residentBytesAfter - report.residentBytesBefore
    steps.progress('load', { done: 1, total: 1, unit: 'parts' })
    steps.done('load', [
      {
        kind: 'measurement',
        by: report.devices.join(', ') || 'llama.cpp',
        at: clock.now(),
        value: `${report.blockCount} blocks, ${megabytes(report.modelBytes)} in ${Math.round(report.loadMs)} ms; memory grew by ${megabytes(grownBytes)}${words}`,
      },
    ])
    return report
  }

  async function prove(engine: EngineClient, { manifest, range }: ShardTarget): Promise<ProbeOutcome> {
    // A pass that comes again leaves the light of the one before, or why that one is in doubt.
    const { state } = steps.get('prove') ?? {}
    if (state !== 'done' && state !== 'degraded') steps.working('prove')
    const waitMs = Math.min(MAX_PROBE_WAIT_MS, Math.max(MIN_PROBE_WAIT_MS, settings.reprobeIntervalMs))
    const outcome = await within(
      clock,
      waitMs,
      rooms.runProbe(engine, manifest, range, { hasEntry: range.start === 0 }),
    )
    // A probe that ran has taken time and differs by a number; one that did not ran can't say so.
    if (!(outcome?.computeMs > 0) || !Number.isFinite(outcome.maxDifference)) {
      throw new EspalierError('PROBE_FAILED', 'the test pass gave no measurement')
    }
    if (!outcome.ok || outcome.maxDifference > outcome.tolerance) {
      throw new EspalierError(
        'PROBE_FAILED',
        `it differs by ${outcome.maxDifference.toExponential(2)}, allowed is ${outcome.tolerance}`,
      )
    }
    return outcome
  }

  function finishProve({ manifest, range }: ShardTarget, outcome: ProbeOutcome): void {
    const what = range.end === manifest.blockCount ? 'logits' : 'hidden state'
    steps.done('prove', [
      {
        kind: 'measurement',
        by: `probe of ${manifest.probe.tokens.length} tokens`,
        at: clock.now(),
        value: `${what} within ${(100 * outcome.maxDifference).toPrecision(2)} % of the manifest’s, ${100 * outcome.tolerance} % is allowed; ${outcome.computeMs.toFixed(1)} ms`,
      },
    ])
  }

  return { fetchSlice, load, prove, finishProve }
}

/** Passes on what is further than before; a bar that goes back was wrong once. */
function onlyForward(show: (done: number, total: number) => void): (done: number, total: number) => void {
  let furthest = -1
  return (done, total) => {
    if (done <= furthest) return
    furthest = done
    show(done, total)
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function within<T>(clock: Clock, waitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(waitMs, () =>
      reject(new EspalierError('TIMED_OUT', `the engine did not answer within ${waitMs / 1000} s`)),
    )
    work.then(resolve, reject).finally(cancel)
  })
}
