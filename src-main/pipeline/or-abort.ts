import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'

/** As `work`; rejects with the signal's reason when that aborts first, whatever becomes of the work. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined)
    return Promise.reject(signal.reason)
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** As `work`; rejects with TIMED_OUT after `limitMs`, also where the work does not heed its signal. */
export function within<T>(clock: Clock, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController()
  const cancel = clock.after(limitMs, () => ending.abort(new EspalierError('TIMED_OUT', `${limitMs / 1000} s`)))
  return orAbort(work(ending.signal), ending.signal).finally(cancel)
}
