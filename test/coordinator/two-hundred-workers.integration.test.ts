import { afterEach, expect, it } from 'vitest'
import { startTestCoordinator, TEST_MODEL } from '../../src-coordinator/test-coordinator'
import { checkedTimings } from '../../src-coordinator/timings'
import { FakeClock } from '../fake-clock'
import { adminOf, beat, call, register } from './http'
import { seededRandom } from './seeded-random'
import { describeOnEachDatabase } from './test-databases'

const WORKERS = 200
const MINUTES = 10
const TICK_MS = 10_000
const BLOCKS = 64
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Worker {
  id: string
  capacity: number
  state: 'new' | 'alive' | 'dead' | 'left'
  /** Beats fall on every third tick, at this offset. */
  phase: number
  seq: number
  /** Sent but not known to have been counted; with the same number until it is. */
  pending: number | null
  truth: number
  layers: number
}

describeOnEachDatabase('200 workers', (dialect) => {
  it(`X-13, C-07, C-26: ${MINUTES} minutes of coming, serving, dying and returning: no token lost or counted twice, all covered that can be`, async () => {
    const random = seededRandom(200)
    const clock = new FakeClock()
    const coordinator = await startTestCoordinator({
      dialect,
      clock,
      models: [{ ...TEST_MODEL, blockCount: BLOCKS }],
      targetWorkers: 8,
      maxReplicas: 6,
    })
    cleanups.push(() => coordinator.remove())
    const { server } = coordinator
    const admin = adminOf(coordinator)
    const { offlineAfterMs } = checkedTimings()
    const workers = Array.from(
      { length: WORKERS },
      (_, index): Worker => ({
        id: `worker-${index}`,
        capacity: 1 + Math.floor(random() * 12),
        state: 'new',
        phase: index % 3,
        seq: 0,
        pending: null,
        truth: 0,
        layers: 0,
      }),
    )
    /** When the set of living workers, as the coordinator can know it, last changed. */
    let changedAt = 0
    let covered = 0
    const change = (worker: Worker, state: Worker['state']) => {
      worker.state = state
      changedAt = clock.now()
    }

    async function join(worker: Worker): Promise<void> {
      await register(server, worker.id, { requested_layers: worker.capacity })
      await call(server, 'POST', `/workers/${worker.id}/approve`, {}, admin)
      change(worker, 'alive')
      await report(worker)
    }

    async function report(worker: Worker): Promise<void> {
      if (worker.pending === null) {
        worker.seq += 1
        worker.pending = Math.floor(random() * 1_000)
        worker.truth += worker.pending
      }
      const answer = await beat(server, worker.id, { tokens_served_since_last: worker.pending, x_seq: worker.seq })
      expect(answer.status, worker.id).toBe(200)
      // One answer in four never arrives: the same delta is sent again, with its number.
      if (random() < 0.25) return
      worker.pending = null
      worker.layers =
        answer.body.layers_end === null ? 0 : Number(answer.body.layers_end) - Number(answer.body.layers_start)
      expect(worker.layers).toBeLessThanOrEqual(worker.capacity)
    }

    const ticks = (MINUTES * 60_000) / TICK_MS
    for (let tick = 0; tick < ticks; tick += 1) {
      // Restless for a third of every five minutes; in the rest, the network must come to rest.
      const isRestless = tick % 30 < 10
      const due: Promise<void>[] = []
      for (const worker of workers) {
        if (worker.state === 'new') {
          if (random() < 0.3) due.push(join(worker))
        } else if (worker.state === 'left') {
          if (isRestless && random() < 0.1) due.push(join(worker))
        } else if (worker.state === 'dead') {
          if (isRestless && random() < 0.06) {
            change(worker, 'alive')
            due.push(report(worker))
          }
        } else if (isRestless && random() < 0.04) change(worker, 'dead')
        else if (isRestless && random() < 0.01) {
          change(worker, 'left')
          due.push(call(server, 'DELETE', `/workers/${worker.id}`).then(() => undefined))
        } else if (tick % 3 === worker.phase) due.push(report(worker))
      }
      await Promise.all(due)
      await clock.advance(TICK_MS)
      // The clock's own sweeps run beside us; this one comes after them.
      await server.sweep()

      // Silence is noticed after the offline time, and a gap is closed after the same time again, each at a sweep.
      if (clock.now() - changedAt < 2 * offlineAfterMs + 30_000) continue
      const capacity = workers.reduce((sum, { state, capacity }) => sum + (state === 'alive' ? capacity : 0), 0)
      const { layers } = (await call(server, 'GET', '/network/health')).body as unknown as {
        layers: { x_assigned: number }[]
      }
      const assigned = layers.filter(({ x_assigned }) => x_assigned > 0).length
      expect(assigned, `tick ${tick}`).toBe(Math.min(BLOCKS, capacity))
      covered += 1
    }
    expect(covered).toBeGreaterThan(0)
    // Whoever has something unsaid says it, as it will sooner or later.
    for (const worker of workers) {
      if (worker.state === 'left' && worker.pending !== null) await join(worker)
      while (worker.pending !== null) await report(worker)
    }
    const truth = workers.reduce((sum, worker) => sum + worker.truth, 0)
    expect((await call(server, 'GET', '/network/stats')).body.total_tokens_served).toBe(truth)
    const { decisions } = (await call(server, 'GET', '/decisions?limit=200')).body
    const kinds = new Set(decisions.map(({ decision }) => decision))
    expect([...kinds]).toEqual(expect.arrayContaining(['approved', 'offline', 'returned']))
  }, 300_000)
})
