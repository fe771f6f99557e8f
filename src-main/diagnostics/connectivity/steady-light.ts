import type { Light, LightId } from '../../../src-shared/app-view'
import type { Clock } from '../../../src-shared/clock'

export type Reading = Pick<Light, 'state' | 'evidence'>

/** So long a connection must hold before a light that went out is believed again. */
const HOLD_MS = 30_000
/** More changes than this within a minute are worth a word. */
const STEADY_CHANGES = 2
const MINUTE_MS = 60_000

/**
 * A light that does not flap (H-28): it goes out at once, for nothing may look healthy that is not, and comes back
 * only when what it shows has held for half a minute.
 */
export function createSteadyLight(id: LightId, clock: Clock) {
  let shown: Light | null = null
  let raw: Reading['state'] | null = null
  let rawSince = 0
  let changes: number[] = []

  return {
    read({ state, evidence }: Reading): Light {
      const now = clock.now()
      const nowMs = clock.monotonicMs()
      if (state !== raw) {
        if (raw !== null) changes.push(nowMs)
        raw = state
        rawSince = nowMs
      }
      changes = changes.filter((at) => nowMs - at < MINUTE_MS)
      const isUnsteady = changes.length > STEADY_CHANGES
      const mayShow = shown === null || shown.state === state || state !== 'up' || nowMs - rawSince >= HOLD_MS
      const next = mayShow ? state : (shown?.state ?? state)
      const words = mayShow ? evidence : `${evidence}; it has to hold for half a minute before this light comes back`
      const since = shown && shown.state === next ? shown.since : now
      shown = { id, state: next, evidence: words.slice(0, 300), isUnsteady, since, at: now }
      return shown
    },
  }
}
