import type { FeedDocuments } from '../../src-coordinator/dashboard/feed-mask'
import type { HostInvite, HostStatus } from '../../src-shared/host-network'

export function offHost(now: number): HostStatus {
  return {
    phase: 'off',
    modelPath: null,
    reach: 'computer',
    progress: null,
    since: now,
    url: null,
    dashboardUrl: null,
    network: null,
    workerCount: 0,
    isResumed: false,
    failure: null,
  }
}

export function preparingHost(now: number): HostStatus {
  return {
    ...offHost(now - 9_000),
    phase: 'preparing',
    modelPath: '/models/llama-3.1-8b-instruct-q4_k_m.gguf',
    progress: { done: 2_100_000_000, total: 4_920_000_000 },
  }
}

export function runningHost(now: number, documents: FeedDocuments): HostStatus {
  return {
    ...offHost(now - 3_600_000),
    phase: 'running',
    modelPath: '/models/llama-3.1-8b-instruct-q4_k_m.gguf',
    reach: 'network',
    url: 'http://192.168.1.20:8000',
    dashboardUrl: 'http://127.0.0.1:8000/dashboard',
    network: { view: 'host', at: now, ...documents },
    workerCount: documents.workers.length,
  }
}

/** The link is not in the picture: a row of bars, and plainly none that anybody could scan. */
export function inviteOf(label: string): HostInvite {
  return {
    label,
    link: `espalier://invite?c=${encodeURIComponent('http://192.168.1.20:8000')}&t=${'eyJhbGciOiJFZERTQSJ9'.repeat(8)}`,
    picture: { size: 33, path: 'M4 4.5h25M4 9.5h9m4 0h12M4 14.5h25M4 19.5h4m6 0h15M4 24.5h25M4 28.5h25' },
    expiresAt: Date.now() + 24 * 3_600_000,
  }
}
