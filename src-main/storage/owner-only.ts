import { chmodSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { relative, sep } from 'node:path'
import { EspalierError } from '../../src-shared/errors'
import type { EventLog } from './event-log'

const OTHERS = 0o077
const STICKY = 0o1000

/** Whether other users of this computer may do anything with it. Windows keeps such rights elsewhere: there it says no. */
export function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0
}

/** Takes every right to a file or folder of this program's own from others, where the system lets it. */
export function closeToOthers(path: string): void {
  try {
    if (isOpenToOthers(path)) chmodSync(path, statSync(path).mode & 0o700)
  } catch {
    // Somebody else's, or a disk without rights. Whoever needs to know asks `isOpenToOthers`.
  }
}

/**
 * The same for a folder that a person has named. One that others have a use for stays as it is: somebody else's, one
 * where everybody may write (/tmp), the home folder and those above it.
 */
export function closeFolderToOthers(path: string, home: string = homedir()): void {
  if (process.platform === 'win32') return
  const { mode, uid } = statSync(path)
  const isOfMany = (mode & STICKY) !== 0 || uid !== process.getuid?.() || isAtOrAbove(path, home)
  if (!isOfMany) closeToOthers(path)
}

/** Says once a start what could not be closed. */
export function warnIfOpen(root: string, log: Pick<EventLog, 'write'>): void {
  if (!isOpenToOthers(root)) return
  const { message, action } = new EspalierError('DATA_DIR_OPEN', root)
  log.write('warn', 'DATA_DIR_OPEN', `${message}. ${action}`)
}

function isAtOrAbove(path: string, below: string): boolean {
  const way = relative(path, below)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}
