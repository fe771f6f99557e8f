import type { Disposer } from '../../../src-shared/clock'
import type { ByteSource } from '../sources/source'

/** The operator's hand on a running fetch. */
export interface FetchControl {
  readonly paused: boolean
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

export function createFetchControl(): FetchControl {
  const listeners = new Set<(change: FetchChange) => void>()
  let paused = false
  const tell = (change: FetchChange) => {
    for (const listener of listeners) listener(change)
  }
  return {
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
