/**
 * Work that runs once at a time. Whoever asks while it runs shares the next run with all others who do: what is under way
 * may have looked before the question came.
 */
export function inTurns<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let next: Promise<T> | null = null

  function start(): Promise<T> {
    next = null
    const run = work()
    running = run
    const over = () => {
      // Where somebody waits it is his turn, also before him who asks at this very moment.
      if (!next) running = null
    }
    run.then(over, over)
    return run
  }

  return () => {
    if (!running) return start()
    next ??= running.then(start, start)
    return next
  }
}
