import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { EspalierError } from '../../../src-shared/errors'
import { RouteError } from '../route-error'

/** What an honest node in its place would say as well: the others need not wait for one. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_ARGUMENT',
  'CANCELLED',
  'CHAIN_INCOMPLETE',
  'PROMPT_TOO_LONG',
])

/**
 * The peer to go round; null for what this node says itself. Whatever a peer says is about that peer first: nobody
 * else can end an answer with its word.
 */
export function lostPeer(error: unknown): string | null {
  return error instanceof RouteError ? error.peer : null
}

/** It is about the request, if it is true: that others take the same request shows that it was not. */
export function isRefusal(code: ErrorCode): boolean {
  return code === 'PROMPT_TOO_LONG' || code.startsWith('TOKEN_')
}

/** What all that could be reached said of the request, in our own words; null where they did not agree. */
export function refusedByAll(losses: readonly RouteError[]): EspalierError | null {
  const reached = losses.filter(({ code }) => code !== 'STAGE_LOST')
  const [first] = reached
  if (!first || !isRefusal(first.code) || reached.some(({ code }) => code !== first.code)) return null
  const who = reached.length === 1 ? 'the only node' : `all ${reached.length} nodes`
  return new EspalierError(first.code, `so ${who} for some of the blocks`, { cause: first })
}

/** Whether another node in its place may do better. */
export function isMovable(code: ErrorCode): boolean {
  return !FINAL.has(code) && !code.startsWith('TOKEN_')
}

/** The chain has a gap now: says which blocks are missing, and which loss made the gap. To be busy is not to be gone. */
export function gapError(gap: unknown, loss: EspalierError): EspalierError {
  if (!(gap instanceof EspalierError) || gap.code !== 'CHAIN_INCOMPLETE') return loss
  const code = loss.code === 'SESSION_LIMIT' ? 'NODES_BUSY' : 'CHAIN_INCOMPLETE'
  return new EspalierError(code, `${detailOf(gap)}; ${loss.message}`, { cause: loss })
}

/** Where the network does not say in time whether anybody has the blocks of the newest loss. */
export function gapAfter(losses: readonly RouteError[]): EspalierError {
  const who = losses.at(-1)?.peer ?? 'that node'
  return new EspalierError('CHAIN_INCOMPLETE', `nobody was found in time for the blocks of ${who}`)
}

/** The message without the catalogue's sentence, which the new error brings again. */
function detailOf({ message }: EspalierError): string {
  return message.slice(message.indexOf(': ') + 2)
}
