import type { Disposer } from '../../src-shared/clock'

/** Something to tell to whoever listens. */
export interface Topic<T> {
  tell(payload: T): void
  subscribe(listener: (payload: T) => void): Disposer
}

export function createTopic<T>(): Topic<T> {
  const listeners = new Set<(payload: T) => void>()
  return {
    tell(payload) {
      for (const listener of listeners) listener(payload)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
