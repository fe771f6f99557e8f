import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'
import type { Settings } from '../../src-shared/settings'
import type { BridgeClient } from '../bridge-client'
import { type FieldName, formOf, isSameValue, readForm, type SettingsForm } from '../settings-form'
import { type DraftPlace, type Edit, NO_PLACE } from './kept-draft'
import type { SettingsStore } from './settings-store'

export interface DraftState {
  /** Only what was typed: a change that comes from elsewhere shows in the fields that nobody touched. */
  edits: Partial<SettingsForm>
  /** Fields that somebody saved elsewhere under what was typed here; nothing is saved until each is decided. */
  changed: ReadonlySet<FieldName>
  /** Whether saving them would change something, or could not. */
  isUnsaved: boolean
}

export interface DraftStore {
  readonly state: StoreApi<DraftState>
  edit(name: FieldName, value: string): void
  /** Decides about a field that changed elsewhere: what was typed here stays, or goes. */
  keep(name: FieldName): void
  drop(name: FieldName): void
  discard(): void
  /** Resolves to whether it was done; the reason of a refusal is in the settings' state. */
  save(): Promise<boolean>
  dispose: Disposer
}

/**
 * What was typed into the settings and not saved yet; it outlives a walk to another page, and in `place` a reload.
 * A desktop app is told whether there is any, because quitting is asked there and not in the page.
 */
export function createDraftStore(
  client: BridgeClient,
  settings: SettingsStore,
  place: DraftPlace = NO_PLACE,
): DraftStore {
  const state = createStore<DraftState>()(() => ({ edits: {}, changed: new Set(), isUnsaved: false }))
  const tells = client.transport.kind === 'ipc'
  let draft = place.read()
  /** What is being saved just now: it comes back as a change, and is none from elsewhere. */
  let onItsWay: readonly Edit[] = []
  let told = false

  const set = (next: readonly Edit[]) => {
    const saved = settings.state.getState().settings
    // Without the settings nothing can be said of it yet; it waits for them.
    if (!saved) return
    const form = formOf(saved)
    draft = next.filter((edit) => !isSettled(edit, saved))
    const isOnItsWay = ({ name }: Edit) => onItsWay.some((edit) => edit.name === name)
    const changed = draft.filter((edit) => edit.over !== form[edit.name] && !isOnItsWay(edit))
    const edits = textsOf(draft)
    const isUnsaved = hasChanges(edits, saved)
    state.setState({ edits, isUnsaved, changed: new Set(changed.map(({ name }) => name)) })
    place.write(draft)
    if (!tells || isUnsaved === told) return
    told = isUnsaved
    client.call('app.draft', { isUnsaved }).catch(() => undefined)
  }
  // A page that was loaded anew has lost what the one before it told of.
  if (tells) client.call('app.draft', { isUnsaved: false }).catch(() => undefined)
  // What was typed may have become what is saved, or the other way round.
  const unsubscribe = settings.state.subscribe((now, before) => {
    if (now.settings !== before.settings) set(draft)
  })
  /** The draft with the fields as they are saved now under what was typed. */
  const overSaved = (edits: readonly Edit[], isMeant: (edit: Edit) => boolean) => {
    const saved = settings.state.getState().settings
    if (!saved) return edits
    const form = formOf(saved)
    return edits.map((edit) => (isMeant(edit) ? { ...edit, over: form[edit.name] } : edit))
  }

  return {
    state,
    edit(name, text) {
      const saved = settings.state.getState().settings
      if (!saved) return
      const over = draft.find((edit) => edit.name === name)?.over ?? formOf(saved)[name]
      set([...draft.filter((edit) => edit.name !== name), { name, text, over }])
    },
    keep: (name) => set(overSaved(draft, (edit) => edit.name === name)),
    drop: (name) => set(draft.filter((edit) => edit.name !== name)),
    discard: () => set([]),
    async save() {
      const saved = settings.state.getState().settings
      if (!saved || onItsWay.length > 0 || state.getState().changed.size > 0) return false
      const { patch, replaces, problems } = readForm({ ...formOf(saved), ...textsOf(draft) }, saved)
      if (problems.size > 0) return false
      onItsWay = draft
      const isDone = await settings.save({ ...patch, replaces })
      const sent = onItsWay
      onItsWay = []
      if (!isDone) {
        set(draft)
        return false
      }
      // What was typed on meanwhile stands over what has just been saved.
      const typedOn = draft.filter(({ name, text }) => !sent.some((edit) => edit.name === name && edit.text === text))
      set(overSaved(typedOn, ({ name }) => sent.some((edit) => edit.name === name)))
      return true
    },
    dispose: unsubscribe,
  }
}

/** Whether what was typed is what is saved, here or elsewhere. While nothing has changed, a text stays as it is typed. */
function isSettled({ name, text, over }: Edit, saved: Settings): boolean {
  const now = formOf(saved)[name]
  return text === now || (over !== now && isSameValue(name, text, saved))
}

function textsOf(draft: readonly Edit[]): Partial<SettingsForm> {
  const texts: Partial<Record<FieldName, string>> = {}
  for (const { name, text } of draft) texts[name] = text
  return texts
}

function hasChanges(edits: DraftState['edits'], saved: Settings): boolean {
  const { patch, problems } = readForm({ ...formOf(saved), ...edits }, saved)
  return problems.size > 0 || Object.keys(patch).length > 0
}
