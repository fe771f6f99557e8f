import type { NodeStatus, StepName } from '../../src-shared/status'
import type { LoadHistory } from '../shards/commands/load-requests'
import { type CheckDefinition, fail, pass, unknown } from './check'

/** One of the runbook's six steps from a coordinator that knows a node to a swarm that is ready. */
export interface LoadStep {
  what: string
  /** When it happened last; null: it has not. */
  at: number | null
}

export interface LoadSequenceFacts {
  status: Pick<NodeStatus, 'steps' | 'readiness' | 'contribution'>
  history: LoadHistory
  told: { at: number; peers: number } | null
}

/** Which of the runbook's six steps happened here, and when (S-12). */
export function loadSequence({ status, history, told }: LoadSequenceFacts): LoadStep[] {
  const endOf = (name: StepName) => {
    const step = status.steps.find((one) => one.name === name)
    return step?.state === 'done' ? (step.endedAt ?? null) : null
  }
  const peers = told === null ? '' : ` (${told.peers} acknowledged)`
  return [
    { what: 'the coordinator knows this node', at: endOf('register') },
    { what: 'it sent LOAD_SHARD', at: history.lastLoadAt },
    { what: 'the shard was loaded', at: endOf('load') },
    { what: 'its test pass was right: shard_loaded is true', at: endOf('prove') },
    { what: `SHARD_LOADED was sent to the others${peers}`, at: told?.at ?? null },
    { what: 'the swarm was ready', at: readyAt(status) },
  ]
}

/** Only while it is: a swarm that was ready once and is not now has not reached its sixth step. */
function readyAt({ readiness, contribution }: LoadSequenceFacts['status']): number | null {
  const row = readiness?.timeline.find(({ what }) => what === 'Swarm ready')
  if (!readiness?.isReady || row?.actualS == null || contribution.upSince === null) return null
  return contribution.upSince + 1000 * row.actualS
}

/** `at` seconds or minutes before `now`, in words. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  return seconds < 90 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}

export const loadSequenceCheck: CheckDefinition = {
  id: 'shards-sequence',
  title: 'From LOAD_SHARD to ready',
  async look({ running, status, clock, coordinatorUrl }) {
    if (!running || !status) return unknown('the node is not running')
    if (coordinatorUrl === null) return unknown('this network has no coordinator')
    const { swarm } = running
    const steps = loadSequence({ status, history: swarm.history(), told: swarm.told() })
    const now = clock.now()
    const words = steps
      .map(({ what, at }, index) => `${index + 1} ${what}: ${at === null ? 'not yet' : ago(at, now)}`)
      .join('; ')
    if (status.readiness?.blocker?.id === 'coordinator-silent') return fail('COORDINATOR_SILENT', words)
    // The shard may be loaded without a command: what comes after it is what counts.
    return steps.slice(2).every(({ at }) => at !== null) ? pass(words) : unknown(words)
  },
}
