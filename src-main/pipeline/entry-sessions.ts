import { randomBytes } from 'node:crypto'
import { EspalierError } from '../../src-shared/errors'
import type { Sampling } from '../engine/sampling'
import { plainText } from '../hivemind/unary-client'
import type { BoundSession, SessionBinding } from '../membership/session-binding'
import { isMovable } from './failover/movable'
import type { RecordedStep } from './failover/replay-record'
import { type ErrorBody, type Frame, MAX_RESULT_FRAME_BYTES, type MendedBody, type ResultFrame } from './frames'
import type { Link, Links } from './links'
import { whatIsWrongWithLogits } from './logits-rules'
import { isRepeated, type Mend, type MendableEntry, type Mended, mendEntry } from './mending/entry-mender'
import { orAbort } from './or-abort'
import type { RouteStage } from './route'
import { RouteError } from './route-error'
import { createBoundedMap } from './scores/bounded-map'
import { createStepWindow } from './step-window'

/** The asking side of one generation. */
export interface EntrySession {
  readonly route: readonly RouteStage[]
  /** Sends tokens at a position; the answer comes through `nextResult` when `wantsAnswer`. */
  send(tokens: Int32Array, position: number, wantsAnswer: boolean): Promise<void>
  /** The next answer, in order. Rejects with what ended the session. */
  nextResult(): Promise<ResultFrame>
  /** Rows that went out, and the stage that they, or a mending, wait for. Absent where that is not known. */
  readonly outgoing?: { readonly sentRows: number; readonly heldUpBy: string | null }
  /** When the session was last seen to go on in another way than by an answer, by the monotonic clock; ms. */
  readonly goesOnAtMs?: number
  /** Ends the waiting for answers with this error; `close` tells the stages. */
  fail(error: EspalierError): void
  /**
   * After `nextResult` has rejected: goes on with another peer in the place of one stage, which alone computes again.
   * Absent where the chain can't. Rejects with a RouteError when a peer is lost meanwhile.
   */
  mend?(mend: Mend): Promise<Mended>
  close(): Promise<void>
}

interface Waiting {
  resolve(result: ResultFrame): void
  reject(error: unknown): void
}

interface State extends MendableEntry {
  /** Peers that this node itself saw go: they are not called any more. */
  readonly lost: Set<string>
  /** Everybody who was a stage of it. */
  readonly stages: Set<string>
  /** One stage said of another that it is lost: that one may be there, and have the session still. */
  isDoubtful: boolean
  results: ResultFrame[]
  /** Rows whose answers are to come, in order. */
  readonly awaited: Set<number>
  readonly wants: Pick<OpenSessionOptions, 'wantsLogits' | 'vocabularySize'>
  waiting: Waiting | null
  /** Rejects what is under way for the session: a dial, or a write that waits for its neighbour to read. */
  readonly underWay: Set<(error: EspalierError) => void>
}

/** An entry asks for one result at a time; a few may be on their way when it stops reading. */
const MAX_WAITING_RESULTS = 16
/** Peers whose answers may still come after their session has ended. */
const MAX_ASKED = 256

export interface OpenSessionOptions {
  root: string
  route: readonly RouteStage[]
  contextTokens: number
  wantsLogits: boolean
  /** Token ids are below it; absent where it is not known. */
  vocabularySize?: number | undefined
  /** Hidden states in single precision, and each stage computes this session by itself; see docs/protocols.md. */
  exact?: boolean | undefined
  /** How the last stage chooses tokens; absent for the likeliest. */
  sampling?: Sampling | undefined
  /** The stages keep what is needed to replace one of them. */
  keeps?: boolean
  /** 16 bytes in hex that name the session; drawn where absent. */
  id?: string
  /** The first stage is asked now: what went before, such as dialing, took this node's own time. */
  onAsked?: () => void
  signal: AbortSignal
}

/** What an entry shows of itself, and demands of the stages. */
export interface EntryMembership {
  token(): string | null
  /** Our signature under a session; null where none is demanded. */
  bind(session: BoundSession): Promise<SessionBinding | null>
  /** Rejects with a RouteError for a stage that may not serve. */
  demand(route: readonly RouteStage[]): Promise<void>
}

