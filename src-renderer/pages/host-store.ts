import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodInput } from '../../src-shared/contract'
import type { HostInvite, HostStatus } from '../../src-shared/host-network'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from '../stores/asker'
import { failureOf } from '../stores/failure'
import type { Frames } from '../stores/frames'

export interface HostState {
  /** Null until it is known. */
  host: HostStatus | null
  invite: HostInvite | null
  busy: 'start' | 'stop' | 'decide' | 'load' | 'invite' | null
  failure: Failure | null
}

export interface HostStore {
  readonly state: StoreApi<HostState>
  /** Asks once; whoever may only look is refused, and nothing changes. */
  ask(): void
  start(choice: MethodInput<'host.start'>): Promise<void>
  stop(): Promise<void>
  decide(choice: MethodInput<'host.decide'>): Promise<void>
  load(choice: MethodInput<'host.load'>): Promise<void>
  makeInvite(label: string): Promise<void>
  closeInvite(): void
  dismissFailure(): void
  dispose: Disposer
}

/** The network that this app hosts, as its own events tell it. */
export function createHostStore(client: BridgeClient, clock: Clock, frames: Frames): HostStore {
  const state = createStore<HostState>()(() => ({ host: null, invite: null, busy: null, failure: null }))
  const asker = createAsker({
    client,
    clock,
    method: 'host.get',
    input: {},
    onValue: (host) => state.setState({ host }),
  })
  const removeListener = client.on('host', (host) => frames.run(() => state.setState({ host })))

  async function run(busy: NonNullable<HostState['busy']>, work: () => Promise<unknown>): Promise<void> {
    state.setState({ busy, failure: null })
    try {
      await work()
    } catch (error) {
      const failure = failureOf(error)
      // Whoever cancels knows it, and why a start failed is part of the status.
      if (failure.code !== 'CANCELLED' && busy !== 'start') state.setState({ failure })
    } finally {
      if (state.getState().busy === busy) state.setState({ busy: null })
    }
  }

  return {
    state,
    ask: asker.ask,
    start: (choice) => run('start', () => client.call('host.start', choice)),
    stop: () => run('stop', () => client.call('host.stop', {})),
    decide: (choice) => run('decide', () => client.call('host.decide', choice)),
    load: (choice) => run('load', () => client.call('host.load', choice)),
    makeInvite: (label) =>
      run('invite', async () => state.setState({ invite: await client.call('host.invite', { label }) })),
    closeInvite: () => state.setState({ invite: null }),
    dismissFailure: () => state.setState({ failure: null }),
    dispose() {
      removeListener()
      asker.dispose()
    },
  }
}
