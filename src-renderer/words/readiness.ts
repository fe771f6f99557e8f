import type { BlockerButton, Readiness, ShardBlocker, ShardReadiness } from '../../src-shared/readiness'
import type { PeerSummary } from '../../src-shared/status'
import { shortenPeerId } from '../format'

export const READINESS = {
  title: 'The whole model',
  ready: 'Every shard is loaded, as this node verified',
  timelineTitle: 'Since the node started',
  expected: 'expected',
  actual: 'was',
  late: 'late',
  unknown: 'not known yet',
  diagnose: 'Run diagnosis',
} as const

/** The runbook's four words for a shard, and ours for a claim that nobody verified. */
export function shardWords({ label, isLocal }: ShardReadiness): string {
  if (label === 'loaded') return isLocal ? 'LOCAL + LOADED' : 'ONLINE + LOADED'
  if (label === 'not-loaded') return isLocal ? 'LOCAL (not loaded)' : 'ONLINE (not loaded)'
  return label === 'unverified' ? 'ONLINE (not verified)' : 'OFFLINE'
}

/** By whom, and what is wrong there. */
export function shardHint(shard: ShardReadiness, peers: readonly PeerSummary[]): string {
  if (shard.by === null) return 'Nobody was ever seen with it.'
  const name = peers.find(({ peerId }) => peerId === shard.by)?.publicName ?? shortenPeerId(shard.by)
  const count = shard.replicas === 1 ? '1 replica' : `${shard.replicas} replicas`
  const who = shard.isLocal ? 'This computer' : name
  return `${who}; ${count}, ${shard.verified} verified.${shard.trouble ? ` ${shard.trouble}.` : ''}`
}

export function readinessLead({ isReady, discovered, shards, reasons }: Readiness): string {
  if (shards.length === 0) return 'No model is known yet.'
  if (isReady) return READINESS.ready
  return `${discovered} / ${shards.length} discovered: ${reasons.join(', ')}`
}

/** Nothing is wrong: it takes time, or somebody wanted it so. */
export function isCalm({ id }: ShardBlocker): boolean {
  return /^(working-|paused$|awaiting-command$|discovering$|waiting-for-approval$|standby$|stopped$)/.test(id)
}

export const BUTTONS: Readonly<Record<BlockerButton, string>> = {
  'start-node': 'Start the node',
  'choose-network': 'Choose a network',
  'choose-file': 'Choose the model file',
  'load-now': 'Load now',
  'apply-again': 'Apply again',
  'open-settings': 'Open settings',
  'fetch-again': 'Fetch again',
  'resume-fetch': 'Resume',
  download: 'Download',
  'wait-for-coordinator': 'Wait for the coordinator',
  'run-diagnosis': 'Run diagnosis',
}

export function secondsWords(seconds: number | null): string {
  return seconds === null ? '–' : `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}\u00a0s`
}
