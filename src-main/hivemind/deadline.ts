import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'

/**
 * Runs `work` with a signal that aborts when one of `parents` does or when `limitMs` have passed.
 * The second kind of abort carries TIMED_OUT as its reason.
 */
export async function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  parents: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onParent = () => controller.abort(parents.find((parent) => parent?.aborted)?.reason)
  if (parents.some((parent) => parent?.aborted)) onParent()
  // Not AbortSignal.any: on Node 20 its results stay attached to long-lived parents.
  for (const parent of parents) parent?.addEventListener('abort', onParent, { once: true })
  const cancelTimer = clock.after(limitMs, () => {
    controller.abort(new EspalierError('TIMED_OUT', `after ${limitMs} ms`))
  })
  try {
    return await work(controller.signal)
  } finally {
    cancelTimer()
    for (const parent of parents) parent?.removeEventListener('abort', onParent)
  }
}

/** What an aborted signal means to the caller: our own reason as it is, a timer's as TIMED_OUT, else CANCELLED. */
export function abortError(signal: AbortSignal): EspalierError {
  const { reason } = signal
  if (reason instanceof EspalierError) return reason
  const isTimer = reason instanceof Error && reason.name === 'TimeoutError'
  return new EspalierError(isTimer ? 'TIMED_OUT' : 'CANCELLED', isTimer ? undefined : messageOf(reason), {
    cause: reason,
  })
}
