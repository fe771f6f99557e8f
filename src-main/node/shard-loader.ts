import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, messageOf, reportOf } from '../../src-shared/errors'
import type { ComputeView, FetchView, LoadLevel, StepName } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome } from '../engine/probe'
import type { EntryReport, LoadReport } from '../engine/protocol'
import type { EngineSupervisor } from '../engine/supervisor'
import type { StageRunner } from '../pipeline/stage-runner'
import type { EventLog } from '../storage/event-log'
import { createEngineStage } from './engine-stage'
import {
  createLoadLadder,
  type LoaderRooms,
  type LoaderSettings,
  type ShardTarget,
  type SliceOrigin,
} from './load-ladder'
import { isOutdated, type MeasuredThroughput, measureThroughput, type Throughput } from './measure-throughput'
import { watchSlice } from './slice-watch'
import type { Steps } from './steps'
import { throughputKey } from './throughput-book'

export interface LoadedShard {
  readonly target: ShardTarget
  readonly engine: EngineClient
  readonly stage: StageRunner
  readonly throughput: MeasuredThroughput
  readonly slicePath: string
  readonly origin: SliceOrigin
  /** Free memory of the graphics cards in use after the load, in bytes; null where none is. */
  readonly freeCardBytes: number | null
  /** Under which it is kept; null where it is not. */
  readonly throughputKey: string | null
  /** Null where neither the first block nor a whole model is here: then nothing can be tokenized. */
  readonly entry: EntryReport | null
}

export interface LoaderEvents {
  onLevel(level: LoadLevel): void
  /** How the fetch under way is doing; null when it is over. */
  onFetch?(fetch: FetchView | null): void
  /** The files of this target must stay from now on; null: of none. */
  onHold?(target: ShardTarget | null): void
  /** What computes from now on, after a load. */
  onCompute(used: ComputeView): void
  /** L6: the slice gave the manifest's answer, just now. Also after a recovery. */
  onProven(shard: LoadedShard): void
  /** How fast it is, when it is proven, and again when that has changed. */
  onSpeed?(speed: MeasuredThroughput): void
  /** It was proven and isn't any more. */
  onLost(cause: ErrorReport): void
  /** The bytes are not on this computer, and the first of them have come from elsewhere. */
  onMissing?(how: { fromPeers: boolean }): void
}

const MAX_TRIES = 3
const RETRY_MS = 5_000
/** One slow probe is a moment's load, and measuring then would only add to it. */
const OUTDATED_PROBES = 3
/** For a disk that does not answer: a node that leaves has ten seconds in all. */
const STOP_WAIT_MS = 3_000
const UNVERIFIED: readonly LoadLevel[] = ['L0', 'L1', 'L2']

/**
 * Brings one slice up the load ladder and keeps it there: get the bytes, hash them, load them, prove them, prove
 * them again from time to time, and start over when the engine goes away or gives another answer.
 */
