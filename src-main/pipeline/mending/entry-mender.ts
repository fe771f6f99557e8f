import { EspalierError } from '../../../src-shared/errors'
import type { SessionBinding } from '../../membership/session-binding'
import type { RecordedStep } from '../failover/replay-record'
import type { MendedBody, OpenBody } from '../frames'
import type { Link, Links } from '../links'
import type { RouteStage } from '../route'
import { RouteError } from '../route-error'
import { createStepWindow, type StepWindow } from '../step-window'

/** One stage of a session's route goes to another peer, which serves the same blocks. */
export interface Mend {
  readonly route: readonly RouteStage[]
  /** Index of that stage. */
  readonly replaced: number
  /** What the session has sent so far, batch after batch; null beyond the last one. */
  step(index: number): RecordedStep | null
}

export interface Mended {
  /** Rows that the new stage computed for its cache. */
  readonly rows: number
  /** Answers that came again because the last stage is new, and how many of them were different. */
  readonly repeated: number
  readonly different: number
}

/** Answers of a replaced last stage, beside those that were given. */
export interface Repeats {
  /** Rows whose answers were given before. */
  readonly before: number
  readonly total: number
  left: number
  different: number
  readonly over: PromiseWithResolvers<void>
}

/** What mending needs of an entry's session. */
export interface MendableEntry {
  route: readonly RouteStage[]
  link: Link | null
  window: StepWindow
  /** Who keeps the session from going on, whatever the others do; null where that is not known. */
  heldUpBy: string | null
  failure: EspalierError | null
  /** Whoever says that the session is open. */
  openedBy: string
  opened: PromiseWithResolvers<void>
  /** The stages that are left hold the session. */
  isHeld: boolean
  /** A part of the chain may not hear what goes down it. */
  isBroken: boolean
  /** Rows that went to the first stage. */
  sentRows: number
  /** Tokens that were given, by the row that they belong to, and the row after the last of these. */
  readonly given: Map<number, number>
  answeredRows: number
  repeats: Repeats | null
  asked: { readonly peer: string; readonly reply: PromiseWithResolvers<MendedBody> } | null
}

/**
 * Brings another peer into the place of a lost stage: the stage after it says how far it is, the one before it (or this
 * node, for a first stage) fills the new one with what it sent before. The others compute nothing again.
 * Rejects with a RouteError when a peer was lost meanwhile, with another error where the whole has to be replayed.
 */
