import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { Frame, OpenBody, StepFrame } from './frames'
import type { Link } from './links'
import type { createStageMender } from './mending/stage-mender'
import { morePatience } from './places'
import { RouteError } from './route-error'
import type { StageInput, StageOutput } from './stage-runner'
import type { StageSession } from './stage-session'
import { answerOf, isExactSession, neighbourBefore, onwardOf, resultOf } from './step-rules'

export interface StepEvents {
  /**
   * Rows went through our blocks and on to another peer: the evidence of load level L7.
   * @param asker the entry at a first stage, further down the neighbour that brought it; ourselves for our own requests
   */
  onServed(asker: string, tokens: number): void
  /** The first answer of a session went on its way: an opened session alone is no request. */
  onRequest?(asker: string): void
}

/** Computes the rows of one step and passes on what comes of them. */
export function createStageStep(options: {
  self: string
  clock: Clock
  events: StepEvents
  mender: Pick<ReturnType<typeof createStageMender>, 'passOn'>
  tell: (link: Link | null, frame: Frame) => void
  fail: (session: StageSession, error: unknown) => void
}) {
  const { self, clock, events, mender, tell, fail } = options

  /** Whose connection has proven who it is. A session in our own name is no evidence for us, whoever opened it. */
  function askerOf(open: OpenBody): string {
    return open.entry === self ? self : neighbourBefore(open)
  }

  async function compute(
    session: StageSession,
    { position, input }: StepFrame,
    answer: StageInput['answer'],
  ): Promise<StageOutput> {
    const { runner, sequence, open } = session
    session.isComputing = true
    try {
      return await runner.run({ sequence, position, rows: input, answer, isExact: isExactSession(open) })
    } finally {
      session.isComputing = false
      session.usedAtMs = clock.monotonicMs()
    }
  }

  /** Rejects with what ends the session. */
  return async function step(session: StageSession, frame: StepFrame): Promise<void> {
    if (session.ended) return
    const { open } = session
    const isLast = open.stage === open.route.length - 1
    if (frame.position !== session.position) {
      const wrong = `position ${frame.position}, expected ${session.position}`
      // It came from the neighbour before us: refusing it must not speak against us.
      throw new RouteError('PROTOCOL_VIOLATION', wrong, neighbourBefore(open))
    }
    if (frame.position + frame.rows > open.contextTokens) throw new EspalierError('PROMPT_TOO_LONG')
    session.usedAtMs = clock.monotonicMs()
    session.patienceMs = morePatience(session.patienceMs, frame.rows)
    session.position += frame.rows
    const answer = isLast && frame.wantsAnswer ? answerOf(open) : 'none'
    const output = await compute(session, frame, answer)
    if (session.ended) return
    session.progress.computed += frame.rows
    const reply = isLast ? resultOf(frame, output) : onwardOf(frame, output, !isExactSession(open))
    if (reply?.type === 'step') session.mending?.kept?.add(reply)
    // What comes after a replaced stage has the outcome already; who asks compares its answers.
    let isDelivered = false
    if (reply && (isLast || !frame.isKept)) {
      isDelivered = await mender.passOn(session, reply, !frame.wantsAnswer).catch((error: unknown) => {
        fail(session, error)
        return false
      })
      if (session.ended) return
    }
    if (!session.mending?.isParted) session.progress.passed = session.progress.computed
    if (!frame.wantsAnswer || frame.isKept) tell(session.upstream, { type: 'taken', session: session.id })
    count(session, frame, isDelivered)
  }

  /** What was computed and never delivered has served nobody; what was only computed again served with the first time. */
  function count(
    session: StageSession,
    { position, rows, isKept, wantsAnswer }: StepFrame,
    isDelivered: boolean,
  ): void {
    const end = position + rows
    if (isKept) session.servedRows = end
    else if (isDelivered) {
      // With those before that gave no answer of their own, or waited for a lost neighbour's replacement.
      const served = end - session.servedRows
      session.servedRows = end
      events.onServed(askerOf(session.open), served)
      if (!wantsAnswer || session.hasAnswered) return
      session.hasAnswered = true
      events.onRequest?.(askerOf(session.open))
    }
  }
}
