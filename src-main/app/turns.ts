import { EspalierError } from '../../src-shared/errors'

/** Lets things that must not overlap happen one after the other, in the order in which they were asked for. */
export function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  let controller = new AbortController()

  function take<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = controller
    const result = last.then(() => work(signal))
    last = result.catch(() => undefined)
    return result
  }
  return {
    take,
    /** As `take`, and what is under way or waits is told to give up: the newest wish counts. */
    takeOver<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
      controller.abort(new EspalierError('CANCELLED', 'something else was asked for'))
      controller = new AbortController()
      return take(work)
    },
  }
}