export function createEntrySessions(self: string, links: () => Links, membership: EntryMembership) {
  const sessions = new Map<string, State>()
  /** Whom this node has asked: they may send logits. */
  const asked = createBoundedMap<true>(MAX_ASKED)
  let stopped: EspalierError | null = null

  function fail(id: string, failure: EspalierError): void {
    const state = sessions.get(id)
    // Our own end counts also while a lost stage is replaced.
    if (!state || (state.failure && (failure instanceof RouteError || !(state.failure instanceof RouteError)))) return
    state.failure = failure
    if (failure instanceof RouteError) {
      state.isBroken = true
      if (failure.toldBy !== null) state.isDoubtful = true
      else if (failure.code === 'STAGE_LOST') state.lost.add(failure.peer)
    }
    state.opened.reject(failure)
    state.waiting?.reject(failure)
    state.waiting = null
    state.window.end(failure)
    state.asked?.reply.reject(failure)
    state.repeats?.over.reject(failure)
    for (const reject of [...state.underWay]) reject(failure)
  }

  /** As `work`; rejects when the session fails meanwhile, or was ended before. */
  function unlessFailed<T>(state: State, work: Promise<T>): Promise<T> {
    if (state.failure && !(state.failure instanceof RouteError)) {
      work.catch(() => undefined)
      return Promise.reject(state.failure)
    }
    return new Promise<T>((resolve, reject) => {
      const over = () => void state.underWay.delete(reject)
      state.underWay.add(reject)
      void work.then(resolve, reject).then(over)
    })
  }

  /** The stages hold the session for a replacement, unless they have said that they ended it. */
  function lose(id: string, failure: RouteError, isHeld: boolean): void {
    const state = sessions.get(id)
    if (!state) return
    state.isHeld &&= isHeld
    fail(id, failure)
  }

  async function openSession(options: OpenSessionOptions): Promise<EntrySession> {
    const id = options.id ?? randomBytes(16).toString('hex')
    if (stopped) throw stopped
    const first = options.route[0]
    if (!first) throw new EspalierError('CHAIN_INCOMPLETE', 'the route is empty')
    const state: State = {
      route: options.route,
      link: null,
      openedBy: options.route.at(-1)?.peer ?? '',
      opened: Promise.withResolvers<void>(),
      results: [],
      awaited: new Set(),
      wants: options,
      waiting: null,
      underWay: new Set(),
      window: createStepWindow(),
      heldUpBy: null,
      failure: null,
      isHeld: false,
      isBroken: false,
      ...{ lost: new Set(), stages: new Set(options.route.map(({ peer }) => peer)), isDoubtful: false },
      sentRows: 0,
      given: new Map(),
      answeredRows: 0,
      repeats: null,
      asked: null,
    }
    // Rejections are handed on by nextResult too; this one keeps Node from calling them unhandled.
    state.opened.promise.catch(() => undefined)
    sessions.set(id, state)
    for (const { peer } of options.route) asked.set(peer, true)
    let keeps = false
    const close = async () => {
      sessions.delete(id)
      state.window.end(new EspalierError('CANCELLED'))
      if (state.isBroken && (state.sentRows > 0 || state.isDoubtful)) closeEach(id, state)
      // Nobody waits until a neighbour has read it.
      if (state.link && !state.link.closed) state.link.send({ type: 'close', session: id }).catch(() => undefined)
      for (const reject of [...state.underWay]) reject(new EspalierError('CANCELLED'))
    }
    const wanted = <T>(work: Promise<T>) => orAbort(unlessFailed(state, work), options.signal)
    try {
      // Before anything of ours goes out.
      await wanted(membership.demand(options.route))
      const binding = await bindingOf(id, options, options.route)
      // The last stage answers us directly, on a connection that we open: an entry need not be dialable.
      const last = options.route.at(-1)
      if (last && last.peer !== self) await wanted(links().to(last.peer))
      state.link = await wanted(links().to(first.peer))
      const route = wireRouteOf(options.route)
      keeps = options.keeps === true && state.link.mends && route.length > 1
      state.isHeld = keeps
      const body = { ...opening(options), ...binding, stage: 0, route, ...(keeps && { keeps }) }
      options.onAsked?.()
      await wanted(state.link.send({ type: 'open', session: id, body }))
      await wanted(state.opened.promise)
    } catch (error) {
      await close().catch(() => undefined)
      throw error
    }
    async function send(step: RecordedStep): Promise<void> {
      const { tokens, position, wantsAnswer } = step
      if (!wantsAnswer) await roomFor(state)
      if (state.failure) throw state.failure
      state.sentRows = position + tokens.length
      if (wantsAnswer) state.awaited.add(state.sentRows - 1)
      if (!state.link) return
      const frame = { type: 'step' as const, session: id, position, rows: tokens.length, wantsAnswer }
      await unlessFailed(state, state.link.send({ ...frame, computeMs: [], input: { tokens } }))
    }
    return {
      get route() {
        return state.route
      },
      get outgoing() {
        return { sentRows: state.sentRows, heldUpBy: state.heldUpBy }
      },
      send: (tokens, position, wantsAnswer) => send({ tokens, position, wantsAnswer }),
      ...(keeps && {
        async mend(mend: Mend) {
          await unlessFailed(state, membership.demand(mend.route))
          const binding = await bindingOf(id, options, mend.route)
          const shown = { token: membership.token(), ...binding }
          for (const { peer } of mend.route) {
            state.stages.add(peer)
            asked.set(peer, true)
          }
          const closeAt = (peer: string) => tellClosed(id, state, peer)
          const doing = { send, closeAt, unlessFailed: <T>(work: Promise<T>) => unlessFailed(state, work) }
          return mendEntry(state, mend, { id, self, links: links(), shown, opening: opening(options), ...doing })
        },
      }),
      nextResult() {
        const ready = state.results.shift()
        if (ready) return Promise.resolve(ready)
        if (state.failure) return Promise.reject(state.failure)
        return new Promise((resolve, reject) => {
          state.waiting = { resolve, reject }
        })
      },
      fail: (error) => fail(id, error),
      close,
    }
  }

  function opening({ root, contextTokens, exact = false, wantsLogits, sampling }: OpenSessionOptions) {
    const capability = membership.token()
    return {
      ...(capability === null ? {} : { token: capability }),
      ...{ root, entry: self, contextTokens, exact, wantsLogits },
      ...(sampling && { sampling }),
    }
  }

  async function bindingOf(
    id: string,
    { root, contextTokens }: OpenSessionOptions,
    route: readonly RouteStage[],
  ): Promise<{ binding?: SessionBinding }> {
    const binding = await membership.bind({ ...{ id, entry: self, root, contextTokens }, route: wireRouteOf(route) })
    return binding ? { binding } : {}
  }

  /** Where the chain is broken, what goes in at its first stage does not come to the others. */
  function closeEach(id: string, state: State): void {
    for (const peer of state.stages) tellClosed(id, state, peer)
  }

  function tellClosed(id: string, { lost }: State, peer: string): void {
    if (lost.has(peer)) return
    links()
      .to(peer)
      .then((link) => link.send({ type: 'close', session: id }))
      .catch(() => undefined)
  }

  return {
    open: openSession,
    /** The largest answer that is taken from this peer. */
    maxResultBytes: (peer: string): number => (asked.get(peer) ? MAX_RESULT_FRAME_BYTES : 0),
    /** Whether this session is one of ours, and runs through our own blocks. */
    isThroughUs: (id: string): boolean => sessions.get(id)?.route.some(({ peer }) => peer === self) ?? false,
    onOpened(id: string, from: Link): void {
      const state = sessions.get(id)
      if (state?.openedBy === from.peer) state.opened.resolve()
    },
    onPart(id: string, body: ErrorBody, from: Link): void {
      const state = sessions.get(id)
      if (!state || state.route[0]?.peer !== from.peer) return
      // It may have been on its way since before another peer took that one's place.
      if (state.route.some(({ peer }) => peer === body.peer)) lose(id, routeErrorOf(body, body.peer, from), true)
    },
    onMended(id: string, body: MendedBody, from: Link): void {
      const { asked } = sessions.get(id) ?? {}
      if (asked?.peer === from.peer) asked.reply.resolve(body)
    },
    onTaken(id: string, from: Link): void {
      const state = sessions.get(id)
      if (state && state.route[0]?.peer === from.peer) state.window.onTaken()
    },
    onResult(frame: ResultFrame, from: Link): void {
      const state = sessions.get(frame.session)
      if (!state || state.route.at(-1)?.peer !== from.peer) return
      if (isRepeated(state, frame.position, frame.token)) return
      const wrong = whatIsWrong(frame, state)
      if (wrong) {
        fail(frame.session, new RouteError('PROTOCOL_VIOLATION', `${from.peer} gave ${wrong}`, from.peer))
        return
      }
      state.awaited.delete(frame.position)
      if (state.isHeld) state.given.set(frame.position, frame.token)
      state.answeredRows = frame.position + 1
      if (state.waiting) {
        state.waiting.resolve(frame)
        state.waiting = null
      } else if (state.results.length < MAX_WAITING_RESULTS) state.results.push(frame)
      else
        fail(
          frame.session,
          new RouteError('PROTOCOL_VIOLATION', `${from.peer} sends results that nobody asked for`, from.peer),
        )
    },
    onError(id: string, body: ErrorBody, from: Link): void {
      const state = sessions.get(id)
      if (!state || state.route[0]?.peer !== from.peer) return
      // A stage may speak of any stage of the route, and of nobody else. Whether it is true is for the failover to find out.
      const about = state.route.some(({ peer }) => peer === body.peer) ? body.peer : from.peer
      // When the first stage itself goes, the ones after it wait; its tokens are here.
      lose(id, routeErrorOf(body, about, from), body.peer === from.peer && isMovable(body.code))
    },
    onLinkEnd(link: Link, cause: string): void {
      for (const [id, state] of sessions) {
        if (state.route.some(({ peer }) => peer === link.peer))
          lose(id, new RouteError('STAGE_LOST', `${link.peer} (${cause})`, link.peer), true)
      }
    },
    /** Ends our own answers, and opens no more. */
    stop(): void {
      stopped ??= new EspalierError('CANCELLED', 'this node stops')
      for (const id of sessions.keys()) fail(id, stopped)
    },
  }
}

