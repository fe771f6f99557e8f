import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import electronLog from 'electron-log/node'
import type { Disposer } from '../../src-shared/clock'
import type { EventLog } from './event-log'
import { tellWrite } from './write-watch'

const FILE_NAME = 'espalier.log'
const MAX_FILE_BYTES = 5 * 1024 * 1024
/** The one being written included. */
const FILE_COUNT = 10
const MAX_FIELDS_CHARS = 2_000

export interface LogFileLimits {
  maxFileBytes?: number
  fileCount?: number
}

/**
 * Writes events for people to read: `espalier.log`, then `espalier.1.log` (newest) to `espalier.9.log` (oldest).
 * A disk that cannot be written takes nothing else down; `watchWrites` hears of it.
 */
export function writeLogFiles(
  log: Pick<EventLog, 'subscribe'>,
  directory: string,
  { maxFileBytes = MAX_FILE_BYTES, fileCount = FILE_COUNT }: LogFileLimits = {},
): Disposer {
  const logger = electronLog.create({ logId: directory })
  // Its complaints about the disk come from the default logger; standard error belongs to whoever runs the program.
  electronLog.transports.console.writeFn = () => undefined
  logger.transports.console.level = false
  const { file } = logger.transports
  file.level = 'debug'
  file.maxSize = maxFileBytes
  file.writeOptions = { flag: 'a', mode: 0o600, encoding: 'utf8' }
  file.format = '{iso} {level} {text}'
  const path = join(directory, FILE_NAME)
  file.resolvePathFn = () => path
  file.archiveLogFn = (current) => rotate(String(current), fileCount)
  let isOpen = false
  let failure: unknown = null
  let wasFailing = false
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
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '', { flag: 'a', mode: 0o600 })
}

function rotate(current: string, fileCount: number): void {
  const numbered = (n: number) => current.replace(/\.log$/, `.${n}.log`)
  rmSync(numbered(fileCount - 1), { force: true })
  for (let n = fileCount - 2; n >= 1; n--) renameIfThere(numbered(n), numbered(n + 1))
  renameIfThere(current, numbered(1))
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
