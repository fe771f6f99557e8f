import { EspalierError } from '../../src-shared/errors'
import type { Frame, OpenBody, StepFrame } from './frames'
import { areFinite } from './logits-rules'
import type { StageInput, StageOutput } from './stage-runner'
import type { StageSession } from './stage-session'
import { WINDOW_STEPS } from './step-window'

/** Steps of one session that may wait for the engine: above what the windows of a chunk and of a replay allow together. */
const MAX_WAITING_STEPS = 32
/** And of full batches: a window of them, and the one that wants an answer. Chunks of prompts are smaller. */
const MAX_WAITING_BATCHES = WINDOW_STEPS + 1

/** Who sends the rows: for a first stage the entry. */
export function neighbourBefore({ stage, route, entry }: Pick<OpenBody, 'stage' | 'route' | 'entry'>): string {
  return route[stage - 1]?.peer ?? entry
}

/** A build that does not know the word knows single precision only. */
export function isExactSession({ exact = true }: OpenBody): boolean {
  return exact
}

/** Null for rows that a neighbour in order could have sent. Whether it is their turn shows when it comes. */
export function whatIsWrong(frame: StepFrame, { open, runner }: Pick<StageSession, 'open' | 'runner'>): string | null {
  const { input } = frame
  if (frame.rows > runner.maxBatchTokens) return `${frame.rows} rows, the limit is ${runner.maxBatchTokens}`
  if ('tokens' in input !== (open.stage === 0)) return 'tokens belong to the first stage'
  if (frame.isHalf && isExactSession(open)) return 'half precision in an exact session'
  if (frame.isKept && open.replaces !== open.stage) return 'rows again, for a stage that replaces nobody'
  if (!('hidden' in input)) return null
  if (input.hidden.length !== frame.rows * runner.embeddingLength) return 'a hidden state of another width'
  return areFinite(input.hidden) ? null : 'a hidden state that holds NaN or infinity'
}

/** Whether these rows may wait behind those that are there. */
export function hasRoom(frame: StepFrame, { waiting, runner }: Pick<StageSession, 'waiting' | 'runner'>): boolean {
  if (waiting.length >= MAX_WAITING_STEPS) return false
  const waitingBytes = waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const batchBytes = 4 * runner.maxBatchTokens * runner.embeddingLength
  return waitingBytes + sizeOf(frame) <= MAX_WAITING_BATCHES * batchBytes
}

/** What a step holds while it waits. */
export function sizeOf({ input }: StepFrame): number {
  return 'tokens' in input ? input.tokens.byteLength : input.hidden.byteLength
}

export function answerOf({ wantsLogits, sampling }: OpenBody): StageInput['answer'] {
  if (wantsLogits) return 'logits'
  return sampling ? 'sampled' : 'token'
}

export function resultOf(frame: StepFrame, output: StageOutput): Frame | null {
  if (!frame.wantsAnswer) return null
  if (output.token === null) throw new EspalierError('ENGINE_DECODE_FAILED', 'no token came out of the last stage')
  return {
    type: 'result',
    session: frame.session,
    position: frame.position + frame.rows - 1,
    token: output.token,
    computeMs: [...frame.computeMs, output.computeMs],
    logits: output.logits,
  }
}

export function onwardOf(frame: StepFrame, output: StageOutput, isHalf: boolean): StepFrame {
  if (output.hidden === null) throw new EspalierError('ENGINE_DECODE_FAILED', 'no hidden state came out of the stage')
  const { isKept: _, ...rest } = frame
  return { ...rest, computeMs: [...frame.computeMs, output.computeMs], isHalf, input: { hidden: output.hidden } }
}