/** Waits until the first stage has room for another chunk. */
async function roomFor(state: State): Promise<void> {
  state.heldUpBy = state.route[0]?.peer ?? null
  try {
    await state.window.take()
  } finally {
    state.heldUpBy = null
  }
}

function wireRouteOf(route: readonly RouteStage[]): RouteStage[] {
  return route.map(({ peer, start, end }) => ({ peer, start, end }))
}

function routeErrorOf({ code, cause, start, end }: ErrorBody, about: string, from: Link): RouteError {
  const blocks = end - start === 1 ? `block ${start}` : `blocks ${start}–${end - 1}`
  const toldBy = about === from.peer ? undefined : from.peer
  return new RouteError(code, `${blocks} on ${about}: ${plainText(cause)}`, about, { toldBy })
}

/** Null for the answer that comes next, as it was asked for. */
function whatIsWrong({ position, token, logits }: ResultFrame, { awaited, wants }: State): string | null {
  const { wantsLogits, vocabularySize } = wants
  const [expected] = awaited
  if (position !== expected) return `an answer at row ${position} that nobody waits for`
  if (vocabularySize !== undefined && token >= vocabularySize)
    return `token ${token} of a vocabulary of ${vocabularySize}`
  return wantsLogits ? whatIsWrongWithLogits(logits, vocabularySize) : null
}

export type EntryFrame = Extract<Frame, { type: 'opened' | 'result' | 'error' }>
