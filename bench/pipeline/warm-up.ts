import type { Clock } from '../../src-shared/clock'
import type { DecodeInput } from './settings'

/** V8 compiles what runs often only after some thousand calls. A node computes for days, so its first answers are no measure. */
export const WARM_UP_TOKENS = 2_000
const RUN_TOKENS = 160

/**
 * Decodes until everything on a token's way is compiled, or the time is over; between two answers, so that it may take one
 * longer. Gives the tokens that it took.
 */
export async function warmUp(
  { decode }: { decode(input: DecodeInput): Promise<unknown> },
  prompt: Int32Array,
  { clock, limitMs }: { clock: Pick<Clock, 'monotonicMs'>; limitMs: number },
): Promise<number> {
  const endsAtMs = clock.monotonicMs() + limitMs
  let tokens = 0
  while (tokens < WARM_UP_TOKENS && (tokens === 0 || clock.monotonicMs() < endsAtMs)) {
    await decode({ prompt, tokens: RUN_TOKENS })
    tokens += RUN_TOKENS
  }
  return tokens
}
