import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'
import type { Meter, MeterStage } from '../../src-shared/meter'
import type { BridgeClient, Failure } from '../bridge-client'
import { failureOf } from './failure'

/** Of the network at `url`; a look at another one begins anew. */
export type Metering =
  | { state: 'none' }
  | { state: 'running'; url: string; stage: MeterStage }
  | { state: 'done'; url: string; meter: Meter }
  | { state: 'failed'; url: string; failure: Failure }

export interface MeterStore {
  readonly state: StoreApi<{ metering: Metering }>
  /** `again`: only this computer is timed anew, and what was seen of the network counts. */
  run(url: string, insecure?: true, again?: true): Promise<void>
  cancel(): void
  dispose: Disposer
}

export function createMeterStore(client: BridgeClient): MeterStore {
  const state = createStore<{ metering: Metering }>()(() => ({ metering: { state: 'none' } }))
  const set = (metering: Metering) => state.setState({ metering })
  const running = () => {
    const { metering } = state.getState()
    return metering.state === 'running' ? metering : null
  }
  const removeListeners = [
    client.on('meter', ({ url, outcome }) => {
      if (running()?.url !== url) return
      if (outcome.kind === 'running') set({ state: 'running', url, stage: outcome.stage })
      else if (outcome.kind === 'done') set({ state: 'done', url, meter: outcome.meter })
      else set({ state: 'failed', url, failure: outcome.error })
    }),
    client.transport.onConnection((connection) => {
      // What comes of it will not be told to the next connection.
      if (connection.state !== 'open' && running()) set({ state: 'none' })
    }),
  ]
  return {
    state,
    async run(url, insecure, again) {
      set({ state: 'running', url, stage: again ? 'computer' : 'network' })
      try {
        await client.call('meter.run', { url, ...(insecure && { insecure }), ...(again && { again }) })
      } catch (error) {
        if (running()?.url === url) set({ state: 'failed', url, failure: failureOf(error) })
      }
    },
    cancel() {
      set({ state: 'none' })
      client.call('meter.cancel', {}).catch(() => undefined)
    },
    dispose() {
      for (const remove of removeListeners) remove()
    },
  }
}
