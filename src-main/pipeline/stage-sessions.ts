import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode, reportOf } from '../../src-shared/errors'
import type { SessionGuard } from '../membership/session-guard'
import type { EventLog } from '../storage/event-log'
import { isMovable } from './failover/movable'
import type { ErrorBody, Frame, MendBody, OpenBody, StepFrame } from './frames'
import type { Keeping, KeptStates } from './keeping/keeping'
import type { Link, Links } from './links'
import { createStageMender } from './mending/stage-mender'
import { RouteError } from './route-error'
import type { StageInput, StageOutput, StageRunner } from './stage-runner'
import type { StageMending, StageSession } from './stage-session'
import { createStepWindow } from './step-window'

export interface StageSessionEvents {
  /**
   * A request of another peer was answered through our blocks: the evidence of load level L7.
   * @param asker the entry at a first stage, further down the neighbour that brought it; ourselves for our own requests
   */
  onServed(asker: string, tokens: number): void
  /** The first answer of a session went on its way: an opened session alone is no request. */
  onRequest?(asker: string): void
  /** The number of sessions changed. */
  onSessions(active: number): void
}

const IDLE_SESSION_MS = 120_000
/** Until its first rows come a session has no claim to a place in the cache. */
const UNUSED_SESSION_MS = 20_000
/** Sessions of one neighbour; several entries may come through it. */
const MAX_SESSIONS_PER_PEER = 64
/** Steps of one session that may wait for the engine: above what the windows of a chunk and of a replay allow together. */
const MAX_WAITING_STEPS = 32
/** A session that rests this long gives its place in the cache to one that has none. */
const EVICTABLE_AFTER_MS = 15_000
/** A session that lost a neighbour waits for another one, so long as whoever asks looks for it. */
const HELD_SESSION_MS = 15_000
const SWEEP_INTERVAL_MS = 10_000
/** Sessions whose tokens are being checked. */
const MAX_JUDGED = 256

