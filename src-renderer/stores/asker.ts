import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodInput, MethodOutput } from '../../src-shared/contract'
import type { MethodName } from '../../src-shared/contract-names'
import type { BridgeClient, Failure } from '../bridge-client'
import { failureOf } from './failure'

export interface Asker {
  /** Asks now when connected, otherwise as soon as it is. Whatever an older question still brings is ignored. */
  ask(): void
  dispose: Disposer
}

/**
 * Asks the node for one value: when told to, and again on every new connection after that, because what was known
 * before may be old. `retryMs` asks again after a refusal; without it the refusal stands until somebody asks.
 */
export function createAsker<M extends MethodName>(options: {
  client: BridgeClient
  clock: Clock
  method: M
  input: MethodInput<M>
  retryMs?: number
  onValue(value: MethodOutput<M>): void
  onFailure?(failure: Failure): void
}): Asker {
  const { client, clock, method, input, retryMs, onValue, onFailure } = options
  const { transport } = client
  let question = 0
  let isWanted = false
  let cancelRetry: Disposer = () => undefined

  const ask = async () => {
    cancelRetry()
    isWanted = true
    question += 1
    const mine = question
    if (transport.connection.state !== 'open') return
    try {
      const value = await client.call(method, input)
      if (mine === question) onValue(value)
    } catch (error) {
      if (mine !== question) return
      onFailure?.(failureOf(error))
      if (retryMs !== undefined) cancelRetry = clock.after(retryMs, () => void ask())
    }
  }
  const removeListener = transport.onConnection(() => {
    // An answer that is still on its way belongs to the old connection.
    question += 1
    cancelRetry()
    if (isWanted) void ask()
  })
  return {
    ask: () => void ask(),
    dispose() {
      question += 1
      cancelRetry()
      removeListener()
    },
  }
}
