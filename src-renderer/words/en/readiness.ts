import type { BlockerButton } from '../../../src-shared/readiness'
import { counted } from '../counted'

export const READINESS = {
  title: 'The whole model',
  ready: 'Every shard is loaded, as this node verified',
  timelineTitle: 'Since the node started',
  expected: 'expected',
  actual: 'was',
  late: 'late',
  unknown: 'not known yet',
  diagnose: 'Run diagnosis',
  noModel: 'No model is known yet.',
  discovered: (count: number, all: number, reasons: string) => `${count} / ${all} discovered: ${reasons}`,
  shard: (index: number) => `Shard ${index}`,
  neverSeen: 'Nobody was ever seen with it.',
  stale: (limit: string) => `It left, or nothing has shown it for ${limit}.`,
  self: 'This computer',
  copies: (who: string, replicas: number, verified: number) =>
    `${who}; ${counted(replicas, '# replica', '# replicas')}, ${verified} verified.`,
}

/** The runbook's four words for a shard, and ours for a claim that nobody verified. */
export const SHARD_WORDS = {
  localLoaded: 'LOCAL + LOADED',
  loaded: 'ONLINE + LOADED',
  localNotLoaded: 'LOCAL (not loaded)',
  notLoaded: 'ONLINE (not loaded)',
  unverified: 'ONLINE (not verified)',
  offline: 'OFFLINE',
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
