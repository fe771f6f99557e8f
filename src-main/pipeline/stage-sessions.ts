import type { Clock } from '../../src-shared/clock'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { SessionGuard } from '../membership/session-guard'
import type { EventLog } from '../storage/event-log'
import { createAdmission } from './admission'
import { isMovable } from './failover/movable'
import {
  type ErrorBody,
  type Frame,
  type MendBody,
  type OpenBody,
  type StageProgress,
  type StepFrame,
  stepFrameBytes,
} from './frames'
import type { Keeping } from './keeping/keeping'
import type { Link, Links } from './links'
import { createStageMender } from './mending/stage-mender'
import { createPlaceLeases, type PlaceLeases } from './place-leases'
import { PATIENCE_MS, type PlaceAsker } from './places'
import { isChain } from './route'
import { RouteError } from './route-error'
import { createSessionWork } from './session-work'
import type { StageRunner } from './stage-runner'
import { newMending, type StageSession } from './stage-session'
import { createStageStep, type StepEvents } from './stage-step'
import { hasRoom, neighbourBefore, sizeOf, whatIsWrong } from './step-rules'
import { createStepWindow } from './step-window'

export interface StageSessionEvents extends StepEvents {
  /** The number of sessions changed. */
  onSessions(active: number): void
}

/** Also before the first rows: they may be minutes on their way. Whoever rests gives way to others long before (places.ts). */
const IDLE_SESSION_MS = 120_000
/** A session that lost a neighbour waits for another one, so long as whoever asks looks for it. */
const HELD_SESSION_MS = 15_000
const SWEEP_INTERVAL_MS = 10_000

