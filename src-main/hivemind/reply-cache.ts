import type { Clock } from '../../src-shared/clock'

/** A figure in a reply may be this old; a map asks once a minute. */
const MAX_AGE_MS = 250
const MAX_KEPT = 64

/**
 * Encodes a reply once for all who ask for it within a moment, so that many questions cost little (O-05). What `encode`
 * throws is not kept. Nobody may write to what is returned.
 */
export function createReplyCache(
  clock: Pick<Clock, 'monotonicMs'>,
  encode: (question: string) => Uint8Array,
): (question: string) => Uint8Array {
  const kept = new Map<string, { reply: Uint8Array; atMs: number }>()
  return (question) => {
    const nowMs = clock.monotonicMs()
    const known = kept.get(question)
    if (known && nowMs - known.atMs < MAX_AGE_MS) return known.reply
    kept.delete(question)
    const reply = encode(question)
    kept.set(question, { reply, atMs: nowMs })
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? '')
    return reply
  }
}
