import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import { EngineClient, type EngineProcess } from './engine'
import type { EngineInput, StartReport } from './protocol'

const MAX_RESTARTS = 4
const WINDOW_MS = 60_000
/** A driver that hangs must not leave the node without a state. */
const START_TIMEOUT_MS = 60_000
/** Ten times in a row nothing came from an engine that owes an answer: counted, because this process may be stopped itself. */
const LOOK_INTERVAL_MS = 30_000
const MAX_SILENT_LOOKS = 10
/** Waits before the 1st, 2nd … restart within the window. */
const RESTART_DELAYS_MS = [0, 250, 1_000, 4_000]

export type SupervisorState =
  | { name: 'stopped' }
  | { name: 'starting' }
  /** A fresh engine: what was loaded in the one before has to be loaded again. */
  | { name: 'ready'; engine: EngineClient; report: StartReport }
  | { name: 'lost'; error: EspalierError }
  /** Too many losses; no further start until `start` is called. */
  | { name: 'crash-loop'; error: EspalierError }
  /** The libraries are missing or wrong, which another start would not change. */
  | { name: 'unusable'; error: EspalierError }

export interface SupervisorOptions {
  /** Starts an engine process: a forked `engine-child.js`, or Electron's equivalent. */
  spawnEngine: () => EngineProcess
  library: EngineInput<'start'>
  clock: Clock
  /** Gets lines of llama.cpp's log that tell of trouble. */
  onLog?: (line: string) => void
}

/**
 * Keeps one engine process alive: starts it, notices its end, starts it again, at most 4 times in 60 s.
 * Loading a slice into each new engine is the listener's job.
 */
export class EngineSupervisor {
  readonly #options: SupervisorOptions
  readonly #listeners = new Set<(state: SupervisorState) => void>()
  #state: SupervisorState = { name: 'stopped' }
  #engine: EngineClient | null = null
  #restartTimesMs: number[] = []
  #cancelRestart: Disposer = () => undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  get state(): SupervisorState {
    return this.#state
  }

  /** The engine that is ready now. Throws ENGINE_GONE, or the reason why there will be none. */
  get engine(): EngineClient {
    if (this.#state.name === 'ready') return this.#state.engine
    throw 'error' in this.#state ? this.#state.error : new EspalierError('ENGINE_GONE', this.#state.name)
  }

  onState(listener: (state: SupervisorState) => void): Disposer {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Starts the first engine, or starts over after a crash loop. Does nothing while one is under way. */
  start(): void {
    if (this.#state.name === 'starting' || this.#state.name === 'ready' || this.#state.name === 'lost') return
    this.#restartTimesMs = []
    this.#launch()
  }

  /** Ends the engine for good. */
  async stop(): Promise<void> {
    this.#cancelRestart()
    const engine = this.#engine
    this.#engine = null
    this.#enter({ name: 'stopped' })
    await engine?.stop()
  }

  #launch(): void {
    this.#enter({ name: 'starting' })
    // A listener may have called stop().
    if (this.#state.name !== 'starting') return
    const { spawnEngine, onLog } = this.#options
    let engine: EngineClient
    try {
      engine = new EngineClient(spawnEngine(), onLog ? { onLog } : {})
    } catch (error) {
      this.#onLoss(new EspalierError('ENGINE_GONE', messageOf(error), { cause: error }), true)
      return
    }
    this.#engine = engine
    const watch = this.#watchSilence(engine)
    void engine.exited.then(({ code, signal, wanted }) => {
      watch.end()
      if (this.#engine !== engine) return
      this.#engine = null
      const how = watch.hung() ?? (signal ? `signal ${signal}` : `exit code ${code}`)
      this.#onLoss(new EspalierError('ENGINE_GONE', how), !wanted)
    })
    void this.#open(engine)
  }

  /** llama.cpp, or the driver below it, may hang in the middle of anything; its process then never ends by itself. */
  #watchSilence(engine: EngineClient): { end: Disposer; hung(): string | null } {
    let { signs } = engine
    let silentLooks = 0
    const isHung = () => silentLooks >= MAX_SILENT_LOOKS
    const end = this.#options.clock.every(LOOK_INTERVAL_MS, () => {
      silentLooks = engine.owesAnswer && engine.signs === signs ? silentLooks + 1 : 0
      signs = engine.signs
      if (isHung()) engine.kill()
    })
    const minutes = (MAX_SILENT_LOOKS * LOOK_INTERVAL_MS) / 60_000
    return { end, hung: () => (isHung() ? `it gave no sign of life for ${minutes} minutes and was ended` : null) }
  }

  async #open(engine: EngineClient): Promise<void> {
    const cancelTimeout = this.#options.clock.after(START_TIMEOUT_MS, () => void engine.stop(0))
    try {
      const report = await engine.start(this.#options.library)
      if (this.#engine === engine) this.#enter({ name: 'ready', engine, report })
    } catch (error) {
      // When the process has ended, `exited` says so; anything else it said itself, and would say again.
      if (this.#engine !== engine || isErrorCode(error, 'ENGINE_GONE')) return
      this.#engine = null
      const reason = error instanceof EspalierError ? error : new EspalierError('INTERNAL', messageOf(error))
      this.#enter({ name: 'unusable', error: reason })
      await engine.stop()
    } finally {
      cancelTimeout()
    }
  }

  #onLoss(error: EspalierError, counts: boolean): void {
    const { clock } = this.#options
    const now = clock.monotonicMs()
    this.#restartTimesMs = this.#restartTimesMs.filter((time) => now - time < WINDOW_MS)
    if (counts && this.#restartTimesMs.length >= MAX_RESTARTS) {
      this.#enter({ name: 'crash-loop', error: new EspalierError('ENGINE_CRASH_LOOP', error.message) })
      return
    }
    const delayMs = counts ? (RESTART_DELAYS_MS[this.#restartTimesMs.length] ?? 0) : 0
    if (counts) this.#restartTimesMs.push(now)
    this.#cancelRestart = clock.after(delayMs, () => this.#launch())
    this.#enter({ name: 'lost', error })
  }

  #enter(state: SupervisorState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
