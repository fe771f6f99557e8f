import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppView } from '../../src-shared/app-view'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { EventPayload } from '../../src-shared/contract'
import type { FileChoice } from '../../src-shared/file-choice'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import { failureOf } from './failure'
import { RETRY_MS } from './node-store'

export interface AppViewState {
  /** Null until the app has said something about itself. */
  view: AppView | null
  busy: 'invite' | 'update' | null
  failure: Failure | null
}

export interface AppViewStore {
  readonly state: StoreApi<AppViewState>
  /** Resolves to whether it was done; the reason of a refusal is in the state. */
  /** `insecure`: its coordinator may be asked unencrypted. */
  answerInvite(accept: boolean, insecure?: boolean): Promise<boolean>
  update(): Promise<boolean>
  /** In the system's dialog; null when nobody chose, or it could not be opened. */
  chooseFile(choice: FileChoice): Promise<string | null>
  /** Something of the page was chosen in the menu of the system. */
  onMenu(listener: (item: EventPayload<'menu'>['item']) => void): Disposer
  dispose: Disposer
}

/** What is true of the app itself: its connections, its rest, its updates, and what waits for its owner. */
export function createAppViewStore(client: BridgeClient, clock: Clock): AppViewStore {
  const state = createStore<AppViewState>()(() => ({ view: null, busy: null, failure: null }))
  const asker = createAsker({
    client,
    clock,
    method: 'app.get',
    input: {},
    retryMs: RETRY_MS,
    onValue: (view) => state.setState({ view }),
  })
  const removeListener = client.on('app', (view) => state.setState({ view }))
  asker.ask()

  const attempt = async (busy: NonNullable<AppViewState['busy']>, act: () => Promise<unknown>) => {
    if (state.getState().busy) return false
    state.setState({ busy, failure: null })
    try {
      await act()
      return true
    } catch (error) {
      state.setState({ failure: failureOf(error) })
      return false
    } finally {
      state.setState({ busy: null })
    }
  }
  return {
    state,
    answerInvite: (accept, insecure) =>
      attempt('invite', () =>
        client.call('app.answerInvite', { accept, ...(insecure ? { insecure: true as const } : {}) }),
      ),
    update: () => attempt('update', () => client.call('app.update', {})),
    chooseFile: (choice) =>
      client.call('files.choose', choice).then(
        ({ path }) => path,
        (error: unknown) => {
          state.setState({ failure: failureOf(error) })
          return null
        },
      ),
    onMenu: (listener) => client.on('menu', ({ item }) => listener(item)),
    dispose() {
      asker.dispose()
      removeListener()
    },
  }
}
