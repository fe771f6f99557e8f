import * as z from 'zod'

const HeaderDate = z.coerce.date()
const MAX_WAIT_MS = 24 * 3_600_000

/**
 * What a server's answer says about too much: for how long it wants to be left alone, in ms, 0 where it does not say.
 * Null for every other answer.
 */
export function overloadOf({ status, headers }: Pick<Response, 'status' | 'headers'>, nowMs: number): number | null {
  if (status !== 429 && status !== 503) return null
  const text = headers.get('retry-after') ?? ''
  // Seconds, or a date.
  const date = HeaderDate.safeParse(text)
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : date.success ? date.data.getTime() - nowMs : 0
  return Math.min(MAX_WAIT_MS, Math.max(0, ms))
}

/**
 * The same fetch, which tells when an answer asks for a pause. Only where it says for how long: a gateway in front of a
 * server that is down answers 503 as well, and silence would then hide the node for nothing.
 */
export function overloadHeard(
  inner: typeof fetch,
  clock: { now(): number },
  onOverload: (retryAfterMs: number) => void,
): typeof fetch {
  return async (...call) => {
    const response = await inner(...call)
    const waitMs = response.headers.has('retry-after') ? overloadOf(response, clock.now()) : null
    if (waitMs !== null) onOverload(waitMs)
    return response
  }
}
