import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { SessionGuard } from '../membership/session-guard'
import { createCallBudget } from '../network/call-limits/call-budget'
import type { Host } from '../network/host'
import type { EventLog } from '../storage/event-log'
import { checkPipeline } from './check'
import { createEntrySessions, type EntrySession, type OpenSessionOptions } from './entry-sessions'
import { BOUND_PROTOCOL, type Frame, MAX_BODY_FRAME_BYTES, type NoticeBody, type StageProgress } from './frames'
import { createKeeping, type Keeping, type KeepingLimits } from './keeping/keeping'
import { createLinks, type Link } from './links'
import { createNotices } from './notices'
import { createPlaceLeases, type PlaceLeases } from './place-leases'
import { createStageProofs, type StageProofs } from './stage-proofs'
import type { StageRunner } from './stage-runner'
import { createStageSessions, type StageSessionEvents } from './stage-sessions'

export interface Pipeline {
  /** Begins to accept streams of other peers. */
  start(): Promise<void>
  stop(): Promise<void>
  openSession(options: OpenSessionOptions): Promise<EntrySession>
  /** How far a session of our own is at our own blocks, where it runs through them. */
  progressOf(session: string): StageProgress
  /** Ends the sessions that run through our slice, with a reason that reaches their entries. */
  endSessions(error: EspalierError): void
  /** Ends what this node asked for itself, with CANCELLED, and asks no more: to be called before its own blocks go. */
  endAnswers(): void
  /** Tells a peer what is held against it, so that its owner can know. Never throws. */
  notify(peer: string, notice: NoticeBody): void
  readonly activeSessions: number
  /** Whether stages may serve, in networks for members only. */
  readonly proofs: StageProofs
  /** The places in our slice's cache: whatever else computes there takes its own from these. */
  readonly leases: PlaceLeases
  /** What is kept for the replacement of a lost neighbour. */
  readonly kept: Keeping['use']
}

/** Frames that any peer may send, and that are answered. */
const ASKING: ReadonlySet<Frame['type']> = new Set<Frame['type']>(['open', 'mend', 'check'])
/** Of one peer with all its streams. Each session is opened once, and none is mended many times a second. */
const ASK_RATE = { perSecond: 50, burst: 500 }

/** Both sides of `/espalier/pipeline/1.2` on one host. `stage` gives our slice while it may serve, else null. */
export function createPipeline(options: {
  host: Host
  clock: Clock
  log: EventLog
  stage: () => StageRunner | null
  events: StageSessionEvents
  /** Who may ask; everybody without one. */
  guard?: SessionGuard
  /** A peer tells what it holds against us. */
  onNotice?: (notice: NoticeBody, by: string) => void
  /** For hidden states that are too much for the memory; all that is in it is removed at the start. Null: memory alone. */
  keptDirectory?: string | null
  keepingLimits?: KeepingLimits
}): Pipeline {
  const { host, log } = options
  const self = host.peerId.toString()
  const { guard } = options
  const proofs = createStageProofs({
    ...{ self, guard },
    check: (peer, signal) => checkPipeline(host, peerIdFromString(peer), signal, BOUND_PROTOCOL),
  })
  const entry = createEntrySessions(self, () => links, {
    token: () => guard?.token() ?? null,
    bind: async (session) => (guard ? guard.bind(session) : null),
    demand: proofs.demand,
  })
  const keeping = createKeeping({
    ...{ directory: options.keptDirectory ?? null, log },
    ...(options.keepingLimits && { limits: options.keepingLimits }),
  })
  const notices = createNotices({ clock: options.clock, log, to: (peer) => links.to(peer), onHeard: options.onNotice })
  const leases = createPlaceLeases({ clock: options.clock, log })
  const stages = createStageSessions({
    ...{ ...options, self, keeping, leases, links: () => links, onAsked: notices.onAsked },
    isOurs: entry.isThroughUs,
  })

  const asks = createCallBudget(options.clock, { peer: ASK_RATE, own: ASK_RATE, shared: ASK_RATE })
  const links = createLinks(host, options.clock, {
    onFrame: (frame, link) => {
      if (mayAsk(frame, link)) route(frame, link)
    },
    maxFrameBytes: (link) => Math.max(MAX_BODY_FRAME_BYTES, stages.maxStepBytes(link), entry.maxResultBytes(link.peer)),
    stepsUnderWayBytes: stages.stepsUnderWayBytes,
    onEnd(link, cause) {
      entry.onLinkEnd(link, cause)
      stages.onLinkEnd(link, cause)
    },
  })

  /** What costs an answer whatever comes of it is limited; whoever goes on regardless loses the stream. */
  function mayAsk({ type }: Frame, link: Link): boolean {
    if (link.peer === self || !ASKING.has(type) || asks.admit(link.peer)) return true
    link.abort(new EspalierError('CALL_TOO_MANY', `more ${type} frames than are answered`))
    return false
  }

  function route(frame: Frame, link: Link): void {
    switch (frame.type) {
      case 'open':
        stages.onOpen(frame.session, frame.body, link)
        break
      case 'step':
        stages.onStep(frame, link)
        break
      case 'close':
        stages.onClose(frame.session, link)
        break
      case 'taken':
        if (!stages.onTaken(frame.session, link)) entry.onTaken(frame.session, link)
        break
      case 'opened':
        if (!stages.onOpened(frame.session, link)) entry.onOpened(frame.session, link)
        break
      case 'part':
        if (!stages.onPart(frame.session, frame.body, link)) entry.onPart(frame.session, frame.body, link)
        break
      case 'mend':
        stages.onMend(frame.session, frame.body, link)
        break
      case 'mended':
        entry.onMended(frame.session, frame.body, link)
        break
      case 'result':
        entry.onResult(frame, link)
        break
      case 'error':
        if (!stages.onError(frame.session, frame.body, link)) entry.onError(frame.session, frame.body, link)
        break
      case 'check':
        answerCheck(frame.session, link)
        break
      case 'notice':
        notices.onNotice(frame.body, link)
        break
      case 'checked':
        // Only for those who ask on a stream of their own (check.ts).
        break
    }
  }

  function answerCheck(id: string, link: Link): void {
    // Blocks that are being left take no new sessions, and those that are here go on to their end.
    const stage = options.stage() ?? stages.runnerOf(id, link.peer)
    const body = { code: 'STAGE_LOST' as const, cause: 'not ready to serve', peer: self, start: 0, end: 1 }
    const token = guard?.isMembersOnly() && link.binds ? guard.token() : null
    const serves = stage && { root: stage.root, ...stage.blocks, proven: true, sessions: leases.holders(stage) }
    const progress = stages.progressOf(id, link.peer)
    const answer = serves && { ...serves, progress, ...(token !== null && { token }) }
    if (answer) send(link, { type: 'checked', session: id, body: answer })
    else send(link, { type: 'error', session: id, body })
  }

  function send(link: Link, frame: Frame): void {
    link
      .send(frame)
      .catch((error: unknown) => log.write('debug', 'pipeline.send.failed', messageOf(error), { peer: link.peer }))
  }

  return {
    async start() {
      await keeping.start()
      await links.accept()
    },
    async stop() {
      entry.stop()
      stages.stop()
      await links.close()
      await keeping.settled()
    },
    openSession: (open) => entry.open(open),
    progressOf: (session) => stages.progressOf(session, self),
    notify: (peer, notice) => notices.send(peer, notice),
    endAnswers: () => entry.stop(),
    endSessions: (error) => stages.endAll(error),
    proofs,
    leases,
    get activeSessions() {
      return stages.count
    },
    get kept() {
      return keeping.use
    },
  }
}
