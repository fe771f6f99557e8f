import { describe, expect, it } from 'vitest'
import { stoppedStatus } from '../../e2e/support/status-fixtures'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createNodeMetrics } from '../health/node-metrics'
import { createEventLog } from '../storage/event-log'
import type { Frame, OpenBody } from './frames'
import type { Link, Links } from './links'
import type { StageRunner } from './stage-runner'
import { createStageSessions } from './stage-sessions'

const idOf = (number: number) => number.toString(16).padStart(32, '0')

function setUp() {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const metrics = createNodeMetrics({ log, status: () => stoppedStatus(0) })
  let computed = 0
  const leased = new Set<number>()
  const runner: StageRunner = {
    ...{ blocks: { start: 0, end: 8 }, blockCount: 8, embeddingLength: 4, root: 'root' },
    ...{ maxBatchTokens: 16, contextTokens: 1_000_000 },
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

  it('sessions beyond the places in the cache are refused and counted, each', async () => {
    const { clock, stages, link, body, leased, counted } = setUp()
    for (let number = 0; number < 60; number++) stages.onOpen(idOf(number), body, link)
    await clock.advance(10)
    expect([stages.count, leased.size]).toEqual([4, 4])
    expect(await counted('SESSION_LIMIT')).toBe(56)
  })
})
