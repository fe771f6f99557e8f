import { dirname } from 'node:path'
import type { Disposer } from '../../src-shared/clock'

/** `error` is null when the disk has taken it. */
type Listener = (path: string, error: unknown) => void

const listeners = new Set<Listener>()
/** What failed last time, for whoever begins to listen later. */
const failing = new Map<string, unknown>()

/**
 * Everything that writes what should outlast the process says here how it went, so that no failure to save can go
 * unseen, whoever asked for it. It is one place for the process because a disk is.
 */
export function tellWrite(path: string, error: unknown): void {
  if (error === null) failing.delete(path)
  else failing.set(path, error)
  for (const listener of listeners) listener(path, error)
}

/** Hears of every write to a file in one of `folders` or below, beginning with what cannot be written already. */
export function watchWrites(folders: readonly string[], onWrite: Listener): Disposer {
  const listener: Listener = (path, error) => {
    if (isBelow(path, folders)) onWrite(path, error)
  }
  listeners.add(listener)
  for (const [path, error] of [...failing]) listener(path, error)
  return () => void listeners.delete(listener)
}

export function isBelow(path: string, folders: readonly string[]): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (folders.includes(folder)) return true
    if (folder === dirname(folder)) return false
  }
}
