import type { Clock } from '../../../src-shared/clock'
import { EspalierError, reportOf } from '../../../src-shared/errors'
import { isMovable } from '../failover/movable'
import type { ErrorBody, Frame, MendBody, MendedBody, OpenBody } from '../frames'
import type { Link, Links } from '../links'
import { isChain } from '../route'
import { RouteError } from '../route-error'
import type { StageMending, StageSession } from '../stage-session'
import { createStepWindow } from '../step-window'

/** A session and what losing a neighbour needs. */
type Mendable = StageSession & { readonly mending: StageMending }

const MAX_ATTEMPTS = 32

/**
 * The serving side of a session that lost one stage (docs/routing.md): its neighbours wait, the entry names a
 * replacement to both, and the stage before fills it with the hidden states that it sent on before.
 */
export function createStageMender(options: {
  clock: Clock
  links: () => Links
  tell: (link: Link | null, frame: Frame) => void
  enqueue: (session: StageSession, run: () => Promise<void>) => void
  fail: (session: StageSession, error: unknown) => void
}) {
  const { clock, tell } = options

  function part(session: Mendable, body: ErrorBody): void {
    const { mending } = session
    if (mending.lost === body.peer) return
    mending.lost = body.peer
    mending.isParted = true
    mending.heldSinceMs = clock.monotonicMs()
    letGo(session)
    tell(session.upstream, { type: 'part', session: session.id, body })
  }

  /** Nothing waits for the next stage any more, whichever it was. */
  function letGo(session: Mendable): void {
    const { mending } = session
    const error = new EspalierError('CANCELLED', 'the next stage was lost')
    mending.attempt = {}
    session.window.end(error)
    session.window = createStepWindow()
    mending.stopWaiting?.(error)
    mending.stopWaiting = null
  }

  function adopt(session: Mendable, { route, replaced }: MendBody, entry: Link): void {
    const { mending } = session
    session.open = { ...session.open, route }
    session.upstream = null
    mending.awaited = route[replaced]?.peer ?? null
    mending.heldSinceMs = clock.monotonicMs()
    // Behind what the lost stage has sent: that counts.
    options.enqueue(session, async () => {
      tell(entry, mendedFrame(session, { position: session.position, rows: 0 }))
    })
  }

  function beginRefill(session: Mendable, body: MendBody, entry: Link): void {
    const { mending } = session
    const before = session.nextLink
    const { route, token, binding } = body
    session.open = { ...session.open, route, ...(token !== undefined && { token }), ...(binding && { binding }) }
    letGo(session)
    session.progress.passed = 0
    mending.isParted = true
    mending.lost = null
    mending.heldSinceMs = null
    session.usedAtMs = clock.monotonicMs()
    // It may be there still, and only silent for others.
    if (before && !before.closed) tell(before, { type: 'close', session: session.id })
    session.next = options.links().to(route[body.replaced]?.peer ?? '')
    session.next.catch(() => undefined)
    session.nextLink = null
    const { attempt } = mending
    options.enqueue(session, () => refill(session, body, attempt, entry))
  }

  async function refill(session: Mendable, body: MendBody, attempt: object, entry: Link): Promise<void> {
    const { mending } = session
    if (session.ended || mending.attempt !== attempt) return
    try {
      const rows = await fillNext(session, body)
      mending.isParted = false
      tell(entry, mendedFrame(session, { position: session.position, rows }))
    } catch (error) {
      if (session.ended || mending.attempt !== attempt) return
      if (error instanceof RouteError) options.fail(session, error)
      else {
        mending.heldSinceMs = clock.monotonicMs()
        tell(entry, mendedFrame(session, { position: session.position, rows: 0, refusal: wordsOf(error) }))
      }
    }
  }

  /** Gives the number of rows that went again. */
  async function fillNext(session: Mendable, { resumeAt, replaced }: MendBody): Promise<number> {
    const { mending, window, open } = session
    const { kept, attempt } = mending
    if (!kept?.isWhole) throw new EspalierError('SESSION_UNKNOWN', 'its hidden states are not kept')
    if (!kept.hasEdge(resumeAt)) throw new EspalierError('SESSION_UNKNOWN', `no batch ends at row ${resumeAt}`)
    const next = await orStopped(mending, session.next)
    if (!next.mends) throw new EspalierError('SESSION_UNKNOWN', `${next.peer} does not take one stage over`)
    session.nextLink = next
    const opened = Promise.withResolvers<void>()
    mending.onNextOpened = opened.resolve
    const opening = { ...open, stage: open.stage + 1, replaces: replaced }
    await orStopped(mending, next.send({ type: 'open', session: session.id, body: opening }))
    await orStopped(mending, opened.promise)
    let rows = 0
    for await (const frame of kept.read()) {
      const isKept = frame.position < resumeAt
      if (isKept || !frame.wantsAnswer) await window.take()
      if (mending.attempt !== attempt) throw new EspalierError('CANCELLED')
      await orStopped(mending, next.send({ ...frame, ...(isKept && { isKept }) }))
      session.progress.passed = frame.position + frame.rows
      if (isKept) rows += frame.rows
    }
    await window.idle()
    return rows
  }

  return {
    /** Whether the session waits for another next stage, instead of ending. */
    canHold(session: StageSession, body: ErrorBody): session is Mendable {
      const { mending, open, position } = session
      const isNext = open.route[open.stage + 1]?.peer === body.peer
      return isNext && position > 0 && mending?.kept?.isWhole === true && isMovable(body.code)
    },
    /** The next stage is lost: from here on what we compute is only kept. The entry is told. */
    part,
    /**
     * True when the frame is with the next stage; false when that was lost: then it is kept for the one that takes
     * its place. Rejects when the session can't go on.
     */
    passOn(session: StageSession, frame: Frame, needsRoom: boolean): Promise<boolean> {
      const { mending } = session
      if (mending?.isParted) return Promise.resolve(false)
      const send = async () => {
        if (needsRoom) await session.window.take()
        await (session.nextLink ?? (await session.next)).send(frame)
        return true
      }
      if (!mending) return send()
      return new Promise((resolve, reject) => {
        mending.stopWaiting = () => resolve(false)
        send().then(resolve, reject)
      })
    },
    /** The stage before us went, or its stream: whether the session waits for another one. */
    orphan({ mending, open, position }: StageSession): boolean {
      if (!mending || open.stage === 0 || position === 0) return false
      mending.heldSinceMs ??= clock.monotonicMs()
      return true
    },
    onMend(session: StageSession | undefined, id: string, body: MendBody, entry: Link): void {
      const refuse = (refusal: string) => {
        tell(entry, { type: 'mended', session: id, body: { position: 0, rows: 0, refusal } })
      }
      // Only whoever asks may say who takes a place in its session.
      if (!session || session.open.entry !== entry.peer) refuse('there is no such session')
      else if (!isMendable(session)) refuse('nothing was kept of the session')
      else if (!changesOneNeighbour(session.open, body)) refuse('another route than that of the session')
      else if (++session.mending.attempts > MAX_ATTEMPTS) refuse('it lost too many neighbours')
      else if (body.replaced < body.stage) adopt(session, body, entry)
      else beginRefill(session, body, entry)
    },
    /** The replacement of the stage before us begins. Throws for everybody else. */
    takeUp(session: StageSession | undefined, open: OpenBody, from: Link): StageSession {
      const mending = session?.mending
      if (!session || !mending || mending.awaited !== from.peer || open.stage !== session.open.stage)
        throw new EspalierError('SESSION_UNKNOWN', 'nobody was to go on with it here')
      session.upstream = from
      session.usedAtMs = clock.monotonicMs()
      mending.awaited = null
      mending.heldSinceMs = null
      return session
    },
    /** False when it is not for a stage of ours. */
    onOpened(session: StageSession | undefined, from: Link): boolean {
      if (!session?.mending?.onNextOpened || session.nextLink !== from) return false
      session.mending.onNextOpened()
      session.mending.onNextOpened = null
      return true
    },
    /** The session ends: nothing of it stays. */
    release({ mending }: StageSession): void {
      if (!mending) return
      mending.kept?.drop()
      mending.attempt = {}
      mending.stopWaiting?.(new EspalierError('CANCELLED'))
    },
  }
}

function isMendable(session: StageSession): session is Mendable {
  return session.mending !== null
}

function mendedFrame({ id }: StageSession, body: MendedBody): Frame {
  return { type: 'mended', session: id, body }
}

/** Another peer for a neighbour of ours, with the same blocks, and nothing else. */
function changesOneNeighbour(open: OpenBody, { route, stage, replaced }: MendBody): boolean {
  if (stage !== open.stage || Math.abs(replaced - stage) !== 1) return false
  if (route.length !== open.route.length || replaced >= route.length || !isChain(route)) return false
  return route.every(({ peer, start, end }, index) => {
    const before = open.route[index]
    return before?.start === start && before.end === end && (before.peer === peer || index === replaced)
  })
}

/** As `work`; rejects when its neighbour is given up before. */
function orStopped<T>(mending: StageMending, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    mending.stopWaiting = reject
    work.then(resolve, reject)
  })
}

function wordsOf(error: unknown): string {
  return reportOf(error).cause.slice(0, 1000)
}
