import type { Check } from '../../src-shared/app-views'
import type { NodeStatus } from '../../src-shared/status'
import { shardTable } from '../diagnostics/shard-diagnosis'
import { createRedactor } from '../diagnostics/support/redact'
import { checkLine } from './check-line'

export interface ShardAnswer {
  /** Every shard is loaded, as the node verified it, and no check fails. */
  isWell: boolean
  text: string
  json: { isReady: boolean; readiness: NodeStatus['readiness'] | null; checks: Check[] }
}

/** The table of shards and the runbook's checks (S-40); what is printed can be shared, so no path or address is in it. */
export function shardAnswer(status: Pick<NodeStatus, 'readiness' | 'at'>, found: readonly Check[]): ShardAnswer {
  const { clean } = createRedactor()
  const checks = found.map((check) => ({ ...check, evidence: clean(check.evidence) }))
  const { readiness = null } = status
  const isReady = readiness?.isReady ?? false
  const blocker = readiness?.blocker ? [`▸ ${clean(readiness.blocker.sentence)}`, ''] : []
  return {
    isWell: isReady && !checks.some(({ verdict }) => verdict === 'fail'),
    text: [...shardTable(status), '', ...blocker, ...checks.map(checkLine)].join('\n'),
    json: { isReady, readiness, checks },
  }
}
