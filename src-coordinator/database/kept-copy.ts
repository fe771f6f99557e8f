import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import type Database from 'libsql'

const copyOf = (path: string) => `${path}.copy`
/** Copying is done while nobody waits, at the start and at the end, and stays a matter of a second or so. */
const MAX_COPIED_BYTES = 256 * 1024 * 1024

/** A whole copy of the database beside it, in place of the one before. The caller has found the database to be whole. */
export function keepCopy(connection: InstanceType<typeof Database>, path: string): void {
  if (statSync(path).size > MAX_COPIED_BYTES) return
  copyInto(connection, copyOf(path))
}

/** As it is, under a name of its own; the path of it. */
export function keepAside(connection: InstanceType<typeof Database>, path: string, label: string): string {
  const aside = `${path}.${label}`
  copyInto(connection, aside)
  return aside
}

function copyInto(connection: InstanceType<typeof Database>, target: string): void {
  // Always the same name: what a kill has left is gone with the next copy.
  const unfinished = `${target}.tmp`
  rmSync(unfinished, { force: true })
  try {
    connection.prepare('VACUUM INTO ?').run(unfinished)
    renameSync(unfinished, target)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** When the copy was made, as ISO 8601, or null when there is none. */
export function copyTime(path: string): string | null {
  return existsSync(copyOf(path)) ? statSync(copyOf(path)).mtime.toISOString() : null
}

/**
 * Keeps a damaged database as `.damaged` and puts the copy in its place (D-T33). Killed on the way, it finds the
 * damaged one again: at no moment is there none, which would be taken for a new network.
 */
export async function restoreCopy(path: string): Promise<void> {
  const restored = `${path}.restored`
  await copyFile(copyOf(path), restored)
  await copyFile(path, `${path}.damaged`)
  for (const part of ['-wal', '-shm']) {
    if (existsSync(path + part)) await rename(path + part, `${path}.damaged${part}`)
  }
  await rename(restored, path)
}
