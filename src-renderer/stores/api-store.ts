import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ApiView } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { BridgeClient } from '../bridge-client'
import { createAsker } from './asker'
import { RETRY_MS } from './node-store'

export interface ApiStore {
  /** Null until it was asked for. */
  readonly state: StoreApi<{ view: ApiView | null }>
  ask(): void
  dispose: Disposer
}

/** Address and key of the API for programs, as long as a page shows them. */
export function createApiStore(client: BridgeClient, clock: Clock): ApiStore {
  const state = createStore<{ view: ApiView | null }>()(() => ({ view: null }))
  const asker = createAsker({
    client,
    clock,
    method: 'api.get',
    input: {},
    retryMs: RETRY_MS,
    onValue: (view) => state.setState({ view }),
  })
  return { state, ask: asker.ask, dispose: asker.dispose }
}
