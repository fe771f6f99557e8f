import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import type { Frame, OpenBody, StepFrame } from './frames'
import type { Link, Links } from './links'
import type { StageRunner } from './stage-runner'
import { createStageSessions } from './stage-sessions'

const PLACES = 2
const ROUTE = [
  { peer: 'me', start: 4, end: 8 },
  { peer: 'next', start: 8, end: 12 },
]

/** A first stage with two places in its cache, and an entry that hears what it says. */
function firstStage() {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const drops: unknown[] = []
  log.subscribe(({ code, fields }) => void (code === 'pipeline.dropped' && drops.push(fields.reason)))
  const taken = new Set<number>()
  let hold: Promise<void> = Promise.resolve()
  const runner: StageRunner = {
    ...{ blocks: { start: 4, end: 8 }, blockCount: 12, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 16, contextTokens: 64 },
    openSequence() {
      const free = Array.from({ length: PLACES }, (_, sequence) => sequence).find((sequence) => !taken.has(sequence))
      if (free === undefined) throw new EspalierError('SESSION_LIMIT')
      taken.add(free)
      return free
    },
    closeSequence: (sequence) => void taken.delete(sequence),
    async run({ rows }) {
      await hold
      const count = 'tokens' in rows ? rows.tokens.length : rows.hidden.length / 4
      return { hidden: new Float32Array(4 * count), token: null, logits: null, computeMs: 1 }
    },
  }
  const heard: Frame[] = []
  const writes: { hold?: Promise<void> } = {}
  const served: string[] = []
  const requests: string[] = []
  const refused: string[] = []
  const link = (peer: string): Link => ({
    ...{ peer, closed: false, mends: true, abort: () => undefined },
    async send(frame) {
      if (peer === 'next') await writes.hold
      if (peer === 'them') heard.push(frame)
      else if (frame.type === 'error') refused.push(peer)
    },
  })
  const them = link('them')
  const next = link('next')
  const stages = createStageSessions({
    ...{ self: 'me', clock, log, stage: () => runner },
    links: () => ({ to: async () => next }) as Pick<Links, 'to'> as Links,
    events: {
      onServed: (entry) => void served.push(entry),
      onRequest: (entry) => void requests.push(entry),
      onSessions: () => undefined,
    },
  })
  const id = (name: string) => name.padStart(32, '0')
  const open = async (name: string, change: Partial<OpenBody> = {}) => {
    const body = { root: 'root', entry: 'them', stage: 0, route: ROUTE, contextTokens: 16, wantsLogits: false }
    stages.onOpen(id(name), { ...body, ...change }, them)
    await clock.advance(1)
  }
  /** Opens a session for somebody else; whether it got a place. */
  const openFor = async (peer: string, name: string) => {
    const body = { root: 'root', entry: peer, stage: 0, route: ROUTE, contextTokens: 16, wantsLogits: false }
    const before = refused.length
    stages.onOpen(id(name), body, link(peer))
    await clock.advance(1)
    return refused.length === before
  }
  const step = async (name: string, position: number) => {
    const rest = { wantsAnswer: true, computeMs: [], input: { tokens: Int32Array.of(1) } }
    stages.onStep({ type: 'step', session: id(name), position, rows: 1, ...rest }, them)
    await clock.advance(1)
  }
  const hidden = async (name: string, options: Partial<StepFrame>) => {
    const rest = { wantsAnswer: true, computeMs: [], input: { hidden: new Float32Array(4) }, ...options }
    stages.onStep({ type: 'step', session: id(name), position: 0, rows: 1, ...rest }, them)
    await clock.advance(1)
  }
  const errors = () =>
    heard.flatMap((frame) =>
      frame.type === 'error' ? [[frame.session.at(-1), frame.body.code, frame.body.cause]] : [],
    )
  const blamed = () =>
    heard.flatMap((frame) => (frame.type === 'error' ? [`${frame.body.peer} ${frame.body.code}`] : []))
  return {
    ...{ blamed, served, requests, writes },
    ...{ stages, clock, open, openFor, step, hidden, errors, drops, taken, link, id, next, them },
    holdRuns(until: Promise<void>) {
      hold = until
    },
  }
}

