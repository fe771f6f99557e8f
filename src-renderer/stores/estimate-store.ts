import { createStore, type StoreApi } from 'zustand/vanilla'
import type { BlockEstimate } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { BridgeClient } from '../bridge-client'
import { createAsker } from './asker'

export interface EstimateStore {
  /** Null until it is known, and where no model is. */
  readonly state: StoreApi<{ estimate: BlockEstimate | null }>
  ask(): void
  dispose: Disposer
}

/** What blocks of the model need on this computer, as long as a page shows it. */
export function createEstimateStore(client: BridgeClient, clock: Clock): EstimateStore {
  const state = createStore<{ estimate: BlockEstimate | null }>()(() => ({ estimate: null }))
  const asker = createAsker({
    client,
    clock,
    method: 'blocks.estimate',
    input: {},
    onValue: (estimate) => state.setState({ estimate }),
    // A model file that cannot be read has no estimate; joining says what is wrong with it.
    onFailure: () => state.setState({ estimate: null }),
  })
  return { state, ask: asker.ask, dispose: asker.dispose }
}
