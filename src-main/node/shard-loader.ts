import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, messageOf, reportOf } from '../../src-shared/errors'
import type { LoadLevel, StepName } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'
import type { EngineSupervisor } from '../engine/supervisor'
import type { EventLog } from '../storage/event-log'
import { climbLadder } from './climb-ladder'
import { createKeepProving } from './keep-proving'
import { createLoadLadder, type LoaderRooms, type LoaderSettings, type ShardTarget } from './load-ladder'
import type { LoadedShard, LoaderEvents } from './loaded-shard'
import { createShardSpeed } from './shard-speed'
import { watchSlice } from './slice-watch'
import type { Steps } from './steps'

const MAX_TRIES = 3
const RETRY_MS = 5_000
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
  const speed = createShardSpeed({ supervisor, settings, clock, log, device: () => device })
  const proving = createKeepProving({
    ...{ ladder, speed, clock, intervalMs: settings.reprobeIntervalMs },
    shard: () => loaded,
    onRight() {
      tries = 0
    },
    onWrong,
    onSpeed(shard, throughput) {
      loaded = { ...shard, throughput }
      events.onSpeed?.(throughput)
    },
  })
  const { contextTokens, store } = settings
  const parts = { ladder, speed, engine: () => supervisor.engine, contextTokens, store }
  let target: ShardTarget | null = null
  let loaded: LoadedShard | null = null
  /** Work for an earlier target or engine ends itself when this changes. */
  let generation = 0
  /** The generation that is on its way up now: between two steps none of them is at work, and it is all the same. */
  let climbing: number | null = null
  let cancelling = new AbortController()
  let cancelRetry: Disposer = () => undefined
  /** Failures in a row. A proof ends the row only when a later one confirms it: a device may work once after each reload. */
  let tries = 0
  /** Cancelled, or failed too often: a new engine alone is no reason to begin again. */
  let isHeld = false
  /** Fetches that may still write: the last one, and one that was cancelled for it. */
  const fetches = new Set<Promise<unknown>>()

  let stopWatchingFiles: Disposer = () => undefined
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

  /** For a next try, a next test pass, a file that changes. */
  function stopWaiting(): void {
    cancelRetry()
    proving.stop()
    stopWatchingFiles()
  }

  function lose(cause: ErrorReport, next = 'The engine starts again by itself'): void {
    generation++
    stopWaiting()
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
    stopWaiting()
    void climb(++generation, cancelling.signal)
  }

  async function climb(mine: number, signal: AbortSignal): Promise<void> {
    const current = target
    if (!current) return
    const stillMine = () => mine === generation && !signal.aborted
    climbing = mine
    try {
      const proven = await climbLadder(parts, current, {
        signal,
        isOver: () => !stillMine(),
        onLevel: (next) => next !== level && events.onLevel(next),
        onFetching(work) {
          fetches.add(work)
          const over = () => void fetches.delete(work)
          work.then(over, over)
        },
        onVerified(paths) {
          stopWatchingFiles = watchSlice({ paths, clock, onChanged: (path) => stillMine() && onChanged(path) })
        },
      })
      if (!proven || !stillMine()) return
      loaded = proven.shard
      ladder.finishProve(current, proven.outcome)
      events.onLevel('L6')
      events.onSpeed?.(loaded.throughput)
      events.onProven(loaded)
      proving.begin()
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
    if (mayRetry) cancelRetry = clock.after(RETRY_MS, restart)
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

  function onWrong({ engine }: LoadedShard, error: unknown): void {
    const report = reportOf(error)
    log.write('warn', 'shard.reprobe.failed', report.cause, { code: report.code })
    lose(report)
    // A device that fails its tests again and again is the operator's business and not a loop of reloads.
    isHeld = ++tries >= MAX_TRIES
    steps.failed('prove', report, isHeld ? undefined : { what: 'The engine is started again' })
    // Hung or wrong: only a new process is known to be neither.
    if (isErrorCode(error, 'ENGINE_GONE')) return
    endedEngine = engine
    engine.stop(0).catch((cause: unknown) => log.write('error', 'engine.stop.failed', messageOf(cause)))
  }

  /** Begins with the first rung, whatever was before; the engine is started when it isn't running. */
  function begin(): void {
    tries = 0
    isHeld = false
    // Whoever pressed the button must not read on what it is meant to end.
    for (const name of ['fetch', 'load', 'prove'] as const) {
      const { state } = steps.get(name) ?? {}
      if (state === 'failed' || state === 'degraded') steps.idle(name)
    }
    if (supervisor.state.name === 'ready') restart()
    else supervisor.start()
  }

  /** Ends what is under way, and begins nothing again by itself. */
  function hold(): void {
    isHeld = true
    generation++
    stopWaiting()
    cancelling.abort(new EspalierError('CANCELLED'))
    events.onFetch?.(null)
  }

  function halt(): void {
    generation++
    target = null
    loaded = null
    stopWaiting()
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
    /** What is loaded has its next test pass now. */
    proveNow: (): void => proving.now(),
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

export type ShardLoader = ReturnType<typeof createShardLoader>
