import type { AppView } from '../../src-shared/app-view'
import type { Disposer } from '../../src-shared/clock'

/** The one place that holds what is true of the app itself; parts change their fields, everybody else is told. */
export interface AppViewBook {
  get(): AppView
  change(fields: Partial<AppView>): void
  onChange(listener: (view: AppView) => void): Disposer
}

export function createAppViewBook(first: Pick<AppView, 'version' | 'host' | 'platform'>): AppViewBook {
  const listeners = new Set<(view: AppView) => void>()
  let view: AppView = {
    ...first,
    lights: [],
    pausedFor: [],
    canPauseFor: ['quiet-hours'],
    startsAtLogin: null,
    update: { way: 'none', state: 'idle', version: null, note: '', checkedAt: null },
    choosesFiles: false,
    unsaved: [],
    invite: null,
  }
  return {
    get: () => view,
    change(fields) {
      view = { ...view, ...fields }
      for (const listener of listeners) listener(view)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
