import type { Catalogue } from '../words'

/** What opens over a page at a key. */
export type Overlay = 'palette' | 'shortcuts'

/** Every key of the app, in one place. `Mod` is Command on a Mac and Control elsewhere. */
export const KEYS: readonly { keys: readonly string[]; does: keyof Catalogue['SHORTCUTS']['rows'] }[] = [
  { keys: ['Mod', 'K'], does: 'palette' },
  { keys: ['Mod', '/'], does: 'shortcuts' },
  { keys: ['Tab'], does: 'skip' },
  { keys: ['Enter'], does: 'send' },
  { keys: ['Shift', 'Enter'], does: 'line' },
  { keys: ['Esc'], does: 'close' },
  { keys: ['↑', '↓'], does: 'scroll' },
]

export function isMac(navigator: Pick<Navigator, 'platform'>): boolean {
  return /^(Mac|iP)/.test(navigator.platform)
}

export function keyName(key: string, mac: boolean): string {
  if (key !== 'Mod') return key
  return mac ? '⌘' : 'Ctrl'
}

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>

/** What a key press opens. On a Mac Control-K deletes to the end of a line, so it stays that. */
export function overlayOf({ key, ctrlKey, metaKey, altKey }: Press, mac: boolean): Overlay | null {
  if (altKey || !(mac ? metaKey && !ctrlKey : ctrlKey && !metaKey)) return null
  if (key.toLowerCase() === 'k') return 'palette'
  return key === '/' ? 'shortcuts' : null
}