/** The serving side: sessions of other peers that run through our slice. */
export function createStageSessions(options: {
  self: string
  clock: Clock
  log: EventLog
  links: () => Links
  stage: () => StageRunner | null
  events: StageSessionEvents
  guard?: SessionGuard
  /** A session in this entry's name has a place here. */
  onAsked?: (entry: string) => void
  /** Without it no session outlives a neighbour. */
  keeping?: Keeping
}) {
  const { self, clock, log, events, keeping } = options
  const sessions = new Map<string, StageSession>()
  const judged = new Map<string, Link>()
  const mender = createStageMender({ clock, links: options.links, tell, enqueue, fail })

  /** Membership comes first: nothing is looked up or reserved for whoever may not ask. */
  async function admit(id: string, open: OpenBody, upstream: Link): Promise<void> {
    if (open.replaces === open.stage - 1) {
      mender.takeUp(sessions.get(id), open, upstream)
      return
    }
    if (options.guard) {
      if (judged.has(id)) throw new EspalierError('PROTOCOL_VIOLATION', 'the session is open already')
      if (judged.size >= MAX_JUDGED) throw new EspalierError('SESSION_LIMIT')
      judged.set(id, upstream)
      const admission = await options.guard.authorise(open)
      // Closed, or its neighbour gone, before it began.
      if (!judged.delete(id)) return
      if (!admission.ok) throw admission.refusal
    }
    start(id, open, upstream)
  }

  function start(id: string, open: OpenBody, upstream: Link): void {
    const runner = options.stage()
    const place = open.route[open.stage]
    if (!runner) throw new EspalierError('STAGE_LOST', `${self} is not ready to serve`)
    if (
      !place ||
      place.peer !== self ||
      open.root !== runner.root ||
      place.start !== runner.blocks.start ||
      place.end !== runner.blocks.end
    ) {
      throw new EspalierError('STAGE_LOST', `${self} does not serve what the route asks of it`)
    }
    // Whoever opens a session at the first stage is its entry. Further down the entry is only named by the stage before:
    // what is done there is put down to that neighbour (`askerOf`), and to nobody on its word.
    const expected = open.stage === 0 ? open.entry : open.route[open.stage - 1]?.peer
    if (upstream.peer !== expected)
      throw new EspalierError('PROTOCOL_VIOLATION', 'the session was opened for somebody else')
    if (countFrom(upstream.peer) >= MAX_SESSIONS_PER_PEER) {
      throw new EspalierError('SESSION_LIMIT', `${upstream.peer} has ${MAX_SESSIONS_PER_PEER} here already`)
    }
    if (open.contextTokens > runner.contextTokens) {
      throw new EspalierError(
        'PROMPT_TOO_LONG',
        `${open.contextTokens} tokens, this node keeps ${runner.contextTokens}`,
      )
    }
    if (sessions.has(id)) throw new EspalierError('PROTOCOL_VIOLATION', 'the session is open already')
    const following = open.route[open.stage + 1]
    const mayMend = open.keeps === true && upstream.mends && keeping !== undefined
    const session: StageSession = {
      id,
      open,
      runner,
      sequence: leaseSequence(runner, following ? undefined : open.sampling),
      upstream,
      next: options.links().to(following?.peer ?? open.entry),
      nextLink: null,
      window: createStepWindow(),
      isBusy: false,
      waiting: [],
      position: 0,
      hasAnswered: false,
      usedAtMs: clock.monotonicMs(),
      ended: false,
      mending: mayMend ? newMending(following ? keeping.open(id) : null) : null,
    }
    sessions.set(id, session)
    options.onAsked?.(open.entry)
    events.onSessions(sessions.size)
    enqueue(session, async () => {
      const next = await session.next
      session.nextLink = next
      if (following) {
        const { keeps: _, ...rest } = open
        const body = { ...rest, stage: open.stage + 1, ...(mayMend && next.mends && { keeps: true }) }
        await next.send({ type: 'open', session: id, body })
      }
      // A stage that takes another's place says so to whoever fills it.
      if (open.replaces !== undefined) tell(session.upstream, { type: 'opened', session: id })
      else if (!following) await next.send({ type: 'opened', session: id })
    })
  }

  /** A free place in the cache, or that of the session that has rested longest. Throws SESSION_LIMIT. */
  function leaseSequence(runner: StageRunner, sampling: OpenBody['sampling']): number {
    try {
      return runner.openSequence(sampling)
    } catch (error) {
      const [idlest] = [...sessions.values()]
        .filter((one) => one.runner === runner && !one.isBusy && restedMs(one) >= EVICTABLE_AFTER_MS)
        .sort((a, b) => a.usedAtMs - b.usedAtMs)
      if (!idlest || !isErrorCode(error, 'SESSION_LIMIT')) throw error
      countDrop('evicted')
      const seconds = Math.floor(restedMs(idlest) / 1000)
      fail(idlest, new EspalierError('SESSION_LIMIT', `it rested for ${seconds} s, and another one needed its place`))
      return runner.openSequence(sampling)
    }
  }

  function restedMs({ usedAtMs }: StageSession): number {
    return clock.monotonicMs() - usedAtMs
  }

  /** What was not served for want of room is counted, from the log (health/node-metrics.ts). */
  function countDrop(reason: 'refused' | 'evicted' | 'overflow'): void {
    log.write('debug', 'pipeline.dropped', reason, { reason })
  }

  function countFrom(peer: string): number {
    return [...sessions.values()].filter(({ upstream }) => upstream?.peer === peer).length
  }

  /** An idle session's work begins in this very call, so that a step reaches the engine without waiting for a turn. */
  function enqueue(session: StageSession, work: () => Promise<void>): void {
    if (session.isBusy) session.waiting.push(work)
    else void perform(session, work)
  }

  async function perform(session: StageSession, work: () => Promise<void>): Promise<void> {
    session.isBusy = true
    try {
      await work()
    } catch (error) {
      fail(session, error)
    }
    session.isBusy = false
    const following = session.waiting.shift()
    if (following) void perform(session, following)
  }

  async function step(session: StageSession, frame: StepFrame): Promise<void> {
    if (session.ended) return
    const { runner, open } = session
    const isExact = isExactSession(open)
    const isLast = open.stage === open.route.length - 1
    const wrong = whatIsWrong(frame, session)
    // It came from the neighbour before us: refusing it must not speak against us.
    if (wrong) throw new RouteError('PROTOCOL_VIOLATION', wrong, neighbourBefore(open))
    if (frame.position + frame.rows > open.contextTokens) throw new EspalierError('PROMPT_TOO_LONG')
    session.usedAtMs = clock.monotonicMs()
    session.position += frame.rows
    const answer = isLast && frame.wantsAnswer ? answerOf(open) : 'none'
    const output = await runner.run({
      sequence: session.sequence,
      position: frame.position,
      rows: frame.input,
      answer,
      isExact,
    })
    if (session.ended) return
    const reply = isLast ? resultOf(frame, output) : onwardOf(frame, output, !isExact)
    if (reply?.type === 'step') session.mending?.kept?.add(reply)
    // What comes after a replaced stage has the outcome already; who asks compares its answers.
    if (reply && (isLast || !frame.isKept)) {
      await mender.passOn(session, reply, !frame.wantsAnswer).catch((error: unknown) => fail(session, error))
      if (session.ended) return
    }
    if (!frame.wantsAnswer || frame.isKept) tell(session.upstream, { type: 'taken', session: session.id })
    // Only now: what was computed and never delivered has served nobody.
    events.onServed(askerOf(open), frame.rows)
    if (!frame.wantsAnswer || session.hasAnswered) return
    session.hasAnswered = true
    events.onRequest?.(askerOf(open))
  }

  /** Whose connection has proven who it is. A session in our own name is no evidence for us, whoever opened it. */
  function askerOf(open: OpenBody): string {
    return open.entry === self ? self : neighbourBefore(open)
  }

  function fail(session: StageSession, error: unknown): void {
    if (session.ended) return
    const { code, cause } = reportOf(error)
    // When our neighbour went away the entry must know that it was not us.
    const place = error instanceof RouteError && session.open.route.find(({ peer }) => peer === error.peer)
    const { peer, start, end } = place || { peer: self, ...session.runner.blocks }
    const body = { code, cause: cause.slice(0, 1000), peer, start, end }
    if (mender.canHold(session, body)) mender.part(session, body)
    else {
      log.write('warn', 'pipeline.session.failed', cause, { session: session.id, code })
      tell(session.upstream, { type: 'error', session: session.id, body })
      release(session, { tellNext: true, why: body })
    }
  }

  /** @param why what another node may do better: the next stage waits for one that takes our place */
  function release(session: StageSession, { tellNext, why }: { tellNext: boolean; why?: ErrorBody }): void {
    if (session.ended) return
    session.ended = true
    sessions.delete(session.id)
    events.onSessions(sessions.size)
    session.window.end(new EspalierError('CANCELLED'))
    mender.release(session)
    session.runner.closeSequence(session.sequence)
    const isLast = session.open.stage === session.open.route.length - 1
    if (tellNext && !isLast) {
      const isLeft = why && session.mending && session.position > 0 && isMovable(why.code)
      const { id } = session
      session.next.then(
        (next) =>
          tell(next, isLeft && next.mends ? { type: 'part', session: id, body: why } : { type: 'close', session: id }),
        (error: unknown) => log.write('debug', 'pipeline.close.unsent', String(error)),
      )
    }
  }

  function tell(link: Link | null, frame: Frame): void {
    link
      ?.send(frame)
      .catch((error: unknown) => log.write('debug', 'pipeline.send.failed', String(error), { peer: link.peer }))
  }

  function abandon(session: StageSession): void {
    const cause = 'nobody took the place of a lost neighbour'
    const body = { code: 'TIMED_OUT' as const, cause, peer: self, ...session.runner.blocks }
    log.write('warn', 'pipeline.session.failed', cause, { session: session.id, code: body.code })
    tell(session.upstream, { type: 'error', session: session.id, body })
    release(session, { tellNext: true })
  }

  const stopSweep = clock.every(SWEEP_INTERVAL_MS, () => {
    for (const session of sessions.values()) {
      const heldSinceMs = session.mending?.heldSinceMs ?? null
      if (heldSinceMs !== null && clock.monotonicMs() - heldSinceMs > HELD_SESSION_MS) {
        abandon(session)
        continue
      }
      const limitMs = session.position === 0 ? UNUSED_SESSION_MS : IDLE_SESSION_MS
      if (restedMs(session) > limitMs) fail(session, new EspalierError('TIMED_OUT', 'the session was idle'))
    }
  })

  return {
    get count() {
      return sessions.size
    },
    onOpen(id: string, open: OpenBody, upstream: Link): void {
      void admit(id, open, upstream).catch((error: unknown) => {
        const { code, cause } = reportOf(error)
        if (code === 'SESSION_LIMIT') countDrop('refused')
        const { start: from, end } = open.route[open.stage] ?? { start: 0, end: 1 }
        log.write('debug', 'pipeline.session.refused', cause, { session: id, code })
        tell(upstream, { type: 'error', session: id, body: { code, cause, peer: self, start: from, end } })
      })
    },
    onStep(frame: StepFrame, upstream: Link): void {
      const session = sessions.get(frame.session)
      // Steps may still arrive after a session failed: its error frame is on the way, so they are dropped.
      if (!session || session.upstream !== upstream) return
      if (session.waiting.length >= MAX_WAITING_STEPS) {
        countDrop('overflow')
        const why = 'more steps than the session may have waiting'
        fail(session, new RouteError('PROTOCOL_VIOLATION', why, neighbourBefore(session.open)))
        return
      }
      enqueue(session, () => step(session, frame))
    },
    /** False when it is not for a stage of ours. */
    onTaken(id: string, from: Link): boolean {
      const session = sessions.get(id)
      if (!session || from !== session.nextLink) return false
      session.window.onTaken()
      return true
    },
    onClose(id: string, upstream: Link): void {
      if (judged.get(id) === upstream) judged.delete(id)
      const session = sessions.get(id)
      if (!session) return
      // Where the chain is broken, whoever asks says it to each part of it.
      const isAsker = session.mending !== null && session.open.entry === upstream.peer
      if (session.upstream === upstream || isAsker) release(session, { tellNext: true })
    },
    onMend(id: string, body: MendBody, from: Link): void {
      mender.onMend(sessions.get(id), id, body, from)
    },
    /** False when it is not for a stage of ours. */
    onOpened: (id: string, from: Link): boolean => mender.onOpened(sessions.get(id), from),
    /** A stage is lost and the others wait: passed on towards the entry. False when it is not for a stage of ours. */
    onPart(id: string, body: ErrorBody, from: Link): boolean {
      const session = sessions.get(id)
      if (!session) return false
      if (from === session.upstream) {
        if (!mender.orphan(session)) release(session, { tellNext: true })
      } else if (from === session.nextLink) tell(session.upstream, { type: 'part', session: id, body })
      else return false
      return true
    },
    /** An error from further down the chain: passed on towards the entry. */
    onError(id: string, body: ErrorBody, from: Link): boolean {
      const session = sessions.get(id)
      if (!session || from === session.upstream) return false
      if (from === session.nextLink && mender.canHold(session, body)) {
        mender.part(session, body)
        return true
      }
      tell(session.upstream, { type: 'error', session: id, body })
      release(session, { tellNext: false })
      return true
    },
    onLinkEnd(link: Link, cause: string): void {
      for (const [id, upstream] of judged) if (upstream === link) judged.delete(id)
      for (const session of [...sessions.values()]) {
        if (session.upstream === link) {
          if (!mender.orphan(session)) release(session, { tellNext: true })
        } else {
          void session.next.then(
            (next) => {
              if (next === link) fail(session, new RouteError('STAGE_LOST', `${link.peer} (${cause})`, link.peer))
            },
            () => undefined,
          )
        }
      }
    },
    /** Ends every session with a reason that reaches the entries: for draining and for a lost engine. */
    endAll(error: EspalierError): void {
      for (const session of [...sessions.values()]) fail(session, error)
    },
    stop(): void {
      stopSweep()
      for (const session of [...sessions.values()]) fail(session, new EspalierError('STAGE_LOST', `${self} stops`))
    },
  }
}

