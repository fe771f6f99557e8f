import { describe, expect, it } from 'vitest'
import { CoordinatorViewSchema } from '../../src-shared/coordinator-view'
import type { Evidence } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { createCoordinatorStanding, type StandingMemory } from './coordinator-standing'

const evidence: Evidence = { kind: 'coordinator', by: 'http://127.0.0.1:8000', at: 5, value: '' }
const decision = { reason: 'welcome', by: 'Ada', at: 1_000 }
const approved = {
  type: 'approved',
  range: { start: 0, end: 3 },
  model: 'M',
  manifestSha256: null,
  ...decision,
  evidence,
} as const
const report = { code: 'COORDINATOR_UNREACHABLE', cause: 'no answer', action: 'wait' } as const

function create(memory: { value: StandingMemory | null } = { value: null }, coordinatorUrl = 'http://127.0.0.1:8000') {
  const clock = new FakeClock()
  const standing = createCoordinatorStanding({
    coordinatorUrl,
    clock,
    store: {
      load: async () => memory.value,
      save: async (next) => {
        memory.value = next
      },
    },
    onChange: () => undefined,
    onStoreError: (error) => {
      throw error
    },
  })
  return { clock, standing, memory, kinds: () => standing.view('x').timeline.map(({ kind }) => kind) }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('standing with the coordinator', () => {
  it('C-19: keeps who, when and why over a restart, and says nothing twice', async () => {
    const first = create()
    first.standing.onEvent({ type: 'pending', evidence })
    first.standing.onEvent({ type: 'pending', evidence })
    first.standing.onEvent(approved)
    expect(first.kinds()).toEqual(['asked', 'waiting', 'approved'])
    await settled()
    const again = create(first.memory)
    await again.standing.load()
    again.standing.onEvent(approved)
    expect(again.kinds()).toEqual(['asked', 'waiting', 'approved'])
    expect(again.standing.view('online').timeline.at(-1)).toMatchObject({ by: 'Ada', reason: 'welcome', at: 1_000 })
    const elsewhere = create(first.memory, 'https://other.example')
    await elsewhere.standing.load()
    expect(elsewhere.kinds()).toEqual([])
  })

  it('C-26, C-37: silence has one entry and a moment of being dropped, until an answer', () => {
    const { standing, kinds } = create()
    standing.onEvent({ type: 'heartbeat-failed', report, deadlineAt: 60_000, retryAt: 5_000 })
    standing.onEvent({ type: 'heartbeat-failed', report, deadlineAt: 60_000, retryAt: 10_000 })
    expect(standing.view('online')).toMatchObject({ dropAt: 60_000, sweepSlackMs: 30_000 })
    standing.onEvent({ type: 'heartbeat-ok', at: 20_000, status: 'online', nextAt: 50_000, evidence })
    expect(standing.view('online')).toMatchObject({ dropAt: null, answeredAt: 20_000 })
    expect(kinds()).toEqual(['silent', 'answers-again'])
  })

  it('X-12: an unknown state is shown until the coordinator says one that is known', () => {
    const { standing } = create()
    standing.onEvent({ type: 'unknown-status', word: 'hibernating', evidence })
    expect(standing.view('online').notices[0]?.text).toContain('Unknown state from the coordinator: “hibernating”')
    standing.onEvent({ type: 'pending', evidence })
    expect(standing.view('pending').notices).toEqual([])
  })

  it('stays within the bounds of the bridge', () => {
    const { standing } = create()
    for (let i = 0; i < 200; i += 1) {
      standing.onEvent({ ...approved, at: i, range: { start: i, end: i + 1 } })
      standing.notice(`n${i}`, { tone: 'note', text: 'x' })
    }
    expect(CoordinatorViewSchema.safeParse(standing.view('online')).success).toBe(true)
  })
})
