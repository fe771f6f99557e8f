import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ShardView } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import type { NodeStore } from './node-store'

export interface ShardsState {
  /** Null: nothing lies on disk. Undefined: not known yet. */
  view: ShardView | null | undefined
  failure: Failure | null
}

export interface ShardsStore {
  readonly state: StoreApi<ShardsState>
  /** While a page shows it: asks once, and again whenever the node's snapshot says that the files changed. */
  watch(): Disposer
  ask(): void
  dispose: Disposer
}

export function createShardsStore(client: BridgeClient, clock: Clock, node: NodeStore): ShardsStore {
  const state = createStore<ShardsState>()(() => ({ view: undefined, failure: null }))
  const asker = createAsker({
    client,
    clock,
    method: 'shards.get',
    input: {},
    onValue: (view) => state.setState({ view, failure: null }),
    onFailure: (failure) => state.setState({ failure }),
  })
  return {
    state,
    watch() {
      asker.ask()
      let known = filesKey(node)
      return node.state.subscribe(() => {
        const key = filesKey(node)
        if (key === known) return
        known = key
        asker.ask()
      })
    },
    ask: asker.ask,
    dispose: asker.dispose,
  }
}

/** Changes when what lies on disk may have changed. */
function filesKey({ state }: NodeStore): string {
  const { status, isLive } = state.getState()
  if (!status || !isLive) return ''
  const fetch = status.steps.find(({ name }) => name === 'fetch')
  return JSON.stringify([status.loadLevel, status.blocks, status.model?.dhtPrefix, fetch?.state])
}
