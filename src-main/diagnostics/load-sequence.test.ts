import { expect, it } from 'vitest'
import { emptySteps, type NodeStatus, type StepName } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import type { DiagnosticsContext } from './check'
import { loadSequenceCheck } from './load-sequence'

const clock = new FakeClock()
const NOW = clock.now()

function context(options: {
  done: readonly StepName[]
  lastLoadAt: number | null
  told?: { at: number; peers: number }
  isReady?: boolean
  blockerId?: string
}): DiagnosticsContext {
  const { done, lastLoadAt, told = null, isReady = false, blockerId } = options
  const steps = emptySteps().map((step) =>
    done.includes(step.name) ? { ...step, state: 'done' as const, startedAt: NOW - 9_000, endedAt: NOW - 8_000 } : step,
  )
  const status = {
    steps,
    contribution: { requests: 0, tokens: 0, upSince: NOW - 20_000 },
    readiness: {
      isReady,
      blocker: blockerId === undefined ? null : { id: blockerId, sentence: '', button: 'choose-file' },
      timeline: [{ what: 'Swarm ready', expectedS: 15, actualS: isReady ? 17 : null, isLate: false }],
    },
  } as unknown as NodeStatus
  const swarm = { history: () => ({ lastLoadAt, lastLoadBy: null, lastRefusal: null }), told: () => told }
  return { clock, coordinatorUrl: 'http://coordinator', status, running: { swarm } } as unknown as DiagnosticsContext
}

const look = (given: DiagnosticsContext) => loadSequenceCheck.look(given, new AbortController().signal)

it('S-12: says which of the six steps happened, and how long ago', async () => {
  const done = ['register', 'load', 'prove'] as const
  const whole = context({ done, lastLoadAt: NOW - 9_000, told: { at: NOW - 7_000, peers: 2 }, isReady: true })
  expect(await look(whole)).toMatchObject({
    verdict: 'pass',
    evidence:
      '1 the coordinator knows this node: 8 s ago; 2 it sent LOAD_SHARD: 9 s ago; 3 the shard was loaded: 8 s ago; 4 its test pass was right: shard_loaded is true: 8 s ago; 5 SHARD_LOADED was sent to the others (2 acknowledged): 7 s ago; 6 the swarm was ready: 3 s ago',
  })
  const half = await look(context({ done: ['register'], lastLoadAt: NOW - 9_000 }))
  expect(half.verdict).toBe('unknown')
  expect(half.evidence.match(/not yet/g)).toHaveLength(4)
})

it('S-12: a coordinator that never sends is named', async () => {
  const silent = context({ done: ['register'], lastLoadAt: null, blockerId: 'coordinator-silent' })
  const found = await look(silent)
  expect(found).toMatchObject({ verdict: 'fail', code: 'COORDINATOR_SILENT' })
  expect(found.evidence).toContain('2 it sent LOAD_SHARD: not yet')
})
