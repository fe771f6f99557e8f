import type { Disposer } from '../../../src-shared/clock'
import type { ByteSource } from '../sources/source'

/** The operator's hand on a running fetch. */
export interface FetchControl {
  readonly paused: boolean
  /** Somebody may add a source at any time: with no source left the fetch waits instead of failing. */
  readonly bringsSources: boolean
  pause(): void
  resume(): void
  /** Another place to ask: a peer that was found, a file that was chosen or copied in. */
  addSource(source: ByteSource): void
  /** Asks excluded and waiting sources again, now. */
  retryNow(): void
  onChange(listener: (change: FetchChange) => void): Disposer
}

export type FetchChange =
  | { readonly type: 'paused' | 'resumed' | 'retry' }
  | { readonly type: 'source'; readonly source: ByteSource }

/** `paused`: from the beginning on. */
export function createFetchControl({ paused: isPaused = false, bringsSources = true } = {}): FetchControl {
  const listeners = new Set<(change: FetchChange) => void>()
  let paused = isPaused
  const tell = (change: FetchChange) => {
    for (const listener of listeners) listener(change)
  }
  return {
    bringsSources,
    get paused() {
      return paused
    },
    pause() {
      if (paused) return
      paused = true
      tell({ type: 'paused' })
    },
    resume() {
      if (!paused) return
      paused = false
      tell({ type: 'resumed' })
    },
    addSource: (source) => tell({ type: 'source', source }),
    retryNow: () => tell({ type: 'retry' }),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
