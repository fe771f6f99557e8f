import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'
import type { BridgeClient } from '../bridge-client'
import { type FieldName, formOf, readForm, type SettingsForm } from '../settings-form'
import type { SettingsStore } from './settings-store'

export interface DraftState {
  /** Only what was typed: a change that comes from elsewhere shows in the fields that nobody touched. */
  edits: Partial<SettingsForm>
  /** Whether saving them would change something, or could not. */
  isUnsaved: boolean
}

export interface DraftStore {
  readonly state: StoreApi<DraftState>
  edit(name: FieldName, value: string): void
  discard(): void
  dispose: Disposer
}

/**
 * What was typed into the settings and not saved yet; it outlives a walk to another page. A desktop app is told whether
 * there is any, because quitting is asked there and not in the page.
 */
export function createDraftStore(client: BridgeClient, settings: SettingsStore): DraftStore {
  const state = createStore<DraftState>()(() => ({ edits: {}, isUnsaved: false }))
  const tells = client.transport.kind === 'ipc'
  let told = false

  const set = (edits: DraftState['edits']) => {
    const isUnsaved = hasChanges(edits, settings)
    state.setState({ edits, isUnsaved })
    if (!tells || isUnsaved === told) return
    told = isUnsaved
    client.call('app.draft', { isUnsaved }).catch(() => undefined)
  }
  // A page that was loaded anew has lost what the one before it told of.
  if (tells) client.call('app.draft', { isUnsaved: false }).catch(() => undefined)
  // What was typed may have become what is saved, or the other way round.
  const unsubscribe = settings.state.subscribe((now, before) => {
    if (now.settings !== before.settings) set(state.getState().edits)
  })
  return {
    state,
    edit: (name, value) => set({ ...state.getState().edits, [name]: value }),
    discard: () => set({}),
    dispose: unsubscribe,
  }
}

function hasChanges(edits: DraftState['edits'], settings: SettingsStore): boolean {
  const saved = settings.state.getState().settings
  if (!saved || Object.keys(edits).length === 0) return false
  const { patch, problems } = readForm({ ...formOf(saved), ...edits }, saved)
  return problems.size > 0 || Object.keys(patch).length > 0
}