const SECOND = { stage: 1, route: [{ peer: 'them', start: 0, end: 4 }, ...ROUTE] }

describe('what comes from the stage before', () => {
  it.each<[string, Partial<StepFrame>]>([
    ['NaN', { input: { hidden: new Float32Array(4).fill(Number.NaN) } }],
    ['infinity', { input: { hidden: Float32Array.of(0, Number.NEGATIVE_INFINITY, 0, 0) } }],
    ['another width', { input: { hidden: new Float32Array(5) } }],
    ['another position', { position: 3 }],
    ['tokens', { input: { tokens: Int32Array.of(1) } }],
  ])('%s speaks against it, not against whoever refuses it', async (_, change) => {
    const { open, hidden, blamed, stages } = firstStage()
    await open('a', SECOND)
    await hidden('a', change)
    expect(blamed()).toEqual(['them PROTOCOL_VIOLATION'])
    stages.stop()
  })

  it('is put down to it, whoever it says is asking; at the first stage that is whoever asks', async () => {
    const { open, hidden, step, served, requests, stages } = firstStage()
    await open('a', { ...SECOND, entry: 'somebody' })
    await hidden('a', {})
    expect([served, requests]).toEqual([['them'], ['them']])
    await open('b')
    await step('b', 0)
    expect([served, requests]).toEqual([
      ['them', 'them'],
      ['them', 'them'],
    ])
    stages.stop()
  })

  it('is no service to others where we ask ourselves', async () => {
    const { open, hidden, served, stages } = firstStage()
    await open('a', { ...SECOND, entry: 'me' })
    await hidden('a', {})
    expect(served).toEqual(['me'])
    stages.stop()
  })
})

it('H-52: what may wait for the next stage is a full step of each session, also when the most of them have ended', async () => {
  const { open, stages, next, them, id } = firstStage()
  expect(stages.stepsUnderWayBytes(next)).toBe(0)
  await open('a')
  const one = stages.stepsUnderWayBytes(next)
  expect(one).toBe(stages.maxStepBytes(them))
  await open('b')
  expect(stages.stepsUnderWayBytes(next)).toBe(2 * one)
  stages.onClose(id('a'), them)
  expect(stages.stepsUnderWayBytes(next)).toBe(2 * one)
  expect(stages.stepsUnderWayBytes(them)).toBe(0)
  stages.stop()
})

describe('how far a session is', () => {
  it('is told to its entry alone: what came, what is computed, what went on', async () => {
    const { open, step, stages, id, holdRuns, clock } = firstStage()
    const unknown = { stands: 'unknown', received: 0, computed: 0, passed: 0 }
    expect(stages.progressOf(id('a'), 'them')).toEqual(unknown)
    await open('a')
    expect(stages.progressOf(id('a'), 'them')).toEqual({ ...unknown, stands: 'open' })
    await step('a', 0)
    const released = Promise.withResolvers<void>()
    holdRuns(released.promise)
    await step('a', 1)
    await step('a', 2)
    expect(stages.progressOf(id('a'), 'them')).toEqual({ stands: 'open', received: 3, computed: 1, passed: 1 })
    expect(stages.progressOf(id('a'), 'next')).toEqual(unknown)
    released.resolve()
    await clock.advance(1)
    expect(stages.progressOf(id('a'), 'them')).toEqual({ stands: 'open', received: 3, computed: 3, passed: 3 })
    stages.stop()
  })

  it('what the next stage does not take is computed and not passed on', async () => {
    const { open, step, stages, id, writes } = firstStage()
    await open('a')
    writes.hold = new Promise(() => undefined)
    await step('a', 0)
    expect(stages.progressOf(id('a'), 'them')).toEqual({ stands: 'open', received: 1, computed: 1, passed: 0 })
    stages.stop()
  })

  it('an opening that the next stage does not take is no opened one', async () => {
    const { open, stages, id, writes } = firstStage()
    writes.hold = new Promise(() => undefined)
    await open('a')
    expect(stages.progressOf(id('a'), 'them')).toMatchObject({ stands: 'opening' })
    stages.stop()
  })
})

