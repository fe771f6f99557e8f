import { createStore, type StoreApi } from 'zustand/vanilla'
import type { NetworkPreview } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodInput } from '../../src-shared/contract'
import type { NetworkJoin, Settings } from '../../src-shared/settings'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import { failureOf } from './failure'
import { RETRY_MS } from './node-store'

export type SettingsPatch = MethodInput<'settings.save'>

export type Preview =
  | { state: 'none' }
  | { state: 'looking'; url: string }
  | { state: 'seen'; url: string; network: NetworkPreview }
  | { state: 'failed'; url: string; failure: Failure }

export interface SettingsState {
  settings: Settings | null
  /** Why they could not be read; asked again by itself. */
  loadFailure: Failure | null
  busy: 'save' | 'join' | 'leave' | null
  /** Why the last save, join or leave was refused; the next attempt clears it. */
  failure: Failure | null
  preview: Preview
}

export interface SettingsStore {
  readonly state: StoreApi<SettingsState>
  /** These resolve to whether it was done; the reason of a refusal is in the state. */
  save(patch: SettingsPatch): Promise<boolean>
  /** Saves one after the other, whatever else is under way: for what is moved, and not confirmed. */
  keep(patch: SettingsPatch): Promise<void>
  join(choice: NetworkJoin): Promise<boolean>
  leave(): Promise<boolean>
  /** `insecure`: a person has said that this http:// address may be asked. */
  look(url: string, insecure?: true): Promise<void>
  /** What is seen already stays until the answer is there: what would be sent has changed. */
  lookAgain(insecure?: true): Promise<void>
  forgetPreview(): void
  dispose: Disposer
}

export function createSettingsStore(client: BridgeClient, clock: Clock): SettingsStore {
  const state = createStore<SettingsState>()(() => ({
    settings: null,
    loadFailure: null,
    busy: null,
    failure: null,
    preview: { state: 'none' },
  }))
  const take = (settings: Settings) => state.setState({ settings, loadFailure: null })
  const asker = createAsker({
    client,
    clock,
    method: 'settings.get',
    input: {},
    retryMs: RETRY_MS,
    onValue: take,
    onFailure: (loadFailure) => state.setState({ loadFailure }),
  })
  const removeListener = client.on('settings', take)
  asker.ask()

  const attempt = async (busy: NonNullable<SettingsState['busy']>, act: () => Promise<void>) => {
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

  const preview = async (url: string, insecure: true | undefined): Promise<Preview> => {
    try {
      return {
        state: 'seen',
        url,
        network: await client.call('network.preview', { url, ...(insecure && { insecure }) }),
      }
    } catch (error) {
      return { state: 'failed', url, failure: failureOf(error) }
    }
  }
  /** Unless somebody has asked for something else meanwhile. */
  const settle = async (before: Preview, after: Promise<Preview>) => {
    const settled = await after
    if (state.getState().preview === before) state.setState({ preview: settled })
  }
  let kept: Promise<void> = Promise.resolve()

  return {
    state,
    keep(patch) {
      kept = kept.then(async () => {
        try {
          take(await client.call('settings.save', patch))
          state.setState({ failure: null })
        } catch (error) {
          state.setState({ failure: failureOf(error) })
        }
      })
      return kept
    },
    save: (patch) => attempt('save', async () => take(await client.call('settings.save', patch))),
    join: (choice) =>
      attempt('join', async () => {
        await client.call('network.join', choice)
        asker.ask()
      }),
    leave: () =>
      attempt('leave', async () => {
        await client.call('network.leave', {})
        state.setState({ preview: { state: 'none' } })
        asker.ask()
      }),
    async look(url, insecure) {
      const looking: Preview = { state: 'looking', url }
      state.setState({ preview: looking })
      await settle(looking, preview(url, insecure))
    },
    async lookAgain(insecure) {
      const { preview: seen } = state.getState()
      if (seen.state === 'seen') await settle(seen, preview(seen.url, insecure))
    },
    forgetPreview: () => state.setState({ preview: { state: 'none' }, failure: null }),
    dispose() {
      asker.dispose()
      removeListener()
    },
  }
}
