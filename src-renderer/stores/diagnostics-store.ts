import { createStore, type StoreApi } from 'zustand/vanilla'
import type { SupportBundle } from '../../src-shared/app-view'
import type { Check } from '../../src-shared/app-views'
import type { Disposer } from '../../src-shared/clock'
import type { BridgeClient, Failure } from '../bridge-client'
import { failureOf } from './failure'

export interface DiagnosticsState {
  /** Null until the first run; kept while the next one is on its way. */
  checks: readonly Check[] | null
  isRunning: boolean
  failure: Failure | null
  /** The check that is being set right. */
  mending: string | null
  /** Why the last attempt to set something right, or to make a bundle, was refused. */
  workFailure: Failure | null
  isBundling: boolean
  /** Shown until it is put away. */
  bundle: SupportBundle | null
  /** Where it was written, once it was. */
  savedAt: string | null
}

export interface DiagnosticsStore {
  readonly state: StoreApi<DiagnosticsState>
  run(): Promise<void>
  mend(id: string): Promise<void>
  /** A short text for a chat or a ticket; null when it could not be made. */
  summary(): Promise<string | null>
  openBundle(): Promise<void>
  closeBundle(): void
  saveBundle(): Promise<void>
  dispose: Disposer
}

export function createDiagnosticsStore(client: BridgeClient): DiagnosticsStore {
  const state = createStore<DiagnosticsState>()(() => ({
    checks: null,
    isRunning: false,
    failure: null,
    mending: null,
    workFailure: null,
    isBundling: false,
    bundle: null,
    savedAt: null,
  }))

  /** Null when it failed; why is in the state. */
  async function attempt<T>(work: Promise<T>): Promise<T | null> {
    state.setState({ workFailure: null })
    try {
      return await work
    } catch (error) {
      state.setState({ workFailure: failureOf(error) })
      return null
    }
  }

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
    async mend(id) {
      if (state.getState().mending !== null) return
      state.setState({ mending: id })
      const mended = await attempt(client.call('diagnostics.mend', { id }))
      const checks = state.getState().checks?.map((check) => (mended && check.id === id ? mended : check)) ?? null
      state.setState({ mending: null, checks })
    },
    async summary() {
      return (await attempt(client.call('diagnostics.bundle', { kind: 'summary' })))?.text ?? null
    },
    async openBundle() {
      if (state.getState().isBundling) return
      state.setState({ isBundling: true, savedAt: null })
      const bundle = await attempt(client.call('diagnostics.bundle', { kind: 'whole' }))
      state.setState({ isBundling: false, bundle })
    },
    closeBundle: () => state.setState({ bundle: null, savedAt: null }),
    async saveBundle() {
      const { bundle } = state.getState()
      if (!bundle) return
      const saved = await attempt(client.call('diagnostics.saveBundle', { id: bundle.id }))
      if (saved) state.setState({ savedAt: saved.path })
    },
    dispose: () => undefined,
  }
}
