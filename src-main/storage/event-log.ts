import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Disposer } from '../../src-shared/clock'

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

/** Keeps events in one JSON-lines file a day under `directory` (none when null) and hands them to listeners. */
export function createEventLog(clock: Clock, directory: string | null): EventLog {
  const listeners = new Set<(event: LogEvent) => void>()
  let stream: ReturnType<typeof createWriteStream> | null = null
  if (directory !== null) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    stream = createWriteStream(join(directory, 'events.jsonl'), { flags: 'a', mode: 0o600 })
    // A full disk must not take the node down; the listeners still get every event.
    stream.on('error', () => {
      stream = null
    })
  }
  return {
    write(level, code, message, fields = {}) {
      const event: LogEvent = { at: clock.now(), level, code, message, fields }
      stream?.write(`${JSON.stringify(event)}\n`)
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () =>
      new Promise((resolve) => {
        if (!stream) return resolve()
        stream.end(() => resolve())
        stream = null
      }),
  }
}
