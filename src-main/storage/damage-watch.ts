import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Disposer } from '../../src-shared/clock'
import type { EventLog } from './event-log'
import { isBelow } from './write-watch'

/** A state file that could not be read. */
export interface Damage {
  path: string
  /** Where what was found lies now. */
  asidePath: string
  /** What is read instead: the file's copy, or nothing. */
  isCopyRead: boolean
}

/** The last one gives way; a disk that damages a file at every start must not fill up with it. */
const MAX_ASIDE = 9
/** State files are read before anybody can listen. */
const MAX_UNHEARD = 100

const listeners = new Set<(damage: Damage) => boolean>()
const unheard: Damage[] = []

/** Whoever sets a damaged file aside says so here, so that nothing is lost without a word (D-T33). */
export function tellDamage(damage: Damage): void {
  let isHeard = false
  for (const listener of listeners) isHeard = listener(damage) || isHeard
  if (isHeard) return
  unheard.push(damage)
  if (unheard.length > MAX_UNHEARD) unheard.shift()
}

/** Logs each damaged file in one of `folders` or below, beginning with those of before. */
export function watchDamage(folders: readonly string[], log: Pick<EventLog, 'write'>): Disposer {
  const listener = (damage: Damage): boolean => {
    if (!isBelow(damage.path, folders)) return false
    log.write('warn', 'state.damaged', inWords(damage), { path: damage.asidePath })
    return true
  }
  listeners.add(listener)
  for (const damage of unheard.splice(0)) if (!listener(damage)) unheard.push(damage)
  return () => void listeners.delete(listener)
}

function inWords({ path, asidePath, isCopyRead }: Damage): string {
  const then = isCopyRead ? 'its copy is used' : 'nothing of it is used, and what it held begins anew'
  return `${basename(path)} was damaged and is kept as ${basename(asidePath)}; ${then}`
}

/** A name for what is set aside: what was set aside before is somebody's hope too. */
export async function asideName(path: string): Promise<string> {
  let name = `${path}.damaged`
  for (let n = 2; n <= MAX_ASIDE && (await isThere(name)); n++) name = `${path}.damaged-${n}`
  return name
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
