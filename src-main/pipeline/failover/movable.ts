import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { EspalierError } from '../../../src-shared/errors'
import { RouteError } from '../route-error'

/** What another node would answer in the same way, and what was our own wish. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_ARGUMENT',
  'CANCELLED',
  'CHAIN_INCOMPLETE',
  'PROMPT_TOO_LONG',
])

/** The peer to go round, when another route may help; else null. */
export function lostPeer(error: unknown): string | null {
  return error instanceof RouteError && isMovable(error.code) ? error.peer : null
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

/** The message without the catalogue's sentence, which the new error brings again. */
function detailOf({ message }: EspalierError): string {
  return message.slice(message.indexOf(': ') + 2)
}
