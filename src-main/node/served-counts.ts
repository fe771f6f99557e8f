import { z } from 'zod'
import type { Clock, Disposer } from '../../src-shared/clock'

const whole = z.int().min(0)
const CountsSchema = z.object({ tokens: whole, requests: whole })
export type ServedCounts = z.output<typeof CountsSchema>

/** What this node has given since it first did; in demonstrations, apart. The shape of its file. */
export const ServedBookSchema = z.object({ version: z.literal(1), real: CountsSchema, demo: CountsSchema })
export type ServedBook = z.output<typeof ServedBookSchema>

export interface ServedStore {
  load(): Promise<ServedBook | null>
  /** Atomic, and in the order of the calls. */
  save(book: ServedBook): Promise<void>
}

/** A kill costs at most what was served in this time. */
const SAVE_AFTER_MS = 2_000
/** A status is folded from all that the node knows: with every token of every session it would cost more than a hop. */
const TELL_AFTER_MS = 100
const NOTHING: ServedCounts = { tokens: 0, requests: 0 }
const EMPTY: ServedBook = { version: 1, real: NOTHING, demo: NOTHING }

export async function readServedCounts(store: Pick<ServedStore, 'load'>, isDemo: boolean): Promise<ServedCounts> {
  return ((await store.load()) ?? EMPTY)[isDemo ? 'demo' : 'real']
}

/**
 * Counts across restarts, whatever coordinator the node has, or none. What a coordinator was told is another book
 * (coordinator/token-ledger.ts). A book that cannot be read or written is no reason not to serve.
 */
export async function openServedCounts(options: {
  store: ServedStore
  isDemo: boolean
  clock: Clock
  /** Counts have changed; at most ten times a second. */
  onChange(): void
  onTrouble(error: unknown): void
}): Promise<{
  now(): ServedCounts
  add(what: keyof ServedCounts, count: number): ServedCounts
  stop(): Promise<void>
}> {
  const { store, clock, onChange, onTrouble } = options
  const mine = options.isDemo ? 'demo' : 'real'
  let book = EMPTY
  try {
    book = (await store.load()) ?? EMPTY
  } catch (error) {
    onTrouble(error)
  }
  let saved = book
  let cancelSave: Disposer | null = null
  let cancelTell: Disposer | null = null

  async function save(): Promise<void> {
    cancelSave?.()
    cancelSave = null
    if (book === saved) return
    saved = book
    await store.save(book).catch(onTrouble)
  }

  return {
    now: () => book[mine],
    add(what, count) {
      book = { ...book, [mine]: { ...book[mine], [what]: book[mine][what] + count } }
      cancelSave ??= clock.after(SAVE_AFTER_MS, () => void save())
      cancelTell ??= clock.after(TELL_AFTER_MS, () => {
        cancelTell = null
        onChange()
      })
      return book[mine]
    },
    stop() {
      cancelTell?.()
      return save()
    },
  }
}
