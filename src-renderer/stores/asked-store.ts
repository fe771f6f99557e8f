import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodInput, MethodOutput } from '../../src-shared/contract'
import type { MethodName } from '../../src-shared/contract-names'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import { failureOf } from './failure'

export interface AskedState<T> {
  /** Undefined: not known yet. */
  value: T | undefined
  isAsking: boolean
  /** Why the last question, or the last change, was refused. */
  failure: Failure | null
}

/** One value of the node, asked for when a page shows it, and changed by calls that answer with the value after. */
export interface AskedStore<T> {
  readonly state: StoreApi<AskedState<T>>
  ask(): void
  /** Resolves to whether it was done; the reason of a refusal is in the state. */
  change(act: (client: BridgeClient) => Promise<T>): Promise<boolean>
  dispose: Disposer
}

export function createAskedStore<M extends MethodName>(
  client: BridgeClient,
  clock: Clock,
  method: M,
  input: MethodInput<M>,
): AskedStore<MethodOutput<M>> {
  type Value = MethodOutput<M>
  const state = createStore<AskedState<Value>>()(() => ({ value: undefined, isAsking: false, failure: null }))
  const asker = createAsker({
    client,
    clock,
    method,
    input,
    onValue: (value) => state.setState({ value, isAsking: false, failure: null }),
    onFailure: (failure) => state.setState({ failure, isAsking: false }),
  })
  return {
    state,
    ask() {
      state.setState({ isAsking: true })
      asker.ask()
    },
    async change(act) {
      state.setState({ isAsking: true, failure: null })
      try {
        state.setState({ value: await act(client) })
        return true
      } catch (error) {
        state.setState({ failure: failureOf(error) })
        return false
      } finally {
        state.setState({ isAsking: false })
      }
    },
    dispose: asker.dispose,
  }
}
