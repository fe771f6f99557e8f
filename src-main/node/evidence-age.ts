/** A clock that is corrected in small steps may leave evidence that lies a little ahead. */
const LEEWAY_MS = 2_000

/**
 * How old evidence is, in ms. What lies ahead was written before the clock was set back: nobody knows how old it is, so it
 * counts as too old for anything (`Infinity`).
 */
export function evidenceAgeMs(at: number, now: number): number {
  return at > now + LEEWAY_MS ? Number.POSITIVE_INFINITY : Math.max(0, now - at)
}
