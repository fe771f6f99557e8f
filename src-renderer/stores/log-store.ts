import { createStore, type StoreApi } from 'zustand/vanilla'
import type { LogLine } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import type { Frames } from './frames'

export interface LogState {
  /** Oldest first, each `seq` once. */
  lines: readonly LogLine[]
  isLoaded: boolean
  failure: Failure | null
}

export interface LogStore {
  readonly state: StoreApi<LogState>
  /** Fetches what was said before this page opened; new lines come by themselves. */
  load(): void
  dispose: Disposer
}

/** A day's log is in the files; the page keeps what people scroll through. */
export const MAX_LINES = 5_000
const RECENT_LINES = 500

export function createLogStore(client: BridgeClient, clock: Clock, frames: Frames): LogStore {
  const state = createStore<LogState>()(() => ({ lines: [], isLoaded: false, failure: null }))
  const add = (lines: readonly LogLine[]) =>
    state.setState(({ lines: known }) => ({ lines: mergeLines(known, lines, MAX_LINES) }))
  const asker = createAsker({
    client,
    clock,
    method: 'logs.recent',
    input: { limit: RECENT_LINES },
    onValue(lines) {
      add(lines)
      state.setState({ isLoaded: true, failure: null })
    },
    onFailure: (failure) => state.setState({ failure }),
  })
  const removeListener = client.on('log', ({ lines }) => frames.run(() => add(lines)))
  return {
    state,
    load: asker.ask,
    dispose() {
      asker.dispose()
      removeListener()
    },
  }
}

/** Both in order of `seq`; the result too, without doubles, and at most the newest `max`. */
export function mergeLines(known: readonly LogLine[], added: readonly LogLine[], max: number): readonly LogLine[] {
  const first = added[0]
  const newest = added.at(-1)
  const last = known.at(-1)
  if (!first || !newest) return known
  // Later, and yet with a lower number: a host that started anew. The old run's lines would be mixed in.
  if (last && newest.seq < last.seq && newest.at > last.at) return added.slice(-max)
  if (!last || first.seq > last.seq) return [...known, ...added].slice(-max)
  const bySeq = new Map([...known, ...added].map((line) => [line.seq, line]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-max)
}