export async function mendEntry(
  state: MendableEntry,
  asked: Mend,
  options: {
    id: string
    self: string
    links: Links
    /** Our own token, and our signature under the session on its new route. */
    shown: { token: string | null; binding?: SessionBinding }
    opening: Omit<OpenBody, 'stage' | 'route'>
    send: (step: RecordedStep) => Promise<void>
    /** As `work`; rejects when the session fails meanwhile. */
    unlessFailed: <T>(work: Promise<T>) => Promise<T>
    /** Ends the session at a peer that is no stage of it any more. */
    closeAt: (peer: string) => void
  },
): Promise<Mended> {
  const { route, replaced } = asked
  const { id, links, unlessFailed } = options
  const { token, ...binding } = options.shown
  const wireRoute = route.map(({ peer, start, end }) => ({ peer, start, end }))
  const left = state.route[replaced]?.peer
  // Our own end, not the loss that this is about.
  if (state.failure && !(state.failure instanceof RouteError)) throw state.failure
  if (!state.isHeld) throw new EspalierError('SESSION_UNKNOWN', 'the other stages have ended it')
  state.route = route
  state.failure = null
  state.isBroken = true
  state.window = createStepWindow()
  const isFirst = replaced === 0
  const isLast = replaced === route.length - 1
  const replacement = route[replaced]?.peer ?? ''

  /** `reply` is what this peer says to a mend; it rejects when the session loses another one meanwhile. */
  async function reach(peer: string): Promise<{ link: Link; reply: PromiseWithResolvers<MendedBody> }> {
    if (state.failure) throw state.failure
    const reply = Promise.withResolvers<MendedBody>()
    state.asked = { peer, reply }
    return { link: await unlessRejected(links.to(peer), reply.promise), reply }
  }

  async function ask(index: number, resumeAt: number): Promise<MendedBody> {
    const peer = route[index]?.peer ?? ''
    const { link, reply } = await reach(peer)
    if (!link.mends) throw new EspalierError('SESSION_UNKNOWN', `${peer} can't go on with another neighbour`)
    const body = { route: wireRoute, stage: index, replaced, resumeAt, ...binding, ...(token !== null && { token }) }
    link.send({ type: 'mend', session: id, body }).catch(reply.reject)
    const answer = await reply.promise
    if (answer.refusal !== undefined) throw new EspalierError('SESSION_UNKNOWN', `${peer}: ${answer.refusal}`)
    return answer
  }

  /** The rows that have come to the stage after the replaced one. */
  async function askHowFar(): Promise<number> {
    state.heldUpBy = route[replaced + 1]?.peer ?? null
    try {
      return (await ask(replaced + 1, 0)).position
    } finally {
      state.heldUpBy = null
    }
  }

  async function fillFirst(resumeAt: number): Promise<number> {
    const { link } = await reach(replacement)
    if (!link.mends) throw new EspalierError('SESSION_UNKNOWN', `${replacement} does not take one stage over`)
    state.link = link
    state.openedBy = replacement
    state.opened = Promise.withResolvers<void>()
    state.opened.promise.catch(() => undefined)
    const body = { ...options.opening, ...binding, stage: 0, route: wireRoute, keeps: true, replaces: 0 }
    await unlessFailed(link.send({ type: 'open', session: id, body }))
    await state.opened.promise
    const { window } = state
    let rows = 0
    for (let index = 0; rows < resumeAt; index++) {
      const step = asked.step(index)
      if (!step || step.position + step.tokens.length > resumeAt)
        throw new EspalierError('SESSION_UNKNOWN', `no batch ends at row ${resumeAt}`)
      const { tokens, position, wantsAnswer } = step
      await window.take()
      const frame = { type: 'step' as const, session: id, position, rows: tokens.length, wantsAnswer, computeMs: [] }
      await unlessFailed(link.send({ ...frame, input: { tokens }, isKept: true }))
      rows = position + tokens.length
    }
    await window.idle()
    state.sentRows = rows
    return rows
  }

  async function sendRest(): Promise<void> {
    for (let index = 0; ; index++) {
      const step = asked.step(index)
      if (!step) return
      if (step.position >= state.sentRows) await options.send(step)
    }
  }

  // The last stage answers on a connection that we open, as at the beginning.
  if (isLast && replacement !== options.self) await reach(replacement)
  const repeats = isLast ? repeatsOf(state) : null
  if (repeats) state.repeats = repeats
  const resumeAt = isLast ? state.answeredRows : await askHowFar()
  // Not before: what it passes on from here is heeded by nobody any more.
  if (left !== undefined) options.closeAt(left)
  const rows = isFirst ? await fillFirst(resumeAt) : (await ask(replaced - 1, resumeAt)).rows
  await sendRest()
  await repeats?.over.promise
  state.isBroken = false
  return { rows, repeated: repeats?.total ?? 0, different: repeats?.different ?? 0 }
}

/** As `work`; rejects as `other` does when that is earlier. A peer that is gone may take ten seconds to be out of reach. */
function unlessRejected<T>(work: Promise<T>, other: Promise<unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject)
    other.catch(reject)
  })
}

function repeatsOf({ answeredRows, given }: MendableEntry): Repeats {
  const over = Promise.withResolvers<void>()
  over.promise.catch(() => undefined)
  if (given.size === 0) over.resolve()
  return { before: answeredRows, total: given.size, left: given.size, different: 0, over }
}

/** True when it is an answer that was given before: it is compared and not handed on. */
export function isRepeated({ repeats, given }: MendableEntry, position: number, token: number): boolean {
  if (!repeats || position >= repeats.before) return false
  if (repeats.left > 0) {
    repeats.left--
    if (given.get(position) !== token) repeats.different++
    if (repeats.left === 0) repeats.over.resolve()
  }
  return true
}
