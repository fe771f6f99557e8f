import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'libsql'
import type { Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { defaultDataRoot } from './data-directory'
import { closeToOthers } from './owner-only'

const DATA_LOCK = 'node.lock'
const USER_LOCK = 'user.lock'
const HOLDER_FILE = 'user-node.txt'

/**
 * Holds a lock of the operating system until the returned function is called or this process ends, however it ends:
 * an exclusive SQLite transaction, which is the portable one among what is installed. A pid file would outlive a
 * kill and name a stranger. Null when another process, or another part of this one, holds it.
 * Throws DATA_DIR_UNUSABLE when the file can't be made.
 */
export function takeLock(path: string): Disposer | null {
  return hold(path, (database) => void database.exec('BEGIN EXCLUSIVE'))
}

/** As `takeLock`, but several may hold it as long as nobody holds it alone. */
function shareLock(path: string): Disposer | null {
  return hold(path, (database) => {
    // A transaction shares the lock from its first look into the file until its end.
    database.exec('BEGIN; SELECT count(*) FROM sqlite_master')
  })
}

type Lock = (database: InstanceType<typeof Database>) => void

function hold(path: string, lock: Lock): Disposer | null {
  try {
    return lockFile(path, lock)
  } catch (error) {
    if (!isDamaged(error)) throw unusable(path, error)
  }
  // There is nothing in a lock that could be lost, and nobody holds one that is no database.
  rmSync(path, { force: true })
  try {
    return lockFile(path, lock)
  } catch (error) {
    throw unusable(path, error)
  }
}

function lockFile(path: string, lock: Lock): Disposer | null {
  let database: InstanceType<typeof Database> | null = null
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    makeForOwner(path)
    const opened = new Database(path, { timeout: 0 })
    database = opened
    lock(opened)
    return () => {
      if (opened.open) opened.close()
    }
  } catch (error) {
    database?.close()
    if (isBusy(error)) return null
    throw error
  }
}

/** Whoever may read a lock may hold it. */
function makeForOwner(path: string): void {
  // Never opened when it is there: closing it again would end what another part of this process holds (POSIX locks).
  if (!existsSync(path)) writeFileSync(path, '', { flag: 'a', mode: 0o600 })
  closeToOthers(path)
}

function unusable(path: string, error: unknown): EspalierError {
  return new EspalierError('DATA_DIR_UNUSABLE', `${path} (${messageOf(error)})`, { cause: error })
}

function isDamaged(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(NOTADB|CORRUPT)/.test(String(error.code))
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

/** One process per data directory, in every profile (O-01). Throws DATA_DIR_IN_USE. */
export function lockDataDirectory(root: string): Disposer {
  const release = takeLock(join(root, DATA_LOCK))
  if (!release) throw new EspalierError('DATA_DIR_IN_USE', root)
  return release
}

/**
 * One node per user of this computer, whatever its data directory (O-01, D-T19). `stateRoot` is the same for all
 * programs of a user. Throws NODE_ALREADY_RUNNING, which names the data directory of the other.
 */
export function lockUser(root: string, stateRoot: string = defaultDataRoot()): Disposer {
  const release = takeLock(join(stateRoot, USER_LOCK))
  const holderFile = join(stateRoot, HOLDER_FILE)
  if (!release) {
    const holder = existsSync(holderFile) ? readFileSync(holderFile, 'utf8').slice(0, 4096).trim() : ''
    throw new EspalierError('NODE_ALREADY_RUNNING', holder === '' ? undefined : `its data is in ${holder}`)
  }
  writeFileSync(holderFile, `${root}\n`, { mode: 0o600 })
  return () => {
    rmSync(holderFile, { force: true })
    release()
  }
}

/**
 * Instead of `lockUser`, for one of several nodes that a user runs on purpose (O-15): they let each other in, and
 * nobody who has not said so. Throws NODE_ALREADY_RUNNING while one runs that has not.
 */
export function joinFleet(stateRoot: string = defaultDataRoot()): Disposer {
  const release = shareLock(join(stateRoot, USER_LOCK))
  if (!release) throw new EspalierError('NODE_ALREADY_RUNNING', 'it was not started with --fleet')
  return release
}