/** The serving side: sessions of other peers that run through our slice. */
export function createStageSessions(options: {
  self: string
  clock: Clock
  log: EventLog
  links: () => Links
  stage: () => StageRunner | null
  events: StageSessionEvents
  guard?: SessionGuard
  /** Whether this node's own user opened the session. */
  isOurs?: (id: string) => boolean
  /** A session in this entry's name has a place here. */
  onAsked?: (entry: string) => void
  /** Without it no session outlives a neighbour. */
  keeping?: Keeping
  /** Shared with whatever else computes in our slice; absent where nothing does. */
  leases?: PlaceLeases
}) {
  const { self, clock, log, events, keeping, guard, isOurs = () => false } = options
  const sessions = new Map<string, StageSession>()
  const leases = options.leases ?? createPlaceLeases({ clock, log })
  const stopCounting = leases.count((runner) => [...sessions.values()].filter((one) => one.runner === runner), fail)
  /** The largest step that a neighbour has had a session for, on each link. */
  const stepBytes = new WeakMap<Link, number>()
  /** What the most sessions that ran over a link at once could have on their way there: it may still wait when they ended. */
  const underWayBytes = new WeakMap<Link, number>()
  const admission = createAdmission({ self, guard, isOurs })
  const enqueue = createSessionWork(clock, fail)
  const mender = createStageMender({ clock, links: options.links, tell, enqueue, fail })
  const step = createStageStep({ self, clock, events, mender, tell, fail })

  async function admit(id: string, open: OpenBody, upstream: Link): Promise<void> {
    if (open.replaces === open.stage - 1) takesSteps(mender.takeUp(sessions.get(id), open, upstream).runner, upstream)
    else await admission.admit(id, open, upstream, (asker) => start(id, open, upstream, asker))
  }

  function takesSteps({ maxBatchTokens, embeddingLength }: StageRunner, upstream: Link): void {
    const bytes = stepFrameBytes(maxBatchTokens, embeddingLength)
    stepBytes.set(upstream, Math.max(stepBytes.get(upstream) ?? 0, bytes))
  }

  function start(id: string, open: OpenBody, upstream: Link, asker: PlaceAsker): void {
    const runner = servingRunner(open)
    // Whoever opens a session at the first stage is its entry. Further down the entry is only named by the stage before:
    // what is done there is put down to that neighbour, and to nobody on its word.
    if (upstream.peer !== neighbourBefore(open))
      throw new EspalierError('PROTOCOL_VIOLATION', 'the session was opened for somebody else')
    if (!isChain(open.route))
      throw new EspalierError('PROTOCOL_VIOLATION', 'a route that is no chain of different peers')
    if (open.contextTokens > runner.contextTokens) {
      throw new EspalierError(
        'PROMPT_TOO_LONG',
        `${open.contextTokens} tokens, this node keeps ${runner.contextTokens}`,
      )
    }
    if (sessions.has(id)) throw new EspalierError('PROTOCOL_VIOLATION', 'the session is open already')
    const following = open.route[open.stage + 1]
    const mayMend = open.keeps === true && upstream.mends && keeping !== undefined
    const nowMs = clock.monotonicMs()
    const session: StageSession = {
      ...{ id, open, runner, upstream, ...asker },
      sequence: leases.lease(runner, asker, following ? undefined : open.sampling),
      next: options.links().to(following?.peer ?? open.entry),
      nextLink: null,
      window: createStepWindow(),
      waiting: [],
      ...{ openedAtMs: nowMs, usedAtMs: nowMs, idleSinceMs: nowMs, patienceMs: PATIENCE_MS },
      ...{ position: 0, servedRows: 0, hasAnswered: false, isComputing: false, ended: false },
      progress: { stands: 'opening', received: 0, computed: 0, passed: 0 },
      mending: mayMend ? newMending(following ? keeping.open(id) : null) : null,
    }
    sessions.set(id, session)
    takesSteps(runner, upstream)
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
      session.progress.stands = 'open'
    })
  }

  /** Our slice, where it is what the route asks of us. Throws STAGE_LOST. */
  function servingRunner({ root, route, stage }: OpenBody): StageRunner {
    const runner = options.stage()
    const place = route[stage]
    if (!runner) throw new EspalierError('STAGE_LOST', `${self} is not ready to serve`)
    const { start, end } = runner.blocks
    if (place?.peer !== self || root !== runner.root || place.start !== start || place.end !== end)
      throw new EspalierError('STAGE_LOST', `${self} does not serve what the route asks of it`)
    return runner
  }

  /** What was not served for want of room is counted, from the log (health/node-metrics.ts). */
  function countDrop(reason: 'refused' | 'overflow'): void {
    log.write('debug', 'pipeline.dropped', reason, { reason })
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
    // Rows that nobody will compute; the rest is told to others.
    session.waiting = session.waiting.filter(({ sizeBytes }) => sizeBytes === 0)
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
    const nowMs = clock.monotonicMs()
    for (const session of sessions.values()) {
      const heldSinceMs = session.mending?.heldSinceMs ?? null
      if (heldSinceMs !== null && nowMs - heldSinceMs > HELD_SESSION_MS) {
        abandon(session)
        continue
      }
      if (session.isComputing) continue
      if (nowMs - session.usedAtMs > IDLE_SESSION_MS)
        fail(session, new EspalierError('TIMED_OUT', 'the session was idle'))
    }
  })

  return {
    get count() {
      return sessions.size
    },
    /** How far a session is here. Only its entry is told that there is one. */
    progressOf(id: string, asker: string): StageProgress {
      const session = sessions.get(id)
      if (session?.open.entry !== asker) return { stands: 'unknown', received: 0, computed: 0, passed: 0 }
      const { received, ...progress } = session.progress
      // What a neighbour sends too much is refused at its turn.
      return { ...progress, received: Math.min(received, session.open.contextTokens) }
    },
    /** What computes a session; null for anybody but its entry. */
    runnerOf(id: string, asker: string): StageRunner | null {
      const session = sessions.get(id)
      return session?.open.entry === asker ? session.runner : null
    },
    /** The largest step that is taken on this link; 0 where no session has come by it. */
    maxStepBytes: (link: Link): number => stepBytes.get(link) ?? 0,
    /** The largest steps, one of each session that goes on by this link, where most of them did; 0 where none did. */
    stepsUnderWayBytes(link: Link): number {
      let bytes = 0
      for (const { nextLink, runner } of sessions.values())
        if (nextLink === link) bytes += stepFrameBytes(runner.maxBatchTokens, runner.embeddingLength)
      const most = Math.max(bytes, underWayBytes.get(link) ?? 0)
      underWayBytes.set(link, most)
      return most
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
      const isTooMuch = !hasRoom(frame, session)
      if (isTooMuch) countDrop('overflow')
      const wrong = isTooMuch ? 'more steps than the session may have waiting' : whatIsWrong(frame, session)
      // It came from the neighbour before us: refusing it must not speak against us.
      if (wrong) fail(session, new RouteError('PROTOCOL_VIOLATION', wrong, neighbourBefore(session.open)))
      else {
        session.progress.received += frame.rows
        enqueue(session, () => step(session, frame), sizeOf(frame))
      }
    },
    /** False when it is not for a stage of ours. */
    onTaken(id: string, from: Link): boolean {
      const session = sessions.get(id)
      if (!session || from !== session.nextLink) return false
      session.window.onTaken()
      return true
    },
    onClose(id: string, upstream: Link): void {
      admission.onClose(id, upstream)
      const session = sessions.get(id)
      // Where a chain is broken, or a stage of it was left, whoever asks says it to each part of it.
      const isAsker = session?.open.entry === upstream.peer
      if (session && (session.upstream === upstream || isAsker)) release(session, { tellNext: true })
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
      if (!session || from !== session.nextLink) return false
      if (mender.canHold(session, body)) {
        mender.part(session, body)
        return true
      }
      tell(session.upstream, { type: 'error', session: id, body })
      release(session, { tellNext: false })
      return true
    },
    onLinkEnd(link: Link, cause: string): void {
      admission.onLinkEnd(link)
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
      stopCounting()
      for (const session of [...sessions.values()]) fail(session, new EspalierError('STAGE_LOST', `${self} stops`))
    },
  }
}
