import * as z from 'zod/mini'
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'

/** The ways to a network, in the order in which they are offered. */
export const WAYS = ['invite', 'lan', 'address', 'host', 'demo'] as const
export type Way = (typeof WAYS)[number]

const typed = z.string().check(z.maxLength(4_000))
const AnswersSchema = z.object({
  way: z.enum(WAYS),
  invite: typed,
  address: typed,
  /** Which of the networks that were found; empty: none yet. */
  lanUrl: typed,
  /** Null: the name that was made up stays. */
  publicName: z.nullable(typed),
  /** Typed to say that http:// is all right, for the address that stands there. */
  insecureWord: typed,
})
/** What somebody has answered on the welcome pages, as typed. */
export type Answers = z.infer<typeof AnswersSchema>

const NOTHING: Answers = { way: 'invite', invite: '', address: '', lanUrl: '', publicName: null, insecureWord: '' }
const KEY = 'espalier.welcome'

export interface WelcomeStore {
  readonly state: StoreApi<Answers>
  answer(patch: Partial<Answers>): void
  /** They have led somewhere, and an invite in them is nobody else's business. */
  forget(): void
  dispose: Disposer
}

/** Answers of the first run. They outlive a step back and a reload of the page, and end with the tab. */
export function createWelcomeStore(storage: Storage | null = tabStorage()): WelcomeStore {
  const state = createStore<Answers>()(() => ({ ...NOTHING, ...kept(storage) }))
  const write = (act: (storage: Storage) => void) => {
    try {
      if (storage) act(storage)
    } catch {
      // Full, or forbidden: then a reload forgets, and nothing else is lost.
    }
  }
  return {
    state,
    answer(patch) {
      state.setState(patch)
      write((to) => to.setItem(KEY, JSON.stringify(state.getState())))
    },
    forget() {
      state.setState(NOTHING)
      write((to) => to.removeItem(KEY))
    },
    dispose: () => undefined,
  }
}

function kept(storage: Storage | null): Partial<Answers> {
  try {
    return AnswersSchema.parse(JSON.parse(storage?.getItem(KEY) ?? 'null'))
  } catch {
    return {}
  }
}

/** A page may be denied it, and asking is what throws. */
function tabStorage(): Storage | null {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}
