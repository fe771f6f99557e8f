import type { TimelineRow } from '../../src-shared/readiness'
import type { Step, StepName } from '../../src-shared/status'

/** The moments of the runbook's timeline, in seconds after the start of the node when all files are local (S-30). */
const EXPECTED: readonly { what: string; step: StepName | 'discovered' | 'ready'; expectedS: number }[] = [
  { what: 'Shard found and verified', step: 'fetch', expectedS: 1 },
  { what: 'Shard loaded', step: 'load', expectedS: 1 },
  { what: 'Test pass as expected', step: 'prove', expectedS: 1 },
  { what: 'Announced', step: 'announce', expectedS: 5 },
  { what: 'Seen by other nodes', step: 'visible', expectedS: 10 },
  { what: 'All shards discovered', step: 'discovered', expectedS: 15 },
  { what: 'Swarm ready', step: 'ready', expectedS: 15 },
]

export interface TimelineFacts {
  startedAt: number
  steps: readonly Pick<Step, 'name' | 'state' | 'startedAt' | 'endedAt'>[]
  /** First times; null: not yet. */
  discoveredAt: number | null
  readyAt: number | null
  /** What the fetch under way still needs by its own measured rate; null: no fetch, or not enough was seen. */
  fetchEtaMs: number | null
  /** When the host approved: before it, nothing of this can happen. Null: not yet, or nobody has to. */
  approvedAt: number | null
  now: number
}

/**
 * Expected beside actual. What waits for people (an approval) and for a download is added to the expected times of
 * everything after it, so that a row is late only for a reason of its own (S-31).
 */
export function timelineOf(facts: TimelineFacts): TimelineRow[] {
  const { startedAt, now } = facts
  const seconds = (at: number | null | undefined) =>
    at === null || at === undefined ? null : Math.max(0, Math.round((at - startedAt) / 100) / 10)
  const waitedS = seconds(facts.approvedAt) ?? 0
  const fetch = facts.steps.find(({ name }) => name === 'fetch')
  const fetchS = fetchSeconds(fetch, facts, now)
  return EXPECTED.map(({ what, step, expectedS }): TimelineRow => {
    const at = step === 'discovered' ? facts.discoveredAt : step === 'ready' ? facts.readyAt : endOf(facts.steps, step)
    const actualS = seconds(at)
    // What is not known cannot be expected: while a download has no rate, what follows has no time.
    const due = fetchS === null ? null : waitedS + Math.max(0, fetchS - 1) + expectedS
    const elapsedS = (now - startedAt) / 1000
    return { what, expectedS: due, actualS, isLate: actualS === null && due !== null && elapsedS > due }
  })
}

/** How long the fetch took, or will have taken; 1 s, the runbook's, while nothing is known against it. */
function fetchSeconds(
  fetch: Pick<Step, 'state' | 'startedAt' | 'endedAt'> | undefined,
  { fetchEtaMs }: TimelineFacts,
  now: number,
): number | null {
  if (!fetch || fetch.startedAt === null) return 1
  if (fetch.endedAt !== undefined) return (fetch.endedAt - fetch.startedAt) / 1000
  const soFarS = (now - fetch.startedAt) / 1000
  if (fetchEtaMs !== null) return soFarS + fetchEtaMs / 1000
  return soFarS < 5 ? 1 : null
}

function endOf(steps: TimelineFacts['steps'], name: StepName): number | null {
  const step = steps.find((one) => one.name === name)
  return step?.state === 'done' ? (step.endedAt ?? null) : null
}
