import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import type { Frame, OpenBody, StepFrame } from './frames'
import type { Link, Links } from './links'
import type { StageRunner } from './stage-runner'
import { createStageSessions } from './stage-sessions'

const ROUTE = [
  { peer: 'before', start: 0, end: 4 },
  { peer: 'me', start: 4, end: 8 },
  { peer: 'after', start: 8, end: 12 },
]
const OPEN: OpenBody = { root: 'root', entry: 'entry', stage: 1, route: ROUTE, contextTokens: 16, wantsLogits: false }
const id = (name: number | string) => String(name).padStart(32, '0')

/** The middle one of three stages, with room for many sessions. */
function middle() {
  const clock = new FakeClock()
  const open = new Set<number>()
  const served: number[] = []
  const requests: string[] = []
  const heard: [string, Frame][] = []
  const link = (peer: string): Link => ({
    ...{ peer, closed: false, mends: true, abort: () => undefined },
    send: async (frame) => void heard.push([peer, frame]),
  })
  const runner: StageRunner = {
    ...{ blocks: { start: 4, end: 8 }, blockCount: 12, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 2, contextTokens: 64 },
    openSequence() {
      const sequence = open.size
      open.add(sequence)
      return sequence
    },
    closeSequence: (sequence) => void open.delete(sequence),
    run: async ({ rows }) => {
      const values = 'hidden' in rows ? rows.hidden.length : 4 * rows.tokens.length
      return { hidden: new Float32Array(values), token: null, logits: null, computeMs: 1 }
    },
  }
  const links = { before: link('before'), after: link('after'), other: link('other'), entry: link('entry') }
  const stages = createStageSessions({
    ...{ self: 'me', clock, log: createEventLog(clock, null), stage: () => runner },
    links: () => ({ to: async () => links.after }) as Pick<Links, 'to'> as Links,
    events: {
      onServed: (_, tokens) => void served.push(tokens),
      onRequest: (asker) => void requests.push(asker),
      onSessions: () => undefined,
    },
  })
  const ask = async (change: Partial<OpenBody> = {}, from = links.before, name: number | string = 1) => {
    stages.onOpen(id(name), { ...OPEN, ...change }, from)
    await clock.advance(1)
  }
  const step = async (change: Partial<StepFrame> = {}, from = links.before) => {
    const input = { hidden: new Float32Array(4 * (change.rows ?? 1)) }
    const rest = { wantsAnswer: true, computeMs: [], input, ...change }
    stages.onStep({ type: 'step', session: id(1), position: 0, rows: 1, ...rest }, from)
    await clock.advance(1)
  }
  const errors = () => heard.flatMap(([, frame]) => (frame.type === 'error' ? [frame.body.code] : []))
  const saidTo = (peer: string) => heard.flatMap(([to, { type }]) => (to === peer ? [type] : []))
  return { clock, stages, links, ask, step, errors, saidTo, served, requests, open }
}

describe('a session has a place here', () => {
  it('when it is ours in the route, brought by the stage before, and goes on to the next', async () => {
    const { ask, errors, saidTo, stages } = middle()
    await ask()
    expect(errors()).toEqual([])
    expect(saidTo('after')).toEqual(['open'])
    expect(stages.count).toBe(1)
    stages.stop()
  })

  const withPlace = (place: (typeof ROUTE)[number]) => ROUTE.map((one, at) => (at === 1 ? place : one))
  const withNext = (place: (typeof ROUTE)[number]) => [...ROUTE.slice(0, 2), place]
  it.each<[string, Partial<OpenBody>, string]>([
    ['another peer’s place', { route: withPlace({ peer: 'you', start: 4, end: 8 }) }, 'STAGE_LOST'],
    ['another first block', { route: withPlace({ peer: 'me', start: 3, end: 8 }) }, 'STAGE_LOST'],
    ['another last block', { route: withPlace({ peer: 'me', start: 4, end: 9 }) }, 'STAGE_LOST'],
    ['another model', { root: 'other' }, 'STAGE_LOST'],
    ['blocks that do not join', { route: withNext({ peer: 'after', start: 9, end: 12 }) }, 'PROTOCOL_VIOLATION'],
    ['a peer that comes after itself', { route: withNext({ peer: 'me', start: 8, end: 12 }) }, 'PROTOCOL_VIOLATION'],
    ['a peer that comes twice', { route: withNext({ peer: 'before', start: 8, end: 12 }) }, 'PROTOCOL_VIOLATION'],
    ['a place that the route does not have', { stage: 3 }, 'STAGE_LOST'],
    ['more tokens than are kept', { contextTokens: 65 }, 'PROMPT_TOO_LONG'],
  ])('not for %s', async (_, change, code) => {
    const { ask, errors, stages, open } = middle()
    await ask(change)
    expect(errors()).toEqual([code])
    expect([stages.count, open.size]).toEqual([0, 0])
    stages.stop()
  })

  it('not for anybody but the stage before, or, at a first stage, whoever asks', async () => {
    const { ask, errors, links, stages } = middle()
    await ask({}, links.other)
    const first = { stage: 0, route: [{ peer: 'me', start: 4, end: 8 }] }
    await ask(first, links.other)
    expect(errors()).toEqual(['PROTOCOL_VIOLATION', 'PROTOCOL_VIOLATION'])
    await ask(first, links.entry)
    expect(errors()).toHaveLength(2)
    expect(stages.count).toBe(1)
    stages.stop()
  })

  it('once', async () => {
    const { ask, errors, stages } = middle()
    await ask()
    await ask()
    expect(errors()).toEqual(['PROTOCOL_VIOLATION'])
    expect(stages.count).toBe(1)
    stages.stop()
  })
})

