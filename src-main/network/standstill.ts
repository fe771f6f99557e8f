import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { FramedStream } from './framed-stream'

const LOOK_INTERVAL_MS = 10_000
/** An answer that has waited for this long has been given up by whoever asked; honest neighbours read at once. */
export const STANDSTILL_MS = 60_000

/** Of a message, in that time: a large one takes minutes on a slow line, and its sender can't make it faster. */
const PROGRESS_BYTES = 64 * 1024

interface Seen {
  messages: number
  /** When the last message, or enough of the next one, had come, */
  readAtMs: number
  /** and how much was there of the next one then. */
  unreadBytes: number
  sentBytes: number
  sentAtMs: number
}

/**
 * Ends streams on which a message has begun and next to nothing more of it comes, and those whose other side does not read:
 * whoever does that holds our memory, and pings all the same.
 */
export function watchStandstill(
  clock: Clock,
  streams: () => Iterable<Pick<FramedStream, 'progress' | 'abort'>>,
): Disposer {
  const seen = new WeakMap<Pick<FramedStream, 'progress' | 'abort'>, Seen>()
  return clock.every(LOOK_INTERVAL_MS, () => {
    const nowMs = clock.monotonicMs()
    for (const stream of streams()) {
      const { messages, unreadBytes, sentBytes, unsentBytes } = stream.progress
      const last = seen.get(stream)
      const isRead = !last || unreadBytes === 0 || messages !== last.messages
      const goesOn = isRead || unreadBytes - last.unreadBytes >= PROGRESS_BYTES
      const read = goesOn ? { readAtMs: nowMs, unreadBytes } : last
      const sentAtMs = last && unsentBytes > 0 && sentBytes === last.sentBytes ? last.sentAtMs : nowMs
      seen.set(stream, { messages, readAtMs: read.readAtMs, unreadBytes: read.unreadBytes, sentBytes, sentAtMs })
      if (nowMs - read.readAtMs >= STANDSTILL_MS)
        stream.abort(new EspalierError('TIMED_OUT', `${unreadBytes} bytes of a message, and not the rest of it`))
      else if (nowMs - sentAtMs >= STANDSTILL_MS)
        stream.abort(new EspalierError('TIMED_OUT', `it does not read, and ${unsentBytes} bytes wait for it`))
    }
  })
}