describe('places in the cache', () => {
  it('H-52: go to a newcomer from the session that has rested longest, which is told so', async () => {
    const { open, step, clock, errors, drops, stages, taken } = firstStage()
    await open('a')
    await open('b')
    await step('b', 0)
    await clock.advance(10_000)
    await step('a', 0)
    await clock.advance(10_000)
    await open('c')
    expect(errors()).toEqual([['b', 'SESSION_LIMIT', expect.stringContaining('it rested for 20 s')]])
    expect(drops).toEqual(['evicted'])
    expect([stages.count, taken.size]).toEqual([2, 2])
    await step('c', 0)
    expect(errors()).toHaveLength(1)
    stages.stop()
  })

  it('H-52: are taken from nobody who works or has just worked: the newcomer is refused, and that is counted', async () => {
    const { open, step, clock, errors, drops, stages, holdRuns } = firstStage()
    const released = Promise.withResolvers<void>()
    await open('a')
    await open('b')
    holdRuns(released.promise)
    await step('a', 0)
    await clock.advance(4_000)
    holdRuns(Promise.resolve())
    await step('b', 0)
    await clock.advance(14_000)
    await open('c')
    expect(errors()).toEqual([['c', 'SESSION_LIMIT', expect.any(String)]])
    expect(drops).toEqual(['refused'])
    released.resolve()
    await clock.advance(1)
    await step('a', 1)
    expect(errors()).toHaveLength(1)
    stages.stop()
  })

  it('H-52: one peer that has them all, and brings a row now and then, keeps its share of them', async () => {
    const { open, openFor, step, clock, errors, stages } = firstStage()
    await open('a')
    await open('b')
    for (let position = 0; position < 3; position++) {
      for (const name of ['a', 'b']) await step(name, position)
      await clock.advance(6_000)
    }
    expect(await openFor('ann', 'c')).toBe(true)
    expect(errors()).toEqual([['a', 'SESSION_LIMIT', expect.stringContaining('more than its share')]])
    // And so slow a one does not keep that against somebody who has none.
    expect(await openFor('bob', 'd')).toBe(true)
    expect(errors()).toHaveLength(2)
    expect(stages.count).toBe(2)
    stages.stop()
  })

  it('ends where whoever asks says so on its own connection, and for nobody else', async () => {
    const { open, stages, link, id, taken } = firstStage()
    await open('a', { ...SECOND, entry: 'asker' })
    stages.onClose(id('a'), link('stranger'))
    expect(taken.size).toBe(1)
    stages.onClose(id('a'), link('asker'))
    expect(taken.size).toBe(0)
    stages.stop()
  })

  it('is not idle while its rows wait for a busy engine, and is two minutes after them', async () => {
    const { open, step, errors, stages, clock, holdRuns } = firstStage()
    const engine = Promise.withResolvers<void>()
    await open('a')
    holdRuns(engine.promise)
    await step('a', 0)
    await clock.advance(400_000)
    expect([stages.count, errors()]).toEqual([1, []])
    engine.resolve()
    await clock.advance(115_000)
    expect([stages.count, errors()]).toEqual([1, []])
    await clock.advance(20_000)
    expect([stages.count, errors()]).toEqual([0, [['a', 'TIMED_OUT', expect.stringContaining('idle')]]])
    stages.stop()
  })

  it('an exact session takes no rounded rows, another one does', async () => {
    const { open, hidden, errors, stages } = firstStage()
    await open('a', { ...SECOND, exact: true })
    await open('b', { ...SECOND, exact: false })
    for (const name of ['a', 'b']) await hidden(name, { isHalf: true })
    expect(errors()).toEqual([['a', 'PROTOCOL_VIOLATION', expect.stringContaining('half precision')]])
    expect(stages.count).toBe(1)
    stages.stop()
  })
})
