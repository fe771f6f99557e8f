import * as z from 'zod'
import { messageOf } from '../../src-shared/errors'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { type CheckDefinition, fail, pass, unknown, warn } from './check'

/** hivemind peers refuse whoever's clock differs by more than 3 s from theirs. */
const MAX_SKEW_MS = 3_000
const UNUSUAL_SKEW_MS = 1_000
/** The header has whole seconds. */
const HEADER_STEP_MS = 1_000

const HeaderDate = z.coerce.date()

export const clockSkew: CheckDefinition = {
  id: 'clock',
  title: 'Clock',
  async look({ coordinatorUrl, clock, fetch }, signal) {
    if (coordinatorUrl === null) return unknown('there is no coordinator whose clock could be compared')
    // Only looked at, as by the check of the coordinator: nothing about this node is sent.
    const url = normaliseCoordinatorUrl(coordinatorUrl, { allowInsecure: true })
    const askedAt = clock.now()
    const response = await fetch(`${url}/`, { method: 'HEAD', redirect: 'manual', credentials: 'omit', signal }).catch(
      (error: unknown) => messageOf(error),
    )
    const answeredAt = clock.now()
    if (typeof response === 'string') return unknown(`the coordinator does not answer (${response})`)
    await response.body?.cancel()
    const date = HeaderDate.safeParse(response.headers.get('date') ?? undefined)
    if (!date.success) return unknown('the coordinator does not say what time it is')
    const skewMs = skewOf(date.data.getTime(), askedAt, answeredAt)
    const evidence = `${Math.abs(skewMs / 1000).toFixed(1)} s ${skewMs > 0 ? 'behind' : 'ahead of'} ${url}`
    if (Math.abs(skewMs) > MAX_SKEW_MS) return fail('CLOCK_WRONG', evidence)
    if (Math.abs(skewMs) > UNUSUAL_SKEW_MS) return warn('CLOCK_WRONG', `This computer’s clock is ${evidence}`)
    return pass(skewMs === 0 ? `This computer’s clock agrees with ${url}` : `This computer’s clock is ${evidence}`)
  },
}

/**
 * How far ours is behind (positive) or ahead (negative) at least, in ms; 0 when the answer fits. The header was
 * written at some time between question and answer, and names a second, not a moment.
 */
export function skewOf(headerMs: number, askedAt: number, answeredAt: number): number {
  if (headerMs > answeredAt) return headerMs - answeredAt
  return Math.min(0, headerMs + HEADER_STEP_MS - askedAt)
}
