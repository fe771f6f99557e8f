import type { ShardReadiness } from '../../src-shared/readiness'
import type { ReadinessVerdict } from './readiness'

const YES = '✓ YES'
const NO = '✗ NO'

/**
 * The status block of the network's runbook, line by line and word for word, so that what its operators search their
 * windows for is what they find. Only what this node verified itself counts as loaded.
 */
export function statusBlock({ shards, discovered, isReady }: ReadinessVerdict): string[] {
  // Discovered says that a node is there; the pipeline is complete when one is there for every shard.
  const isComplete = discovered === shards.length && shards.length > 0
  return [
    '[STATUS] Cluster Discovery:',
    `[STATUS]   Expected Shards: ${shards.length}`,
    `[STATUS]   Discovered Shards: ${discovered} / ${shards.length}`,
    `[STATUS]   Pipeline Complete: ${isComplete ? YES : NO}`,
    '[STATUS] Shard Online Status:',
    ...shards.map((shard) => `[STATUS]   Shard ${shard.index}: ${onlineWord(shard)}`),
    '[STATUS] Shard Loaded Status:',
    ...shards.map(({ index, label }) => `[STATUS]   Shard ${index}: ${label === 'loaded' ? YES : NO}`),
    `[STATUS] Swarm Ready: ${isReady ? YES : NO}`,
  ]
}

function onlineWord({ label, isLocal }: ShardReadiness): string {
  if (isLocal) return '★ LOCAL'
  return label === 'never-seen' || label === 'stale' ? '✗ OFFLINE' : '✓ ONLINE'
}
