import { describe, expect, it } from 'vitest'
import { coverageOf, isCut } from './assign-blocks'
import { type PlannedWorker, type PlanningRules, plan } from './plan'

const rules: PlanningRules = { blockCount: 12, period: 1, targetWorkers: 3, maxReplicas: 4 }
const closing = { closeGaps: true, movableIfAssignedBefore: 1_000 }
const waiting = { closeGaps: false, movableIfAssignedBefore: 1_000 }

function worker(workerId: string, more: Partial<PlannedWorker> = {}): PlannedWorker {
  return { workerId, range: null, maxBlocks: null, speed: 1, isServing: true, assignedAt: 0, ...more }
}
const held = (workerId: string, start: number, end: number, more: Partial<PlannedWorker> = {}) =>
  worker(workerId, { range: { start, end }, ...more })

/** The network after the plan, with everybody serving what it has. */
function applied(workers: readonly PlannedWorker[], changes: ReturnType<typeof plan>): PlannedWorker[] {
  const changed = new Map(changes.map((change) => [change.workerId, change.range]))
  return workers.map((one) =>
    changed.has(one.workerId) ? { ...one, range: changed.get(one.workerId) ?? null, isServing: true } : one,
  )
}

describe('planning assignments', () => {
  it('C-47: a worker gets no more than its memory holds', () => {
    const [change] = plan([worker('a', { maxBlocks: 2 })], rules, waiting)
    expect(change).toMatchObject({ kind: 'assigned', range: { start: 0, end: 2 } })
  })

  it('C-28: once every block has enough servers, a further worker is held in reserve, with the reason', () => {
    const full = Array.from({ length: 4 }, (_, index) => held(`full-${index}`, 0, 12, { maxBlocks: 12 }))
    const changes = plan([...full, worker('late')], rules, waiting)
    expect(changes).toEqual([
      { workerId: 'late', kind: 'standby', range: null, reason: 'every block has 4 servers already; held in reserve' },
    ])
  })

  it('a worker in reserve takes over when another one has gone', () => {
    const left = [held('a', 0, 4), held('b', 4, 8), worker('reserve')]
    expect(plan(left, rules, waiting)).toMatchObject([
      { workerId: 'reserve', kind: 'assigned', range: { start: 8, end: 12 } },
    ])
  })

  it('a gap is waited for before anybody takes more than its share, and then closed by one worker', () => {
    const workers = [held('a', 0, 4, { maxBlocks: 12 }), held('b', 4, 8)]
    expect(plan(workers, rules, waiting)).toEqual([])
    const changes = plan(workers, rules, closing)
    expect(changes).toMatchObject([{ workerId: 'a', kind: 'moved', range: { start: 0, end: 12 } }])
    expect(changes[0]?.reason).toContain('nobody else')
  })

  it('of two that could close a gap the one moves that gives up fewer blocks', () => {
    const workers = [
      held('a', 0, 4, { maxBlocks: 4 }),
      held('b', 0, 4, { maxBlocks: 4 }),
      held('c', 4, 8, { maxBlocks: 8 }),
    ]
    expect(plan(workers, rules, closing)).toMatchObject([{ workerId: 'c', range: { start: 4, end: 12 } }])
  })

  it('of those who wait the able ones choose first, whatever their names', () => {
    const half: PlanningRules = { ...rules, targetWorkers: 2 }
    const workers = [held('there', 0, 6), worker('a', { maxBlocks: 2 }), worker('b', { maxBlocks: 6 })]
    expect(plan(workers, half, waiting)).toMatchObject([
      { workerId: 'b', range: { start: 6, end: 12 } },
      { workerId: 'a', range: { start: 0, end: 2 } },
    ])
  })

  it('where no single change is enough, the model is dealt out anew, in the order in which workers stand', () => {
    const workers = [
      held('a', 1, 6, { maxBlocks: 5 }),
      held('b', 6, 11, { maxBlocks: 5 }),
      held('c', 0, 2, { maxBlocks: 2 }),
    ]
    const changes = plan(workers, rules, closing)
    expect(applied(workers, changes).map(({ range }) => range)).toEqual([
      { start: 2, end: 7 },
      { start: 7, end: 12 },
      { start: 0, end: 2 },
    ])
    // Who keeps its blocks is not told anything.
    expect(changes.map(({ workerId }) => workerId).sort()).toEqual(['a', 'b'])
  })

  it('a range that the model cannot have is taken back', () => {
    const gemma: PlanningRules = { ...rules, blockCount: 26, period: 6 }
    const changes = plan([held('a', 0, 7)], gemma, waiting)
    expect(changes).toHaveLength(1)
    expect(isCut(changes[0]!.range!, 26, 6)).toBe(true)
  })

  it('C-50: a worker moves only when the slowest block gets clearly faster, and never off blocks that it alone serves', () => {
    const crowded = [held('a', 0, 6), held('b', 0, 6), held('c', 0, 6), held('d', 6, 12)]
    const changes = plan(crowded, rules, closing)
    expect(changes).toHaveLength(1)
    expect(changes[0]).toMatchObject({ kind: 'moved', range: { start: 6, end: 12 } })
    expect(changes[0]?.reason).toMatch(/slowest block gets \d+ % faster/)
    // Balanced already, or too new to move, or not proven: nothing happens.
    expect(plan(applied(crowded, changes), rules, closing)).toEqual([])
    expect(
      plan(
        crowded.map((one) => ({ ...one, assignedAt: 1_000 })),
        rules,
        closing,
      ),
    ).toEqual([])
    const loading = crowded.map((one) => ({ ...one, isServing: one.workerId !== 'd' }))
    expect(plan(loading, rules, closing)).toEqual([])
    const alone = [held('a', 0, 6, { speed: 10 }), held('b', 6, 12)]
    expect(plan(alone, rules, closing)).toEqual([])
    // Six and four become five and five: a quarter faster, where a third is asked for.
    const nearly = Array.from({ length: 10 }, (_, index) =>
      index < 6 ? held(`l${index}`, 0, 6) : held(`r${index}`, 6, 12),
    )
    expect(plan(nearly, rules, closing)).toEqual([])
    // Whoever is still loading is not moved in place of one that serves.
    const busy = crowded.map((one) => ({ ...one, isServing: one.workerId !== 'a' }))
    expect(plan(busy, rules, closing)).toMatchObject([{ workerId: 'b', kind: 'moved' }])
  })

  it('for 1,500 random networks: legal ranges, within memory, and every block covered that capacity can cover', () => {
    const random = seeded(7)
    const below = (limit: number) => Math.floor(random() * limit)
    for (let round = 0; round < 1_500; round += 1) {
      const blockCount = 1 + below(60)
      const period = 1 + below(Math.min(6, blockCount))
      const network: PlanningRules = { blockCount, period, targetWorkers: 1 + below(8), maxReplicas: 1 + below(4) }
      const units = Math.ceil(blockCount / period)
      const workers = Array.from({ length: 1 + below(14) }, (_, index) => {
        const start = below(units) * period
        const length = (1 + below(4)) * period
        return worker(`w${index}`, {
          maxBlocks: 1 + below(blockCount + 4),
          speed: 1 + below(5),
          range: random() < 0.6 ? { start, end: Math.min(start + length, blockCount) } : null,
          isServing: random() < 0.8,
        })
      })
      const context = JSON.stringify({ round, network, workers })
      const changes = plan(workers, network, closing)
      expect(plan(workers, network, closing), context).toEqual(changes)
      const then = applied(workers, changes)
      for (const { range, maxBlocks } of then) {
        if (!range) continue
        expect(isCut(range, blockCount, period), context).toBe(true)
        expect(range.end - range.start <= (maxBlocks ?? blockCount), context).toBe(true)
      }
      const possible = workers.reduce(
        (sum, { maxBlocks }) => sum + ((maxBlocks ?? 0) >= blockCount ? units : Math.floor((maxBlocks ?? 0) / period)),
        0,
      )
      const ranges = then.flatMap(({ range }) => range ?? [])
      const coverage = coverageOf(blockCount, ranges)
      const coveredUnits = Array.from({ length: units }, (_, unit) => coverage[unit * period] ?? 0).filter((n) => n > 0)
      expect(coveredUnits.length, context).toBeGreaterThanOrEqual(Math.min(units, possible))
      for (const change of changes) expect(change.reason, context).not.toBe('')
    }
  })
})

/** A small generator with a seed, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
