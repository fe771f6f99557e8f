import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { stoppedStatus } from '../../e2e/support/status-fixtures'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createNodeMetrics } from '../health/node-metrics'
import { createEventLog } from '../storage/event-log'
import type { Frame, OpenBody, StepFrame } from './frames'
import type { Link, Links } from './links'
import type { StageRunner } from './stage-runner'
import { createStageSessions } from './stage-sessions'

const idOf = (number: number) => number.toString(16).padStart(32, '0')

const BATCH_ROWS = 16
const WIDTH = 4

/** Only then is it known what is let go. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
}

function setUp(blocks = { start: 0, end: 8 }) {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const metrics = createNodeMetrics({ log, status: () => stoppedStatus(0) })
  let computed = 0
  const leased = new Set<number>()
  const runner: StageRunner = {
    ...{ blocks, blockCount: blocks.end, embeddingLength: WIDTH, root: 'root' },
    ...{ maxBatchTokens: BATCH_ROWS, contextTokens: 1_000_000 },
    openSequence() {
      if (leased.size >= 4) throw new EspalierError('SESSION_LIMIT')
      const sequence = [0, 1, 2, 3].find((one) => !leased.has(one)) ?? 0
      leased.add(sequence)
      return sequence
    },
    closeSequence: (sequence) => void leased.delete(sequence),
    run: () => {
      computed++
      // An engine that is busy for ever.
      return new Promise(() => undefined)
    },
  }
  const sent: Frame[] = []
  const link: Link = {
    ...{ peer: 'them', abort: () => undefined, closed: false, mends: true },
    send: async (frame) => void sent.push(frame),
  }
  const stages = createStageSessions({
    ...{ self: 'me', clock, log, links: () => ({ to: async () => link }) as unknown as Links, stage: () => runner },
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  const body: OpenBody = {
    ...{ root: 'root', entry: 'them', stage: 0, route: [{ peer: 'me', start: 0, end: 8 }] },
    ...{ contextTokens: 100_000, wantsLogits: false },
  }
  const counted = async (code: string) =>
    Number(new RegExp(`^espalier_refusals_total\\{code="${code}"\\} (\\d+)`, 'm').exec(await metrics.text())?.[1] ?? 0)
  return { clock, stages, link, body, sent, leased, counted, computed: () => computed }
}

describe('H-52: what is more than a bound', () => {
  it('steps that nobody has asked to wait end their session, are counted, and take no memory', async () => {
    const { clock, stages, link, body, sent, leased, counted, computed } = setUp()
    stages.onOpen(idOf(1), body, link)
    await clock.advance(10)
    for (let position = 0; position < 10_000; position++) {
      const input = { tokens: Int32Array.of(1) }
      stages.onStep(
        { type: 'step', session: idOf(1), position, rows: 1, wantsAnswer: false, computeMs: [], input },
        link,
      )
    }
    await clock.advance(10)
    expect(computed()).toBe(1)
    expect([stages.count, leased.size]).toEqual([0, 0])
    expect(sent.filter(({ type }) => type === 'error')).toHaveLength(1)
    expect(await counted('PROTOCOL_VIOLATION')).toBe(1)
  })

  it('rows that are none of a session are refused when they come, and not when it is their turn', async () => {
    const { clock, stages, link, body, sent, leased } = setUp()
    stages.onOpen(idOf(1), body, link)
    await clock.advance(10)
    const step = (position: number, input: StepFrame['input']) =>
      stages.onStep(
        { type: 'step', session: idOf(1), position, rows: 1, wantsAnswer: false, computeMs: [], input },
        link,
      )
    step(0, { tokens: Int32Array.of(1) })
    // Behind the one that the engine is busy with for ever.
    step(1, { hidden: new Float32Array(2_000_000) })
    await clock.advance(10)
    expect(sent.at(-1)).toMatchObject({ type: 'error', body: { code: 'PROTOCOL_VIOLATION' } })
    expect([stages.count, leased.size]).toEqual([0, 0])
  })

  it('rows that wait are counted by their bytes, and are let go with their session', async () => {
    const { stages, link, body, clock, sent, counted } = setUp({ start: 1, end: 9 })
    const route = [
      { peer: 'them', start: 0, end: 1 },
      { peer: 'me', start: 1, end: 9 },
    ]
    stages.onOpen(idOf(1), { ...body, stage: 1, route }, link)
    await clock.advance(10)
    const isLetGo: WeakRef<Float32Array>[] = []
    for (let chunk = 0; chunk < 10; chunk++) {
      const hidden = new Float32Array(BATCH_ROWS * WIDTH)
      isLetGo.push(new WeakRef(hidden))
      const rest = { position: chunk * BATCH_ROWS, rows: BATCH_ROWS, wantsAnswer: false, computeMs: [] }
      stages.onStep({ type: 'step', session: idOf(1), ...rest, input: { hidden } }, link)
    }
    // One is with the engine; a window and one more wait.
    expect([stages.count, sent.length]).toEqual([1, 1])
    stages.onClose(idOf(1), link)
    await collectGarbage()
    // The engine, and what it was called with, are there still.
    expect(isLetGo.filter((rows) => rows.deref() !== undefined)).toHaveLength(1)

    stages.onOpen(idOf(2), { ...body, stage: 1, route }, link)
    await clock.advance(10)
    for (let chunk = 0; chunk < 11; chunk++) {
      const hidden = new Float32Array(BATCH_ROWS * WIDTH)
      const rest = { position: chunk * BATCH_ROWS, rows: BATCH_ROWS, wantsAnswer: false, computeMs: [] }
      stages.onStep({ type: 'step', session: idOf(2), ...rest, input: { hidden } }, link)
    }
    await clock.advance(10)
    expect([stages.count, await counted('PROTOCOL_VIOLATION')]).toEqual([0, 1])
  })

  it('sessions beyond the places in the cache are refused and counted, each', async () => {
    const { clock, stages, link, body, leased, counted } = setUp()
    for (let number = 0; number < 60; number++) stages.onOpen(idOf(number), body, link)
    await clock.advance(10)
    expect([stages.count, leased.size]).toEqual([4, 4])
    expect(await counted('SESSION_LIMIT')).toBe(56)
  })
})
