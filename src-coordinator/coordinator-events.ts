import type { Disposer } from '../src-shared/clock'
import type { DecisionRow } from './database/tables'

/** What changed in the coordinator, after the database has it. Names what to read again, not what it now says. */
export type CoordinatorEvent =
  /** Registered, heard, decided about, gone silent. Many at once are one event. */
  | { type: 'workers'; workerIds: readonly string[] }
  /** The row as it was written. */
  | { type: 'decision'; decision: DecisionRow }
  /** A client reported a request, or workers reported tokens. */
  | { type: 'usage'; tokens: number }
  /** Quantization, target, assignments or coverage: what /network/* says. */
  | { type: 'network' }

export interface CoordinatorEvents {
  emit(event: CoordinatorEvent): void
  /** A listener that throws is heard of by `onError`, and the others still get the event. */
  subscribe(listener: (event: CoordinatorEvent) => void): Disposer
}

/** The bus inside one coordinator process. Synchronous and unbuffered: listeners queue what they cannot take at once. */
export function createCoordinatorEvents(onError: (error: unknown) => void): CoordinatorEvents {
  const listeners = new Set<(event: CoordinatorEvent) => void>()
  return {
    emit(event) {
      for (const listener of [...listeners]) {
        try {
          listener(event)
        } catch (error) {
          onError(error)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
