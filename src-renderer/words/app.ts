import type { AppView, Light, Unsaved, UpdateView } from '../../src-shared/app-view'
import type { StatusShape } from '../../src-shared/status'
import { say } from '.'

export function lightWords({ state, isUnsteady }: Light): { word: string; shape: StatusShape } {
  if (state === 'up')
    return isUnsteady ? { word: say.LIGHTS.unsteadyUp, shape: 'degraded' } : { word: say.LIGHTS.up, shape: 'visible' }
  return state === 'down' ? { word: say.LIGHTS.down, shape: 'problem' } : { word: say.LIGHTS.unknown, shape: 'waiting' }
}

export function unsavedNames(unsaved: readonly Unsaved[]): string {
  return unsaved.map(({ file }) => say.STATE_FILES[file] ?? file).join(', ')
}

export function takenOutWords(takenOut: readonly { what: string; count: number }[]): string {
  return takenOut.map(({ what, count }) => (count === 1 ? what : `${what} (${count})`)).join(', ')
}

export function updateWords(
  { version }: Pick<AppView, 'version'>,
  update: UpdateView,
): { hint: string; button: string | null } {
  const { UPDATE } = say
  const next = update.version ?? ''
  switch (update.state) {
    case 'checking':
      return { hint: UPDATE.checking(version), button: null }
    case 'downloading':
      return { hint: UPDATE.downloading(version, next), button: null }
    case 'ready':
      return { hint: UPDATE.ready(version, next), button: UPDATE.install }
    case 'available':
      return { hint: UPDATE.available(version, next, update.note), button: UPDATE.lookAgain }
    case 'refused':
    case 'failed':
      return { hint: `${version}. ${update.note}`, button: UPDATE.lookAgain }
    case 'current':
      return { hint: UPDATE.current(version), button: UPDATE.lookAgain }
    case 'idle':
      return { hint: version, button: update.way === 'none' ? null : UPDATE.look }
  }
}

/** `22:30` of minutes since midnight, and back; null for what is no time. */
export function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

export function minutesOf(time: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(time)
  return found ? Number(found[1]) * 60 + Number(found[2]) : null
}
