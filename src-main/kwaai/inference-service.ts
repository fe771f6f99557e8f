import { createHash } from 'node:crypto'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, reportOf } from '../../src-shared/errors'
import { MAX_FRAME_BYTES } from '../hivemind/envelope'
import type { SessionGuard } from '../membership/session-guard'
import { PREFILL_CHUNK_TOKENS } from '../pipeline/generate'
import type { PlaceLeases } from '../pipeline/place-leases'
import { morePatience, RANK } from '../pipeline/places'
import type { StageRunner } from '../pipeline/stage-runner'
import type { StageSessionEvents } from '../pipeline/stage-sessions'
import type { EventLog } from '../storage/event-log'
import { decodeRequest, encodeReply, type InferenceRequest } from './inference-wire'
import { WARMING_UP } from './protocols'
import { createServedSessions, type ServedSession } from './served-sessions'
import { HALF_BYTES } from './tensors'

/** Calls at once, of all peers: each may hold 4 MiB twice. */
const MAX_CALLS = 64
/** Beside the tensor: names, numbers, the envelope. */
const OVERHEAD_BYTES = 4096
const MAX_ERROR_CHARS = 300
/** No message of ours, but what KwaaiNet's own nodes say when a request can't be read. */
const NO_SESSION = 0n

/**
 * Answers callers of KwaaiNet's inference protocol, who send every node of their chain its rows themselves. `stage`
 * gives our slice while it may serve, else null; then callers hear that it is on its way. What goes wrong is an answer
 * too: a caller there treats a broken stream as a broken node.
 */
export function createInferenceService(options: {
  clock: Clock
  log: EventLog
  stage: () => StageRunner | null
  events: StageSessionEvents
  /** Who may ask; everybody without one. This protocol has no place for a token, so members can't show theirs. */
  guard?: Pick<SessionGuard, 'authorise'> | undefined
  /** The pipeline's own, so that its sessions and these get their places by one set of rules. */
  leases: PlaceLeases
}) {
  const { clock, log, events } = options
  const sessions = createServedSessions({ clock, leases: options.leases, onCount: events.onSessions })
  let calls = 0

  async function answer(payload: Uint8Array, peer: string): Promise<Uint8Array> {
    const serving = options.stage()
    if (!serving && sessions.count === 0) return encodeReply({ sessionId: NO_SESSION, error: WARMING_UP })
    let sessionId = NO_SESSION
    if (calls >= MAX_CALLS) return encodeReply({ sessionId, error: 'node at capacity' })
    calls++
    try {
      const admission = await options.guard?.authorise({ entry: peer })
      if (admission && !admission.ok) throw admission.refusal
      const request = decodeRequest(payload)
      // Blocks on their way out take no new sessions, and those that there are may finish.
      const runner = serving ?? sessions.runnerOf(peer, request.sessionId)
      if (!runner) return encodeReply({ sessionId, error: WARMING_UP })
      sessionId = request.sessionId
      const rows = rowsOf(request, runner)
      // Nothing here is signed, so nobody is more than a guest.
      const who = { asker: peer, rank: RANK.guest }
      const at = { who, sessionId, runner, isFirst: request.position === 0 }
      return await sessions.run(at, (session) => step(session, request, rows, payload))
    } catch (error) {
      const { code, cause } = reportOf(error)
      if (code === 'SESSION_LIMIT') log.write('debug', 'pipeline.dropped', 'refused', { reason: 'refused' })
      log.write('debug', 'kwaai.inference.failed', cause, { peer, code })
      return encodeReply({ sessionId, error: `${code}: ${cause}`.slice(0, MAX_ERROR_CHARS) })
    } finally {
      calls--
    }
  }

  async function step(
    session: ServedSession,
    request: InferenceRequest,
    rows: number,
    payload: Uint8Array,
  ): Promise<Uint8Array> {
    const { runner, asker, last } = session
    const digest = createHash('sha256').update(payload).digest('base64')
    if (last?.position === request.position && last.digest === digest) return last.reply
    if (request.position === 0 && session.position > 0) sessions.restart(session)
    if (request.position !== session.position) {
      throw new EspalierError('PROTOCOL_VIOLATION', `position ${request.position}, expected ${session.position}`)
    }
    session.patienceMs = morePatience(session.patienceMs, rows)
    const { hidden, logits } = await compute(session, request, rows)
    const isNew = session.position === 0
    session.position += rows
    const { sessionId } = request
    const reply = encodeReply(logits ? { sessionId, logits } : { sessionId, hidden, width: runner.embeddingLength })
    session.last = { position: request.position, digest, reply }
    events.onServed(asker, rows)
    if (isNew) events.onRequest?.(asker)
    return reply
  }

  return { sessions, answer }
}

/** Checks what can be before a place in the cache is given. Throws PROTOCOL_VIOLATION, PROMPT_TOO_LONG. */
function rowsOf({ input, position }: InferenceRequest, runner: StageRunner): number {
  const { blocks, blockCount, embeddingLength, contextTokens } = runner
  const isTokens = 'tokens' in input
  if (isTokens !== (blocks.start === 0))
    throw new EspalierError(
      'PROTOCOL_VIOLATION',
      `token ids are for block 0; these are blocks ${blocks.start}–${blocks.end - 1}`,
    )
  if (!isTokens && input.width !== embeddingLength)
    throw new EspalierError('PROTOCOL_VIOLATION', `rows of ${input.width} values, these blocks take ${embeddingLength}`)
  const rows = isTokens ? input.tokens.length : input.hidden.length / input.width
  if (position + rows > contextTokens)
    throw new EspalierError('PROMPT_TOO_LONG', `this node keeps ${contextTokens} tokens`)
  const replyBytes = rows * embeddingLength * HALF_BYTES
  if (blocks.end < blockCount && replyBytes > MAX_FRAME_BYTES - OVERHEAD_BYTES)
    throw new EspalierError('PROTOCOL_VIOLATION', `${rows} rows are more than an answer can carry`)
  return rows
}

/** In batches that the engine takes; a caller there sends its whole prompt at once. */
async function compute(
  { runner, sequence, ending }: ServedSession,
  { input, position }: InferenceRequest,
  rows: number,
): Promise<{ hidden: Float32Array; logits: Float32Array | null }> {
  if (sequence === null) throw new EspalierError('SESSION_UNKNOWN')
  const isLast = runner.blocks.end === runner.blockCount
  const width = runner.embeddingLength
  const hidden = new Float32Array(isLast ? 0 : rows * width)
  let logits: Float32Array | null = null
  // As the chunks of our own prompts, so that others' turns come as soon.
  const turnRows = Math.min(runner.maxBatchTokens, PREFILL_CHUNK_TOKENS)
  for (let from = 0; from < rows; from += turnRows) {
    // Its place may be another's by now.
    ending.signal.throwIfAborted()
    const to = Math.min(rows, from + turnRows)
    const output = await runner.run({
      sequence,
      position: position + from,
      rows:
        'tokens' in input
          ? { tokens: input.tokens.slice(from, to) }
          : { hidden: input.hidden.slice(from * width, to * width) },
      answer: isLast && to === rows ? 'logits' : 'none',
    })
    if (output.hidden) hidden.set(output.hidden, from * width)
    logits = output.logits
  }
  if (isLast && !logits) throw new EspalierError('ENGINE_DECODE_FAILED', 'no logits came out of the last stage')
  return { hidden, logits }
}
