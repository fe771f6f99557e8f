import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import type { ShardReplyBody, ShardRequest } from './command-wire'

/** Commands of one peer per second. */
export const COMMANDS_PER_SECOND = 20
/** A command is refused when it was made longer ago, or further in the future, than this. */
export const MAX_AGE_MS = 60_000
const MAX_PEERS = 1_000
const MAX_REMEMBERED = 4_096

export interface CommandGuard {
  /** Throws COMMAND_TOO_MANY. Called before anything is read of what the peer sent. */
  countIn(peer: string): void
  /**
   * Checks who, for whom and when, then runs `perform` once per id: the same command again gets the same reply, and
   * nothing is done twice. Throws COMMAND_FORGED, COMMAND_REPLAYED.
   */
  once(
    request: ShardRequest,
    peer: string,
    self: string,
    perform: () => Promise<ShardReplyBody>,
  ): Promise<ShardReplyBody>
}

/** What stands between the wire and the commands: rates, freshness, and the memory of what was done. */
export function createCommandGuard(clock: Clock): CommandGuard {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  const remembered = new Map<string, { content: string; reply: Promise<ShardReplyBody>; atMs: number }>()

  function forgetOld(): void {
    for (const [key, { atMs }] of remembered) {
      // Older ones are refused by their age; in the order of arrival, so the first young one ends the search.
      if (clock.monotonicMs() - atMs <= 2 * MAX_AGE_MS && remembered.size <= MAX_REMEMBERED) break
      remembered.delete(key)
    }
  }

  return {
    countIn(peer) {
      const atMs = clock.monotonicMs()
      const bucket = buckets.get(peer) ?? { tokens: COMMANDS_PER_SECOND, atMs }
      const refilled = bucket.tokens + ((atMs - bucket.atMs) / 1000) * COMMANDS_PER_SECOND
      const tokens = Math.min(COMMANDS_PER_SECOND, refilled)
      buckets.delete(peer)
      if (buckets.size >= MAX_PEERS) buckets.delete(buckets.keys().next().value ?? '')
      buckets.set(peer, { tokens: Math.max(0, tokens - 1), atMs })
      if (tokens < 1) throw new EspalierError('COMMAND_TOO_MANY', `more than ${COMMANDS_PER_SECOND} a second`)
    },

    once(request, peer, self, perform) {
      if (request.from !== peer) throw new EspalierError('COMMAND_FORGED', `it names ${request.from} as its sender`)
      if (request.to !== self) throw new EspalierError('COMMAND_FORGED', 'it was made for another peer')
      const ageMs = clock.now() - request.at
      if (Math.abs(ageMs) > MAX_AGE_MS)
        throw new EspalierError('COMMAND_REPLAYED', `it was made ${Math.round(ageMs / 1000)} s ago`)
      forgetOld()
      const key = `${peer} ${request.id}`
      const content = JSON.stringify([request.at, request.command])
      const known = remembered.get(key)
      if (known) {
        if (known.content !== content)
          throw new EspalierError('COMMAND_REPLAYED', 'its id was used for another command before')
        return known.reply
      }
      const reply = perform()
      remembered.set(key, { content, reply, atMs: clock.monotonicMs() })
      return reply
    },
  }
}
