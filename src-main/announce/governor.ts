import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import type { RecordForm } from '../network/profiles'

/** Between two full rounds of a form, whatever changes meanwhile (O-04). */
export const MIN_GAP_MS = 30_000
/** Rounds that may follow each other at that gap; with the refill at most 20 in ten minutes, farewells included. */
const BUCKET = 9
const REFILL_MS = 60_000
const OVERLOAD_MS = 15 * 60_000
/** However long a silence is asked for, and whatever clock wrote it down. */
const LONGEST_SILENCE_MS = 4 * OVERLOAD_MS
const PROBATION_MS = 30 * 60_000

const AccountSchema = z.object({ tokens: z.number(), refilledAt: z.number(), lastRoundAt: z.number() })
type Account = z.output<typeof AccountSchema>
export const GovernorSchema = z.object({
  accounts: z.partialRecord(z.enum(['hivemind', 'kademlia']), AccountSchema),
  overloadedUntil: z.number(),
})
export type GovernorState = z.output<typeof GovernorSchema>

export interface GovernorFile {
  load(): Promise<GovernorState | null>
  save(state: GovernorState): Promise<void>
}

/** How often a computer may announce itself, over all its restarts. */
export interface Governor {
  /** How long the next round of this form has to wait, in ms; 0: not at all. */
  waitMs(form: RecordForm, intervalMs: number): number
  /**
   * Counts a round. Resolves when that is on disk, so that a kill right after the round can't undo it. A farewell is
   * never held back and may go into debt, which the next start pays; what follows it need not keep the gap.
   */
  charge(form: RecordForm, kind?: 'round' | 'farewell'): Promise<void>
  /** Somebody who serves the network said that it is too much (O-19): silence, then half the rate for a while. */
  overloaded(retryAfterMs?: number): Promise<void>
  mode(): { name: 'normal' | 'overload' | 'probation'; until: number | null }
}

/** Reads what earlier runs have used up. A file that can't be written is reported and does not stop announcing. */
export async function openGovernor(options: {
  clock: Clock
  /** Null keeps the account in memory. */
  file: GovernorFile | null
  onTrouble: (error: unknown) => void
}): Promise<Governor> {
  const { clock, file } = options
  const found = await file?.load().catch((error: unknown) => {
    options.onTrouble(error)
    return null
  })
  const state: GovernorState = found ?? { accounts: {}, overloadedUntil: 0 }

  const save = async () => {
    await file?.save(state).catch(options.onTrouble)
  }
  if (state.overloadedUntil > clock.now() + LONGEST_SILENCE_MS) {
    boundSilence()
    await save()
  }

  /** Times that lie ahead were written by a clock that has been set back since: they count as now. */
  function account(form: RecordForm): Account {
    const now = clock.now()
    const before = state.accounts[form] ?? { tokens: BUCKET, refilledAt: now, lastRoundAt: 0 }
    const refilledAt = Math.min(before.refilledAt, now)
    const tokens = Math.min(BUCKET, before.tokens + (now - refilledAt) / REFILL_MS)
    const current = { tokens, refilledAt: now, lastRoundAt: Math.min(before.lastRoundAt, now) }
    state.accounts[form] = current
    return current
  }

  /** The same for a silence: kept, or it would stay as far ahead at each look. */
  function boundSilence(): void {
    state.overloadedUntil = Math.min(state.overloadedUntil, clock.now() + LONGEST_SILENCE_MS)
  }

  function mode(): ReturnType<Governor['mode']> {
    boundSilence()
    const now = clock.now()
    const { overloadedUntil } = state
    if (now < overloadedUntil) return { name: 'overload', until: overloadedUntil }
    const probationUntil = overloadedUntil + PROBATION_MS
    return now < probationUntil ? { name: 'probation', until: probationUntil } : { name: 'normal', until: null }
  }

  return {
    mode,
    waitMs(form, intervalMs) {
      const { tokens, lastRoundAt } = account(form)
      const { name, until } = mode()
      const now = clock.now()
      const silenceMs = name === 'overload' ? (until ?? now) - now : 0
      const gapMs = name === 'probation' ? Math.max(2 * intervalMs, 2 * MIN_GAP_MS) : MIN_GAP_MS
      return Math.ceil(Math.max(0, silenceMs, lastRoundAt + gapMs - now, (1 - tokens) * REFILL_MS))
    },
    async charge(form, kind = 'round') {
      const before = account(form)
      const lastRoundAt = kind === 'farewell' ? before.lastRoundAt : clock.now()
      state.accounts[form] = { ...before, tokens: before.tokens - 1, lastRoundAt }
      await save()
    },
    async overloaded(retryAfterMs = 0) {
      boundSilence()
      state.overloadedUntil = Math.max(state.overloadedUntil, clock.now() + Math.max(OVERLOAD_MS, retryAfterMs))
      await save()
    },
  }
}