export function createShardLoader(options: {
  supervisor: EngineSupervisor
  steps: Steps
  clock: Clock
  log: EventLog
  settings: LoaderSettings
  rooms: LoaderRooms
  events: LoaderEvents
}) {
  const { supervisor, steps, clock, log, settings } = options
  let level: LoadLevel = 'L0'
  /** What the slice lies on, since the last load. */
  let device = ''
  const events: LoaderEvents = {
    ...options.events,
    onLevel(next) {
      level = next
      options.events.onLevel(next)
    },
    onCompute(used) {
      device = used.name
      options.events.onCompute(used)
    },
  }
  const ladder = createLoadLadder({ ...options, events })
  let target: ShardTarget | null = null
  let loaded: LoadedShard | null = null
  /** Work for an earlier target or engine ends itself when this changes. */
  let generation = 0
  /** The generation that is on its way up now: between two steps none of them is at work, and it is all the same. */
  let climbing: number | null = null
  let cancelling = new AbortController()
  let cancelTimer: Disposer = () => undefined
  /** Failures in a row. A proof ends the row only when a later one confirms it: a device may work once after each reload. */
  let tries = 0
  /** Probes in a row that took another time than when the speed was measured. */
  let outdatedProbes = 0
  /** Cancelled, or failed too often: a new engine alone is no reason to begin again. */
  let isHeld = false
  /** Fetches that may still write: the last one, and one that was cancelled for it. */
  const fetches = new Set<Promise<unknown>>()

  let stopWatching: Disposer = () => undefined
  /** We end it after a wrong answer, which says more than how it ended. */
  let endedEngine: EngineClient | null = null

  const stopListening = supervisor.onState((state) => {
    const isOurDoing = state.name === 'lost' && endedEngine !== null
    if (state.name === 'lost' || state.name === 'ready') endedEngine = null
    if (!target || isHeld) return
    if (state.name === 'ready') restart()
    else if (isOurDoing) return
    else if (state.name === 'lost') lose(state.error.report())
    else if (state.name === 'crash-loop' || state.name === 'unusable') {
      lose(state.error.report())
      steps.failed('load', state.error.report())
    }
  })

  function lose(cause: ErrorReport, next = 'The engine starts again by itself'): void {
    generation++
    cancelTimer()
    stopWatching()
    const wasProven = loaded !== null
    loaded = null
    steps.degraded('load', cause, { what: next })
    steps.idle('prove')
    events.onLevel('L3')
    if (wasProven) events.onLost(cause)
  }

  function restart(): void {
    cancelling.abort(new EspalierError('CANCELLED'))
    cancelling = new AbortController()
    cancelTimer()
    stopWatching()
    void climb(++generation, cancelling.signal)
  }

  async function climb(mine: number, signal: AbortSignal): Promise<void> {
    const current = target
    if (!current) return
    const stillMine = () => mine === generation && !signal.aborted
    climbing = mine
    try {
      const onLevel = (next: LoadLevel) => stillMine() && next !== level && events.onLevel(next)
      const fetching = ladder.fetchSlice(current, signal, onLevel)
      fetches.add(fetching)
      const slice = await fetching.finally(() => fetches.delete(fetching))
      if (!stillMine()) return
      events.onLevel('L3')
      const paths = slice.entryPath === null ? [slice.slicePath] : [slice.slicePath, slice.entryPath]
      stopWatching = watchSlice({ paths, clock, onChanged: (path) => stillMine() && onChanged(path) })
      const engine = supervisor.engine
      const report = await ladder.load(engine, current, slice, signal, onLevel)
      if (!stillMine()) return
      events.onLevel('L5')
      const entry = report.entry ?? (current.modelPath === null ? null : await engine.loadEntry(current.modelPath))
      const outcome = await ladder.prove(engine, current)
      const speed = await speedOf(engine, current, report, outcome)
      if (!stillMine()) return
      loaded = {
        target: current,
        engine,
        entry,
        ...speed,
        slicePath: slice.slicePath,
        origin: slice.origin,
        freeCardBytes: freeOf(report.cards),
        stage: createEngineStage(engine, current, report, settings.contextTokens),
      }
      ladder.finishProve(current, outcome)
      events.onLevel('L6')
      events.onSpeed?.(speed.throughput)
      events.onProven(loaded)
      scheduleReprobe(mine)
    } catch (error) {
      if (stillMine()) fail(reportOf(error))
    } finally {
      if (climbing === mine) climbing = null
    }
  }

  function fail(report: ErrorReport): void {
    log.write('warn', 'shard.failed', report.cause, { code: report.code })
    // The supervisor starts a new engine, and its `ready` brings us back.
    if (report.code === 'ENGINE_GONE' || report.code === 'CANCELLED') return
    const step = steps.isDone('load') ? 'prove' : steps.isDone('fetch') ? 'load' : 'fetch'
    // What was reached stays true: a fetch that failed keeps its pieces, and what gave a wrong answer is resident.
    if (step === 'load') events.onLevel('L3')
    if (step === 'fetch' && !UNVERIFIED.includes(level)) events.onLevel(report.code === 'SHARD_MISSING' ? 'L0' : 'L2')
    // Bytes may turn up at any time: a node that joins, a file that is copied in. A device doesn't change by waiting.
    const mayRetry = step === 'fetch' || ++tries < MAX_TRIES
    isHeld = !mayRetry
    steps.failed(step, report, mayRetry ? nextTry(step) : undefined)
    if (mayRetry) cancelTimer = clock.after(RETRY_MS, restart)
  }

  /** What lies on the disk is verified again, and what was mapped from it is loaded again. */
  function onChanged(path: string): void {
    const report = new EspalierError('SHARD_CHANGED').report()
    log.write('error', 'shard.changed', report.cause, { path })
    lose(report, 'The files are verified and loaded again')
    restart()
  }

  function nextTry(step: StepName) {
    const what = step === 'fetch' ? 'Looking again by itself' : `Trying again, ${MAX_TRIES - tries} left`
    return { what, at: clock.now() + RETRY_MS }
  }

  function scheduleReprobe(mine: number): void {
    cancelTimer = clock.after(settings.reprobeIntervalMs, () => void reprobe(mine))
  }

  async function reprobe(mine: number): Promise<void> {
    const shard = loaded
    if (!shard || mine !== generation) return
    try {
      const outcome = await ladder.prove(shard.engine, shard.target)
      if (mine !== generation) return
      ladder.finishProve(shard.target, outcome)
      tries = 0
      scheduleReprobe(mine)
      void measureAgain(shard, outcome)
    } catch (error) {
      if (mine !== generation) return
      const report = reportOf(error)
      log.write('warn', 'shard.reprobe.failed', report.cause, { code: report.code })
      lose(report)
      // A device that fails its tests again and again is the operator's business and not a loop of reloads.
      isHeld = ++tries >= MAX_TRIES
      steps.failed('prove', report, isHeld ? undefined : { what: 'The engine is started again' })
      // Hung or wrong: only a new process is known to be neither.
      if (!isErrorCode(error, 'ENGINE_GONE')) {
        endedEngine = shard.engine
        shard.engine.stop(0).catch((cause: unknown) => log.write('error', 'engine.stop.failed', messageOf(cause)))
      }
    }
  }

  /** What was measured under the same conditions before, if the probe is as fast as then; else what is measured now. */
  async function speedOf(engine: EngineClient, current: ShardTarget, report: LoadReport, outcome: ProbeOutcome) {
    const { manifest, range } = current
    const { state } = supervisor
    const key = state.name === 'ready' ? throughputKey(current, report, state.report, settings.threads) : null
    const known = key === null ? null : ((await settings.speeds?.get(key).catch(() => null)) ?? null)
    if (known && !isOutdated(known, manifest, range, outcome)) return { throughput: known, throughputKey: key }
    const throughput = stamped(await measureThroughput(engine, manifest, range, outcome))
    keepSpeed(key, throughput)
    return { throughput, throughputKey: key }
  }

  const stamped = (rates: Throughput): MeasuredThroughput => ({ ...rates, measuredAt: clock.now(), device })

  function keepSpeed(key: string | null, throughput: MeasuredThroughput): void {
    if (key === null) return
    settings.speeds
      ?.set(key, throughput)
      .catch((error: unknown) => log.write('warn', 'shard.speed.unsaved', messageOf(error)))
  }

  /** What is announced follows what the computer does now. Without a free place the next probe tries again. */
  async function measureAgain(shard: LoadedShard, outcome: ProbeOutcome): Promise<void> {
    const { manifest, range } = shard.target
    outdatedProbes = isOutdated(shard.throughput, manifest, range, outcome) ? outdatedProbes + 1 : 0
    if (outdatedProbes < OUTDATED_PROBES) return
    outdatedProbes = 0
    const rates = await measureThroughput(shard.engine, manifest, range, outcome).catch(() => null)
    if (!rates || loaded !== shard) return
    const throughput = stamped(rates)
    loaded = { ...shard, throughput }
    events.onSpeed?.(throughput)
    keepSpeed(shard.throughputKey, throughput)
    const rate = `${throughput.inferenceRps.toFixed(0)} steps a second and block, before ${shard.throughput.inferenceRps.toFixed(0)}`
    log.write('info', 'shard.measured', rate)
  }

  /** Begins with the first rung, whatever was before; the engine is started when it isn't running. */
  function begin(): void {
    tries = 0
    isHeld = false
    if (supervisor.state.name === 'ready') restart()
    else supervisor.start()
  }

  /** Ends what is under way, and begins nothing again by itself. */
  function hold(): void {
    isHeld = true
    generation++
    cancelTimer()
    stopWatching()
    cancelling.abort(new EspalierError('CANCELLED'))
    events.onFetch?.(null)
  }

  function halt(): void {
    generation++
    target = null
    loaded = null
    cancelTimer()
    stopWatching()
    cancelling.abort(new EspalierError('CANCELLED'))
    events.onFetch?.(null)
    events.onHold?.(null)
  }

  return {
    get loaded(): LoadedShard | null {
      return loaded
    },
    /** Sets what to serve. The engine is started when it isn't running. */
    use(next: ShardTarget): void {
      target = next
      events.onHold?.(next)
      if (loaded) events.onLost(new EspalierError('CANCELLED', 'other blocks are assigned').report())
      loaded = null
      begin()
    },
    /** Begins again after a failure or a cancellation, now. Does nothing where it is loaded or under way. */
    again(): void {
      if (target && !loaded && climbing !== generation) begin()
    },
    /** Ends what is under way; nothing begins again before `again` or `use`. */
    cancel(): void {
      if (!target || loaded) return
      hold()
      const step = (['prove', 'load', 'fetch'] as const).find((name) => steps.get(name)?.state === 'working') ?? 'fetch'
      steps.failed(step, new EspalierError('CANCELLED', 'on request').report())
    },
    /** Looks no more for bytes that are missing here, before `again` or `use`. Does nothing where they have come. */
    awaitCommand(): void {
      if (!target || loaded || steps.isDone('fetch')) return
      hold()
      steps.held('fetch', new EspalierError('LOAD_AWAITED').report())
    },
    /** Serves nothing until `use` is called again; the engine lets go of the memory. */
    rest(): void {
      const { engine } = loaded ?? {}
      halt()
      engine?.unload().catch((error: unknown) => log.write('warn', 'engine.unload.failed', messageOf(error)))
    },
    /** Once it is over, a fetch that was under way writes nothing more. */
    async stop(): Promise<void> {
      halt()
      stopListening()
      await new Promise<void>((resolve) => {
        const giveUp = clock.after(STOP_WAIT_MS, resolve)
        void Promise.allSettled(fetches).then(() => {
          giveUp()
          resolve()
        })
      })
    },
  }
}

function freeOf(cards: readonly { freeAfterBytes: number }[]): number | null {
  return cards.length === 0 ? null : cards.reduce((sum, { freeAfterBytes }) => sum + freeAfterBytes, 0)
}

export type ShardLoader = ReturnType<typeof createShardLoader>
