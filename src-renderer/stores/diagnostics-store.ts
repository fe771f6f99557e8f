import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Check } from '../../src-shared/app-views'
import type { Disposer } from '../../src-shared/clock'
import type { BridgeClient, Failure } from '../bridge-client'
import { failureOf } from './failure'

export interface DiagnosticsState {
  /** Null until the first run; kept while the next one is on its way. */
  checks: readonly Check[] | null
  isRunning: boolean
  failure: Failure | null
}

export interface DiagnosticsStore {
  readonly state: StoreApi<DiagnosticsState>
  run(): Promise<void>
  dispose: Disposer
}

export function createDiagnosticsStore(client: BridgeClient): DiagnosticsStore {
  const state = createStore<DiagnosticsState>()(() => ({ checks: null, isRunning: false, failure: null }))
  return {
    state,
    async run() {
      if (state.getState().isRunning) return
      state.setState({ isRunning: true, failure: null })
      try {
        state.setState({ checks: await client.call('diagnostics.run', {}) })
      } catch (error) {
        state.setState({ failure: failureOf(error) })
      } finally {
        state.setState({ isRunning: false })
      }
    },
    dispose: () => undefined,
  }
}
