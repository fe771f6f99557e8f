import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import electronLog from 'electron-log/node'
import { type Clock, type Disposer, systemClock } from '../../src-shared/clock'
import { STEADY_ENOUGH_MS, watchSteadiness } from '../../src-shared/steady-clock'
import type { EventLog } from './event-log'
import { closeToOthers } from './owner-only'
import { tellWrite } from './write-watch'

const FILE_NAME = 'espalier.log'
const MIB = 1024 * 1024
const DAY_MS = 86_400_000
const LOOK_INTERVAL_MS = 3_600_000
/** The one being written included. */
const FILE_COUNT = 10
const MAX_FIELDS_CHARS = 2_000

export interface LogFileLimits {
  /** Of all files together. */
  bytes: number
  /** A line lives about so long: files that were last written before go, and a file is closed early enough for that. */
  days: number
}

export const DEFAULT_LOG_LIMITS: LogFileLimits = { bytes: 50 * MIB, days: 30 }

/**
 * Writes events for people to read: `espalier.log`, then `espalier.1.log` (newest) to `espalier.9.log` (oldest).
 * `limits` is asked at each line, so a change of the settings holds at once.
 * A disk that cannot be written takes nothing else down; `watchWrites` hears of it.
 */
export function writeLogFiles(
  log: Pick<EventLog, 'subscribe'>,
  directory: string,
  limits: () => LogFileLimits = () => DEFAULT_LOG_LIMITS,
  clock: Pick<Clock, 'now' | 'monotonicMs'> = systemClock,
): Disposer {
  const logger = electronLog.create({ logId: directory })
  // Its complaints about the disk come from the default logger; standard error belongs to whoever runs the program.
  electronLog.transports.console.writeFn = () => undefined
  logger.transports.console.level = false
  const { file } = logger.transports
  // It would look for a package.json around the working directory, where an installed program has none.
  file.setAppName('Espalier')
  file.level = 'debug'
  file.writeOptions = { flag: 'a', mode: 0o600, encoding: 'utf8' }
  file.format = '{iso} {level} {text}'
  const path = join(directory, FILE_NAME)
  file.resolvePathFn = () => path
  file.archiveLogFn = (current) => rotate(String(current))
  let isOpen = false
  let failure: unknown = null
  let wasFailing = false
  /** When the current file was begun; null: not looked at yet. */
  let beganAt: number | null = null
  /** On the clock that nobody sets. */
  let lookAgainAtMs = clock.monotonicMs()
  const steadyMs = watchSteadiness(clock)

  function keepWithin({ bytes, days }: LogFileLimits): void {
    file.maxSize = bytes / FILE_COUNT
    if (clock.monotonicMs() < lookAgainAtMs) return
    lookAgainAtMs = clock.monotonicMs() + LOOK_INTERVAL_MS
    const now = clock.now()
    // One that lies ahead is of a clock that was set back since.
    beganAt = Math.min(beganAt ?? statSync(path).birthtimeMs, now)
    if (now - beganAt > (days * DAY_MS) / FILE_COUNT) {
      // The logger closes a file that is too large before it writes the next line.
      file.maxSize = 1
      beganAt = now
    }
    if (steadyMs() >= STEADY_ENOUGH_MS) removeOld(path, now - days * DAY_MS)
  }

  return log.subscribe(({ level, code, message, fields }) => {
    const particulars = Object.keys(fields).length === 0 ? '' : ` ${asText(fields)}`
    const text = oneLine(`${code} ${message}${particulars}`)
    failure = null
    try {
      if (!isOpen) {
        tryFile(path)
        file.getFile().on('error', (error) => {
          failure = error
        })
        isOpen = true
      }
      keepWithin(limits())
      logger[level](text)
    } catch (error) {
      failure = error
    }
    if (failure !== null || wasFailing) tellWrite(path, failure)
    wasFailing = failure !== null
  })
}

/** The logger gives a file up for good that it cannot open the first time, so it is asked only for one that opens. */
function tryFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, '', { flag: 'a', mode: 0o600 })
  closeToOthers(dirname(path))
  closeToOthers(path)
}

const numbered = (current: string, n: number) => current.replace(/\.log$/, `.${n}.log`)

function rotate(current: string): void {
  rmSync(numbered(current, FILE_COUNT - 1), { force: true })
  for (let n = FILE_COUNT - 2; n >= 1; n--) renameIfThere(numbered(current, n), numbered(current, n + 1))
  renameIfThere(current, numbered(current, 1))
}

/** Files that were written last before `since` (ms since the epoch), the current one excepted. */
function removeOld(current: string, since: number): void {
  for (let n = 1; n < FILE_COUNT; n++) {
    const path = numbered(current, n)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found && found.mtimeMs < since) rmSync(path, { force: true })
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A log whose lines can be made by what it quotes cannot be trusted. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function asText(fields: Readonly<Record<string, unknown>>): string {
  const plain = (_key: string, value: unknown) =>
    value instanceof Error ? `${value.name}: ${value.message}` : typeof value === 'bigint' ? value.toString() : value
  try {
    return JSON.stringify(fields, plain).slice(0, MAX_FIELDS_CHARS)
  } catch {
    return '(fields that cannot be written)'
  }
}
