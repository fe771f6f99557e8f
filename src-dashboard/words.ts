import { formatWhole } from '../src-renderer/format'
import { inLocale } from '../src-renderer/locale'
import { say } from '../src-renderer/words'
import { blockWords, capitalize, gapsOf, isSingle } from '../src-renderer/words/node'
import type { StatusShape } from '../src-shared/status'
import type { FeedDecision, FeedWorker, NetworkPart } from './feed'
import { blocksOf } from './feed'

export interface DecisionWords {
  title: string
  text: string
  reasonLabel: string
  reasonHint: string
  yes: string
  busy: string
}

export type HostDecision = 'approve' | 'reject' | 'remove'

export function decisionWords(kind: HostDecision, nickname: string): DecisionWords {
  const words = say.DECIDING[kind]
  return { ...words, title: words.title(nickname || say.WORKERS.unnamed) }
}

const STATE_SHAPES: Readonly<Record<string, StatusShape>> = {
  serving: 'visible',
  online: 'working',
  pending: 'waiting',
  standby: 'degraded',
  offline: 'stopped',
  rejected: 'problem',
}

/** A state that this page does not know is shown by its own name. */
export function workerState(worker: Pick<FeedWorker, 'status' | 'x_serving'>): { word: string; shape: StatusShape } {
  const state = worker.status === 'online' && worker.x_serving !== false ? 'serving' : worker.status
  return { word: named(say.WORKER_STATES, state) ?? capitalize(state), shape: named(STATE_SHAPES, state) ?? 'degraded' }
}

/** Why a worker has what it has, or has nothing. Reasons are the coordinator's own words. */
export function whyWords(worker: FeedWorker): string {
  const { WORKERS } = say
  if (worker.status === 'pending') return WORKERS.undecided
  const decision = worker.x_decision
  // Never decided about, or waiting anew.
  if (worker.status === 'offline' && !decision && !worker.x_assignment_reason) return WORKERS.neverApproved
  if (worker.status === 'rejected') return decision?.reason ? WORKERS.rejectedFor(decision.reason) : WORKERS.rejected
  if (worker.x_assignment_reason) return capitalize(worker.x_assignment_reason)
  if (blocksOf(worker)) return ''
  return decision?.reason ? capitalize(decision.reason) : WORKERS.notNeeded
}

export function deviceWords(worker: Pick<FeedWorker, 'device_name' | 'hardware_type'>): string {
  return worker.device_name || worker.hardware_type || say.WORKERS.noDevice
}

const oneDigit = inLocale((locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }))

export function memoryWords({ vram_gb }: Pick<FeedWorker, 'vram_gb'>): string {
  if (vram_gb === 0) return say.WORKERS.noMemory
  return `${vram_gb < 10 ? oneDigit().format(vram_gb) : formatWhole(vram_gb)}\u00a0GB`
}

/** Empty where a worker has none, or does not count them. */
export function requestWords({ x_requests_served: requests = 0 }: Pick<FeedWorker, 'x_requests_served'>): string {
  return requests === 0 ? '' : say.WORKERS.requests(requests)
}

export interface Headline {
  shape: StatusShape
  headline: string
  sentence: string
}

const MOST_GAPS_NAMED = 3

/** One state, one sentence: can this network answer, and if not, what is missing? */
export function networkHeadline(network: NetworkPart, workers: readonly FeedWorker[]): Headline {
  const { DASHBOARD, NETWORK_STATE } = say
  const pending = workers.filter(({ status }) => status === 'pending').length
  const andWhoAsks = (sentence: string) => (pending === 0 ? sentence : `${sentence} ${NETWORK_STATE.waiting(pending)}`)
  if (network.total_layers === 0)
    return { shape: 'stopped', headline: DASHBOARD.noModelTitle, sentence: DASHBOARD.noModelText }
  if (network.ready_for_inference) {
    const serving = workers.filter((worker) => worker.status === 'online' && worker.x_serving !== false).length
    const least = Math.min(...network.layers.map((layer) => layer.workers))
    return {
      shape: 'visible',
      headline: NETWORK_STATE.whole,
      sentence: andWhoAsks(NETWORK_STATE.wholeText(serving, least)),
    }
  }
  const gaps = gapsOf(network.layers.map((layer) => layer.workers))
  if (gaps.length === 1 && gaps[0]?.start === 0 && gaps[0].end === network.total_layers) {
    const prepares = network.layers.some((layer) => layer.assigned > 0)
    return {
      shape: prepares ? 'working' : 'waiting',
      headline: NETWORK_STATE.nobodyYet,
      sentence: andWhoAsks(prepares ? NETWORK_STATE.arePreparing : NETWORK_STATE.notAssigned),
    }
  }
  const areAssigned = gaps.every(({ start, end }) =>
    network.layers.slice(start, end).every((layer) => layer.assigned > 0),
  )
  const named = capitalize(blockWords(gaps.slice(0, MOST_GAPS_NAMED)))
  return {
    shape: areAssigned ? 'working' : 'degraded',
    headline: NETWORK_STATE.missing(named, gaps.length === 1 && isSingle(gaps[0]), gaps.length > MOST_GAPS_NAMED),
    sentence: andWhoAsks(areAssigned ? NETWORK_STATE.missingAssigned : NETWORK_STATE.missingNobody),
  }
}

/** Blocks that somebody holds and nobody serves yet; null when there are none. */
export function preparingWords(network: NetworkPart): string | null {
  const preparing = gapsOf(network.layers.map(({ workers, assigned }) => (workers === 0 && assigned > 0 ? 0 : 1)))
  return preparing.length === 0 ? null : say.NETWORK_STATE.preparing(capitalize(blockWords(preparing)))
}

const DECISION_SHAPES: Readonly<Record<string, StatusShape>> = {
  registered: 'waiting',
  approved: 'visible',
  rejected: 'problem',
  standby: 'degraded',
  offline: 'stopped',
  'load-cancelled': 'stopped',
  returned: 'visible',
  left: 'stopped',
  removed: 'stopped',
  revoked: 'waiting',
  forgotten: 'stopped',
}
/** Nobody decides that a worker goes silent. */
const HAPPENED: ReadonlySet<string> = new Set([
  'registered',
  'offline',
  'returned',
  'left',
  'forgotten',
  'load-acknowledged',
])

export function decisionLine({ decision, by }: FeedDecision): { words: string; shape: StatusShape } {
  const word = named(say.DECIDED, decision) ?? decision.replaceAll(/[-_]/g, ' ')
  return {
    words: HAPPENED.has(decision) || by === '' ? word : say.DECISIONS.by(word, by),
    shape: named(DECISION_SHAPES, decision) ?? 'working',
  }
}

/** By a name that came from elsewhere, and may be that of a method. */
export function named<V>(values: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

const HOUR = 3_600_000
/** How long an invite may be good for. */
export const LIFETIMES = [
  { ms: HOUR, name: 'hour' },
  { ms: 24 * HOUR, name: 'day' },
  { ms: 7 * 24 * HOUR, name: 'week' },
] as const
