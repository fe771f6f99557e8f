import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'
import type { ComputerTiming } from '../../src-shared/computer-view'
import type { BridgeClient, Failure } from '../bridge-client'
import { failureOf } from './failure'

export interface TimingState {
  /** Of the last run that came to its end. */
  timing: ComputerTiming | null
  isRunning: boolean
  /** Why the last run has none; also CANCELLED. */
  failure: Failure | null
}

export interface TimingStore {
  readonly state: StoreApi<TimingState>
  /** Ends the run before. Resolves when this one has ended, or was ended by a later one. */
  run(): Promise<void>
  stop(): void
  dispose: Disposer
}

/** How fast this computer computes with the settings as they are. */
export function createTimingStore(client: BridgeClient): TimingStore {
  const state = createStore<TimingState>()(() => ({ timing: null, isRunning: false, failure: null }))
  let run = 0
  const removeListener = client.transport.onConnection(({ state: connection }) => {
    // What comes of it will not be told to the next connection.
    if (connection === 'open' || !state.getState().isRunning) return
    run += 1
    state.setState({ isRunning: false })
  })
  return {
    state,
    async run() {
      run += 1
      const mine = run
      state.setState({ isRunning: true, failure: null })
      try {
        const timing = await client.call('computer.time', {})
        if (mine === run) state.setState({ timing, isRunning: false })
      } catch (error) {
        if (mine === run) state.setState({ failure: failureOf(error), isRunning: false })
      }
    },
    stop() {
      if (state.getState().isRunning) client.call('computer.stopTiming', {}).catch(() => undefined)
    },
    dispose() {
      run += 1
      removeListener()
    },
  }
}
