import { abortError } from './deadline'

/** Runs at most `maxAtOnce` tasks at a time; the others wait in order. A task whose signal aborts stops waiting. */
export function createLimiter(
  maxAtOnce: number,
): <T>(task: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        waiting.splice(waiting.indexOf(begin), 1)
        if (signal) reject(abortError(signal))
      }
      waiting.push(begin)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  return async (task, signal) => {
    if (signal?.aborted) throw abortError(signal)
    // A finished task hands its place on, so `running` never drops while others wait.
    if (running >= maxAtOnce) await turn(signal)
    else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
