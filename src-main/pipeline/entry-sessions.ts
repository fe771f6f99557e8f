import { randomBytes } from 'node:crypto'
import { EspalierError } from '../../src-shared/errors'
import type { Sampling } from '../engine/sampling'
import type { ErrorBody, Frame, ResultFrame } from './frames'
import type { Link, Links } from './links'
import type { RouteStage } from './route'
import { RouteError } from './route-error'
import { createStepWindow, type StepWindow } from './step-window'

/** The asking side of one generation. */
export interface EntrySession {
  readonly route: readonly RouteStage[]
  /** Sends tokens at a position; the answer comes through `nextResult` when `wantsAnswer`. */
  send(tokens: Int32Array, position: number, wantsAnswer: boolean): Promise<void>
  /** The next answer, in order. Rejects with what ended the session. */
  nextResult(): Promise<ResultFrame>
  /** Ends the waiting for answers with this error; `close` tells the stages. */
  fail(error: EspalierError): void
  close(): Promise<void>
}

interface Waiting {
  resolve(result: ResultFrame): void
  reject(error: unknown): void
}

interface State {
  readonly route: readonly RouteStage[]
  link: Link | null
  opened: PromiseWithResolvers<void>
  results: ResultFrame[]
  waiting: Waiting | null
  readonly window: StepWindow
  failure: EspalierError | null
}

/** An entry asks for one result at a time; a few may be on their way when it stops reading. */
const MAX_WAITING_RESULTS = 16

export interface OpenSessionOptions {
  root: string
  route: readonly RouteStage[]
  contextTokens: number
  wantsLogits: boolean
  /** Hidden states in single precision, and each stage computes this session by itself; see docs/protocols.md. */
  exact?: boolean | undefined
  /** How the last stage chooses tokens; absent for the likeliest. */
  sampling?: Sampling | undefined
  signal: AbortSignal
}

export function createEntrySessions(self: string, links: () => Links, token: () => string | null) {
  const sessions = new Map<string, State>()

  function fail(id: string, failure: EspalierError): void {
    const state = sessions.get(id)
    if (!state || state.failure) return
    state.failure = failure
    state.opened.reject(failure)
    state.waiting?.reject(failure)
    state.waiting = null
    state.window.end(failure)
  }

  async function openSession(options: OpenSessionOptions): Promise<EntrySession> {
    const id = randomBytes(16).toString('hex')
    const first = options.route[0]
    if (!first) throw new EspalierError('CHAIN_INCOMPLETE', 'the route is empty')
    const state: State = {
      route: options.route,
      link: null,
      opened: Promise.withResolvers<void>(),
      results: [],
      waiting: null,
      window: createStepWindow(),
      failure: null,
    }
    // Rejections are handed on by nextResult too; this one keeps Node from calling them unhandled.
    state.opened.promise.catch(() => undefined)
    sessions.set(id, state)
    const close = async () => {
      sessions.delete(id)
      state.window.end(new EspalierError('CANCELLED'))
      if (state.link && !state.link.closed) await state.link.send({ type: 'close', session: id })
    }
    try {
      // The last stage answers us directly, on a connection that we open: an entry need not be dialable.
      const last = options.route.at(-1)
      if (last && last.peer !== self) await links().to(last.peer)
      state.link = await links().to(first.peer)
      const route = options.route.map(({ peer, start, end }) => ({ peer, start, end }))
      const capability = token()
      const body = {
        ...(capability === null ? {} : { token: capability }),
        root: options.root,
        entry: self,
        stage: 0,
        route,
        contextTokens: options.contextTokens,
        exact: options.exact ?? false,
        wantsLogits: options.wantsLogits,
        ...(options.sampling && { sampling: options.sampling }),
      }
      await state.link.send({ type: 'open', session: id, body })
      await orAbort(state.opened.promise, options.signal)
    } catch (error) {
      await close().catch(() => undefined)
      throw error
    }
    const { link } = state
    return {
      route: options.route,
      async send(tokens, position, wantsAnswer) {
        if (!wantsAnswer) await state.window.take()
        if (state.failure) throw state.failure
        await link.send({
          type: 'step',
          session: id,
          position,
          rows: tokens.length,
          wantsAnswer,
          computeMs: [],
          input: { tokens },
        })
      },
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

  return {
    open: openSession,
    onOpened(id: string, from: Link): void {
      const state = sessions.get(id)
      if (state && state.route.at(-1)?.peer === from.peer) state.opened.resolve()
    },
    onTaken(id: string, from: Link): void {
      const state = sessions.get(id)
      if (state && state.route[0]?.peer === from.peer) state.window.onTaken()
    },
    onResult(frame: ResultFrame, from: Link): void {
      const state = sessions.get(frame.session)
      if (!state || state.route.at(-1)?.peer !== from.peer) return
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
      const blocks = body.end - body.start === 1 ? `block ${body.start}` : `blocks ${body.start}–${body.end - 1}`
      // A stage may speak of any stage of the route, and of nobody else.
      const about = state.route.some(({ peer }) => peer === body.peer) ? body.peer : from.peer
      fail(id, new RouteError(body.code, `${blocks} on ${about}: ${body.cause}`, about))
    },
    onLinkEnd(link: Link, cause: string): void {
      for (const [id, state] of sessions) {
        if (state.route.some(({ peer }) => peer === link.peer))
          fail(id, new RouteError('STAGE_LOST', `${link.peer} (${cause})`, link.peer))
      }
    },
    stop(): void {
      for (const id of sessions.keys()) fail(id, new EspalierError('CANCELLED', 'this node stops'))
    },
  }
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

export type EntryFrame = Extract<Frame, { type: 'opened' | 'result' | 'error' }>