function newMending(kept: KeptStates | null): StageMending {
  return {
    ...{ kept, isParted: false, lost: null, heldSinceMs: null, awaited: null },
    ...{ stopWaiting: null, onNextOpened: null, attempt: {}, attempts: 0 },
  }
}

/** Who sends the rows: for a first stage the entry. */
function neighbourBefore({ stage, route, entry }: OpenBody): string {
  return route[stage - 1]?.peer ?? entry
}

/** Null for rows that a neighbour in order could have sent. */
function whatIsWrong(frame: StepFrame, { open, runner, position }: StageSession): string | null {
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

function areFinite(values: Float32Array): boolean {
  let sum = 0
  for (const value of values) sum += value * 0
  return sum === 0
}

function answerOf({ wantsLogits, sampling }: OpenBody): StageInput['answer'] {
  if (wantsLogits) return 'logits'
  return sampling ? 'sampled' : 'token'
}

function resultOf(frame: StepFrame, output: StageOutput): Frame | null {
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

/** A build that does not know the word knows single precision only. */
function isExactSession({ exact = true }: OpenBody): boolean {
  return exact
}

function onwardOf(frame: StepFrame, output: StageOutput, isHalf: boolean): StepFrame {
  if (output.hidden === null) throw new EspalierError('ENGINE_DECODE_FAILED', 'no hidden state came out of the stage')
  const { isKept: _, ...rest } = frame
  return { ...rest, computeMs: [...frame.computeMs, output.computeMs], isHalf, input: { hidden: output.hidden } }
}
