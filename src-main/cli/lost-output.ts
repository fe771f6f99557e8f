import type { EventEmitter } from 'node:events'

/** What the system says when nobody reads any more: a closed pipe, a terminal that is gone. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']

/**
 * Keeps a failed write from ending the process; unheard, the stream's error is an exception that nobody catches.
 * `onGone` is called once when nobody reads `stdout` any more, `onLost` once for what a full disk or the like has not
 * taken. Every later write fails as well, which is no news.
 */
export function watchOutput(
  streams: { stdout: EventEmitter; stderr: EventEmitter },
  { onGone, onLost }: { onGone: () => void; onLost: (error: Error) => void },
): void {
  let isTold = false
  streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isTold) return
    isTold = true
    if (NOBODY_READS.includes(error.code ?? '')) onGone()
    else onLost(error)
  })
  // There is nowhere left to say it.
  streams.stderr.on('error', () => undefined)
}