describe('a session that is there', () => {
  it('takes rows and its end from the stage before it alone', async () => {
    const { ask, step, errors, links, stages, served } = middle()
    await ask()
    await step({}, links.other)
    stages.onClose(id(1), links.other)
    expect([served, stages.count]).toEqual([[], 1])
    await step()
    expect([served, errors()]).toEqual([[1], []])
    stages.onClose(id(1), links.before)
    expect(stages.count).toBe(0)
  })

  it('counts as one request, however many answers it brings', async () => {
    const { ask, step, requests, served, stages } = middle()
    await ask()
    await step({ wantsAnswer: false })
    expect(requests).toEqual([])
    await step({ position: 1 })
    await step({ position: 2 })
    expect([requests, served]).toEqual([['before'], [1, 1, 1]])
    stages.stop()
  })

  it('C-07: counts no rows that only fill the cache of a replacement: they were served with another node', async () => {
    const { ask, step, requests, served, stages } = middle()
    await ask({ replaces: 1, keeps: true })
    await step({ isKept: true })
    await step({ isKept: true, position: 1, rows: 2 })
    expect([requests, served]).toEqual([[], []])
    await step({ position: 3 })
    expect([requests, served]).toEqual([['before'], [1]])
    stages.stop()
  })

  it.each<[string, Partial<StepFrame>]>([
    ['more rows than a batch has', { rows: 3 }],
    ['rows that it has computed before', { position: -1 }],
    ['rows for a cache that nobody replaces', { isKept: true }],
  ])('ends with %s', async (_, change) => {
    const { ask, step, errors, stages } = middle()
    await ask()
    await step(change)
    expect([errors(), stages.count]).toEqual([['PROTOCOL_VIOLATION'], 0])
    stages.stop()
  })

  it('ends where its context ends, gives its place back, and tells both neighbours', async () => {
    const { ask, step, errors, stages, open, saidTo } = middle()
    await ask({ contextTokens: 2 })
    await step({ rows: 2 })
    await step({ position: 2 })
    expect([errors(), stages.count, open.size]).toEqual([['PROMPT_TOO_LONG'], 0, 0])
    expect(saidTo('after').at(-1)).toBe('close')
    stages.stop()
  })

  it('hears of a chunk that was taken from the next stage, of an error from there, and of neither from others', async () => {
    const { ask, links, stages, errors, saidTo } = middle()
    await ask()
    const body = { code: 'ENGINE_DECODE_FAILED' as const, cause: 'x', peer: 'after', start: 8, end: 12 }
    expect(stages.onTaken(id(1), links.other)).toBe(false)
    expect(stages.onTaken(id(1), links.after)).toBe(true)
    // A stage of another session, one that was left, whoever asks, and the stage before.
    for (const from of [links.other, links.entry, links.before]) expect(stages.onError(id(1), body, from)).toBe(false)
    expect([errors(), stages.count]).toEqual([[], 1])
    expect(stages.onError(id(1), body, links.after)).toBe(true)
    expect([errors(), stages.count]).toEqual([['ENGINE_DECODE_FAILED'], 0])
    // Where the error comes from nobody has to be told.
    expect(saidTo('after')).toEqual(['open'])
    stages.stop()
  })

  it('has two minutes until its first rows, which long prompts on slow lines need, and between rows', async () => {
    const { ask, step, clock, errors, stages } = middle()
    await ask()
    await clock.advance(110_000)
    expect([errors(), stages.count]).toEqual([[], 1])
    await step()
    await clock.advance(110_000)
    await step({ position: 1 })
    await clock.advance(110_000)
    expect([errors(), stages.count]).toEqual([[], 1])
    await clock.advance(20_000)
    expect([errors(), stages.count]).toEqual([['TIMED_OUT'], 0])
    await ask({}, undefined, 2)
    await clock.advance(131_000)
    expect([errors(), stages.count]).toEqual([['TIMED_OUT', 'TIMED_OUT'], 0])
    stages.stop()
    expect(clock.pending).toBe(0)
  })
})

it('a stage that has no slice to serve says so', async () => {
  const clock = new FakeClock()
  const heard: Frame[] = []
  const link: Link = {
    ...{ peer: 'before', closed: false, mends: true, abort: () => undefined },
    send: async (frame) => void heard.push(frame),
  }
  const stages = createStageSessions({
    ...{ self: 'me', clock, log: createEventLog(clock, null), stage: () => null },
    links: () => ({ to: () => Promise.reject(new EspalierError('STAGE_LOST')) }) as Pick<Links, 'to'> as Links,
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  stages.onOpen(id(1), OPEN, link)
  await clock.advance(1)
  expect(heard).toMatchObject([{ type: 'error', body: { code: 'STAGE_LOST', peer: 'me' } }])
  stages.stop()
})
