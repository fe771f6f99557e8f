import type { ComponentLogger, Logger } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'

/** Who forgets to switch it off has his disk back after this time. */
export const VERBOSE_FOR_MS = 30 * 60_000
/** A crawl alone makes thousands of lines a second, which neither a page nor a disk wants. */
export const MAX_LINES_PER_S = 100
const MAX_LINE_LENGTH = 500

export interface VerboseLog {
  /** For libp2p's `logger`. */
  readonly logger: ComponentLogger
  set(isOn: boolean): void
  /** When it ends by itself, ms since the epoch; null while it is off. */
  until(): number | null
  dispose: Disposer
}

/** libp2p's own words about what it does, as `libp2p` events of level debug: off until asked for, and off again by itself. */
export function createVerboseLog(options: { clock: Clock; log: EventLog }): VerboseLog {
  const { clock, log } = options
  let endsAt: number | null = null
  let cancel: Disposer | null = null
  let secondBegan = 0
  let lines = 0

  function write(scope: string, words: readonly unknown[]): void {
    if (endsAt === null) return
    const now = clock.monotonicMs()
    if (now - secondBegan >= 1_000) {
      if (lines > MAX_LINES_PER_S) leftOut()
      secondBegan = now
      lines = 0
    }
    if (++lines > MAX_LINES_PER_S) return
    log.write('debug', 'libp2p', `${scope} ${format(words)}`.slice(0, MAX_LINE_LENGTH), { scope })
  }

  function leftOut(): void {
    const count = lines - MAX_LINES_PER_S
    log.write('debug', 'libp2p', `${count} more lines of one second are left out`, { leftOut: count })
  }

  function end(): void {
    cancel?.()
    cancel = null
    endsAt = null
  }

  function loggerFor(scope: string): Logger {
    const say = (...words: unknown[]) => write(scope, words)
    const logger = Object.assign(say, {
      error: (...words: unknown[]) => write(`${scope}:error`, words),
      // Every frame of every stream: for who writes libp2p, not for who runs it.
      trace: () => undefined,
      enabled: true,
      newScope: (name: string) => loggerFor(`${scope}:${name}`),
    })
    // Parts that would work to make a line look here first.
    Object.defineProperty(logger, 'enabled', { get: () => endsAt !== null })
    return logger
  }

  return {
    logger: { forComponent: loggerFor },
    set(isOn) {
      const wasOn = endsAt !== null
      end()
      if (isOn) {
        endsAt = clock.now() + VERBOSE_FOR_MS
        cancel = clock.after(VERBOSE_FOR_MS, () => {
          end()
          log.write('info', 'libp2p.verbose', 'what libp2p does is no longer written: its time is up')
        })
      }
      if (isOn !== wasOn)
        log.write(
          'info',
          'libp2p.verbose',
          isOn ? 'what libp2p does is written for 30 minutes' : 'what libp2p does is no longer written',
        )
    },
    until: () => endsAt,
    dispose: end,
  }
}

/** libp2p's messages have places for what follows, each with a letter for its kind. */
function format([first, ...rest]: readonly unknown[]): string {
  const words = [...rest]
  const text = typeof first === 'string' ? first : wordOf(first)
  const filled = text.replace(/%(%|[a-zA-Z])/g, (place, kind: string) => {
    if (kind === '%') return '%'
    return words.length > 0 ? wordOf(words.shift()) : place
  })
  return [filled, ...words.map(wordOf)].join(' ')
}

function wordOf(value: unknown): string {
  if (value instanceof Error) return messageOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, 32)).toString('hex')
  if (typeof value !== 'object' || value === null) return String(value)
  // Peer ids, multiaddrs, CIDs and keys write themselves.
  if (Object.prototype.toString !== value.toString) return String(value)
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return Object.prototype.toString.call(value)
  }
}
