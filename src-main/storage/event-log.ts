import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { tellWrite } from './write-watch'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One structured event. `code` is stable and searchable; `fields` are the particulars. */
export interface LogEvent {
  at: number
  level: LogLevel
  code: string
  message: string
  fields: Readonly<Record<string, unknown>>
}

export interface EventLog {
  write(level: LogLevel, code: string, message: string, fields?: Record<string, unknown>): void
  subscribe(listener: (event: LogEvent) => void): Disposer
  close(): Promise<void>
}

const REOPEN_MS = 5_000

/**
 * Hands events to its listeners, and keeps them as JSON lines in `events.jsonl` under `directory` (nowhere when null).
 * A disk that does not take them takes nothing down: the listeners hear of it as `log.unsaved`, the lines that are
 * lost are counted, and the file is opened again.
 */
export function createEventLog(clock: Clock, directory: string | null): EventLog {
  const listeners = new Set<(event: LogEvent) => void>()
  const file = directory === null ? null : openLines(join(directory, 'events.jsonl'))

  function tell(level: LogLevel, code: string, message: string, fields: LogEvent['fields'] = {}): LogEvent {
    const event: LogEvent = { at: clock.now(), level, code, message, fields }
    for (const listener of listeners) listener(event)
    return event
  }

  function openLines(path: string) {
    let stream: WriteStream | null = null
    let lost = 0
    /** On the clock that nobody sets; null: it works. */
    let failedAt: number | null = null
    function open(): WriteStream {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      const opened = createWriteStream(path, { flags: 'a', mode: 0o600 })
      opened.on('error', failed)
      return opened
    }
    function failed(error: unknown): void {
      stream = null
      lost += 1
      tellWrite(path, error)
      if (failedAt === null) tell('error', 'log.unsaved', `events are not saved: ${messageOf(error)}`)
      failedAt = clock.monotonicMs()
    }
    return {
      write(event: LogEvent): void {
        if (stream === null && failedAt !== null && clock.monotonicMs() - failedAt < REOPEN_MS) {
          lost += 1
          return
        }
        try {
          stream ??= open()
        } catch (error) {
          failed(error)
          return
        }
        stream.write(`${JSON.stringify({ ...event, ...(lost > 0 && { lostBefore: lost }) })}\n`, (error) => {
          if (error || failedAt === null) return
          lost = 0
          failedAt = null
          tellWrite(path, null)
          tell('info', 'log.saved', 'events are saved again')
        })
      },
      close: () => new Promise<void>((resolve) => (stream ? stream.end(() => resolve()) : resolve())),
    }
  }

  return {
    write(level, code, message, fields) {
      const event = tell(level, code, message, fields)
      file?.write(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => file?.close(),
  }
}
