import { FRESH_MS, type Readiness, type ShardBlocker, type ShardReadiness } from '../../src-shared/readiness'
import type { PeerSummary } from '../../src-shared/status'
import { formatDecimal, formatSpan, shortenPeerId } from '../format'
import { say } from '.'

/** The runbook's four words for a shard, and ours for a claim that nobody verified. */
export function shardWords({ label, isLocal }: ShardReadiness): string {
  const { SHARD_WORDS } = say
  if (label === 'loaded') return isLocal ? SHARD_WORDS.localLoaded : SHARD_WORDS.loaded
  if (label === 'not-loaded') return isLocal ? SHARD_WORDS.localNotLoaded : SHARD_WORDS.notLoaded
  return label === 'unverified' ? SHARD_WORDS.unverified : SHARD_WORDS.offline
}

/** By whom, and what is wrong there. */
export function shardHint(shard: ShardReadiness, peers: readonly PeerSummary[]): string {
  const { READINESS } = say
  if (shard.by === null) return READINESS.neverSeen
  const name = peers.find(({ peerId }) => peerId === shard.by)?.publicName ?? shortenPeerId(shard.by)
  const copies = READINESS.copies(shard.isLocal ? READINESS.self : name, shard.replicas, shard.verified)
  if (shard.label === 'stale') return `${copies} ${READINESS.stale(formatSpan(FRESH_MS))}`
  return shard.trouble ? `${copies} ${shard.trouble}.` : copies
}

export function readinessLead({ isReady, discovered, shards, reasons }: Readiness): string {
  const { READINESS } = say
  if (shards.length === 0) return READINESS.noModel
  return isReady ? READINESS.ready : READINESS.discovered(discovered, shards.length, reasons.join(', '))
}

/** Nothing is wrong: it takes time, or somebody wanted it so. */
export function isCalm({ id }: ShardBlocker): boolean {
  return /^(working-|paused$|awaiting-command$|discovering$|waiting-for-approval$|standby$|stopped$)/.test(id)
}

export function secondsWords(seconds: number | null): string {
  return seconds === null ? '–' : `${formatDecimal(seconds, seconds < 10 ? 1 : 0)}\u00a0s`
}
