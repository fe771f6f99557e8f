import { EspalierError } from '../../src-shared/errors'
import type { Frame, OpenBody, StepFrame } from './frames'
import { areFinite } from './logits-rules'
import type { StageInput, StageOutput } from './stage-runner'
import type { StageSession } from './stage-session'

/** Who sends the rows: for a first stage the entry. */
export function neighbourBefore({ stage, route, entry }: Pick<OpenBody, 'stage' | 'route' | 'entry'>): string {
  return route[stage - 1]?.peer ?? entry
}

/** A build that does not know the word knows single precision only. */
export function isExactSession({ exact = true }: OpenBody): boolean {
  return exact
}

/** Null for rows that a neighbour in order could have sent. */
export function whatIsWrong(frame: StepFrame, { open, runner, position }: StageSession): string | null {
  const { input } = frame
  if (frame.position !== position) return `position ${frame.position}, expected ${position}`
  if (frame.rows > runner.maxBatchTokens) return `${frame.rows} rows, the limit is ${runner.maxBatchTokens}`
  if ('tokens' in input !== (open.stage === 0)) return 'tokens belong to the first stage'
  if (frame.isHalf && isExactSession(open)) return 'half precision in an exact session'
  if (frame.isKept && open.replaces !== open.stage) return 'rows again, for a stage that replaces nobody'
  if (!('hidden' in input)) return null
  if (input.hidden.length !== frame.rows * runner.embeddingLength) return 'a hidden state of another width'
  return areFinite(input.hidden) ? null : 'a hidden state that holds NaN or infinity'
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
