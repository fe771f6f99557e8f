import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Assignment,
  INITIAL_WORKER_STATE,
  nextWorkerState,
  sameAssignment,
  type Verdict,
  verdictOf,
  WORKER_STATES,
  type WorkerEvent,
  type WorkerState,
  type WorkerStateName,
} from './worker-state'

const first: Assignment = { model: 'Tiny', range: { start: 0, end: 3 } }
const second: Assignment = { model: 'Tiny', range: { start: 3, end: 6 } }

const verdicts: Verdict[] = [
  { kind: 'pending' },
  { kind: 'standby' },
  { kind: 'rejected' },
  { kind: 'assigned', assignment: first },
  { kind: 'assigned', assignment: second },
  { kind: 'undecided', word: 'offline', isKnownWord: true },
  { kind: 'undecided', word: 'hibernating', isKnownWord: false },
]
const events: WorkerEvent[] = [
  { type: 'start' },
  ...verdicts.map((verdict) => ({ type: 'verdict', verdict }) as const),
  { type: 'unknown-worker' },
  { type: 'loaded', assignment: first },
  { type: 'loaded', assignment: second },
  { type: 'unloaded' },
  { type: 'reapply' },
  { type: 'stop' },
  { type: 'stopped' },
]

/** Written from the requirement's arrows, not from the code: where each state may lead in one event. */
const decided: WorkerStateName[] = ['pending', 'approved_loading', 'online', 'standby', 'rejected']
const allowed: Record<WorkerStateName, WorkerStateName[]> = {
  unregistered: ['registering', 'stopped'],
  registering: [...decided, 'draining'],
  pending: [...decided, 'registering', 'draining'],
  approved_loading: [...decided, 'registering', 'draining'],
  online: [...decided, 'registering', 'draining'],
  standby: [...decided, 'registering', 'draining'],
  rejected: [...decided, 'registering', 'draining'],
  draining: ['stopped'],
  stopped: ['registering'],
}

function problemsOf(state: WorkerState): string[] {
  const problems: string[] = []
  const serves = state.name === 'approved_loading' || state.name === 'online'
  if (serves && state.assignment === null) problems.push('serves nothing')
  if (!serves && state.name !== 'registering' && state.assignment !== null) problems.push('keeps an assignment')
  if (state.name === 'online' && !sameAssignment(state.assignment, state.loaded)) problems.push('online unproven')
  if (state.name === 'approved_loading' && sameAssignment(state.assignment, state.loaded)) problems.push('proven, idle')
  return problems
}

function reaches(from: WorkerState, goal: WorkerStateName): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let state = open.pop(); state; state = open.pop()) {
    if (state.name === goal) return true
    const key = JSON.stringify(state)
    if (seen.has(key)) continue
    seen.add(key)
    for (const event of events) open.push(nextWorkerState(state, event))
  }
  return false
}

describe('worker state', () => {
  it('C-24: 10,000 random event sequences meet no illegal state and no dead end', () => {
    const reached = new Map<string, WorkerState>()
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { minLength: 1, maxLength: 30 }), (sequence) => {
        let state = INITIAL_WORKER_STATE
        for (const event of sequence) {
          const next = nextWorkerState(state, event)
          const problems = problemsOf(next)
          if (next.name !== state.name && !allowed[state.name].includes(next.name)) problems.push('forbidden arrow')
          if (problems.length > 0) throw new Error(`${problems.join(', ')}: ${JSON.stringify({ state, event, next })}`)
          state = next
          reached.set(JSON.stringify(state), state)
        }
      }),
      { numRuns: 10_000, seed: 24 },
    )
    expect([...new Set([...reached.values()].map(({ name }) => name))].sort()).toEqual([...WORKER_STATES].sort())
    for (const state of reached.values()) {
      expect(reaches(state, 'online'), `${JSON.stringify(state)} to online`).toBe(true)
      expect(reaches(state, 'stopped'), `${JSON.stringify(state)} to stopped`).toBe(true)
    }
  })

  it('C-51, X-12: every combination of status, is_idle and layers has one verdict', () => {
    const rows: [string, boolean | null, Assignment | null, Verdict['kind']][] = []
    for (const isIdle of [true, false, null]) {
      for (const layers of [first, null]) {
        rows.push(['rejected', isIdle, layers, 'rejected'])
        rows.push(['pending', isIdle, layers, 'pending'])
        rows.push(['standby', isIdle, layers, 'standby'])
        rows.push(['offline', isIdle, layers, 'undecided'])
        rows.push(['hibernating', isIdle, layers, 'undecided'])
        rows.push(['online', isIdle, layers, isIdle !== true && layers ? 'assigned' : 'standby'])
      }
    }
    for (const [status, isIdle, assignment, kind] of rows) {
      expect(verdictOf({ status, isIdle, assignment }).kind, `${status} ${isIdle} ${assignment?.model}`).toBe(kind)
    }
  })

  it('X-12: an unknown word changes nothing and is kept for people to see', () => {
    const online = walk([{ type: 'start' }, verdict(3), { type: 'loaded', assignment: first }])
    expect(online.name).toBe('online')
    const puzzled = nextWorkerState(online, verdict(6))
    expect(puzzled).toEqual({ ...online, unknownWord: 'hibernating' })
    expect(nextWorkerState(puzzled, verdict(3)).unknownWord).toBeNull()
  })

  it('C-34: a coordinator that forgot us finds the shard still loaded', () => {
    const again = walk([
      { type: 'start' },
      verdict(3),
      { type: 'loaded', assignment: first },
      { type: 'unknown-worker' },
    ])
    expect(again).toMatchObject({ name: 'registering', assignment: first, loaded: first })
    const pending = nextWorkerState(again, verdict(0))
    expect(pending).toMatchObject({ name: 'pending', assignment: null, loaded: first })
    expect(nextWorkerState(pending, verdict(3)).name).toBe('online')
  })

  it('C-50: another range means loading again, and the old proof does not count', () => {
    const moved = walk([{ type: 'start' }, verdict(3), { type: 'loaded', assignment: first }, verdict(4)])
    expect(moved).toMatchObject({ name: 'approved_loading', assignment: second, loaded: first })
  })

  function verdict(index: number): WorkerEvent {
    return { type: 'verdict', verdict: verdicts[index]! }
  }
  function walk(path: WorkerEvent[]): WorkerState {
    return path.reduce(nextWorkerState, INITIAL_WORKER_STATE)
  }
})
