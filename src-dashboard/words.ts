import { formatBytes, formatCount } from '../src-renderer/format'
import { blockWords, capitalize, gapsOf } from '../src-renderer/words/node'
import type { StatusShape } from '../src-shared/status'
import type { FeedDecision, FeedWorker, NetworkPart } from './feed'
import { blocksOf } from './feed'

export const DASHBOARD = {
  title: 'Network',
  demoLine: 'A network on one computer; nothing here is real work.',
  connectingHeadline: 'Asking the coordinator',
  connectingText: 'This page has not heard anything yet.',
  awayHeadline: 'The coordinator does not answer',
  awayNever: 'This page has heard nothing from it so far.',
  tryNow: 'Try now',
  readOnly: 'Read-only',
  readOnlyHint: 'You can look. Whoever has the admin token can decide.',
  signIn: 'I am the host',
  signOut: 'Give the token back',
  misfit: 'This page and the coordinator are of different versions, so some of what it says was not understood.',
  reload: 'Reload the page',
  pendingTitle: 'Waiting for your decision',
  pendingTitleReader: 'Waiting for the host',
  pendingNone: 'Nobody waits.',
  approve: 'Approve',
  reject: 'Reject',
  remove: 'Remove',
  workersTitle: 'Workers',
  noWorkersTitle: 'No worker has come yet',
  noWorkersText: 'Share the coordinator’s address. Whoever registers shows up here, and waits for the host’s decision.',
  noMatch: 'No worker matches.',
  filterLabel: 'Find a worker',
  filterPlaceholder: 'Name, id, device, state',
  decisionsTitle: 'Decisions',
  noDecisions: 'Nothing was decided yet. Who decided what, when and why is kept here.',
  usageTitle: 'Latest requests',
  noUsage: 'Nobody has reported a request yet. Clients may, and need not.',
  controlsTitle: 'New assignments',
  controlsHint: 'Applies to new assignments. Workers keep the blocks that they have.',
  targetLabel: 'Recommended split',
  targetHint: 'Into how many ranges the model is cut. Advice, not a limit.',
  quantizationLabel: 'Quantization',
  quantizationHint: 'Of the models that are hosted here, the one whose blocks are handed out.',
  quantizationOnly: 'Host the model in other quantizations too, and you can choose among them.',
  save: 'Save',
  saving: 'Saving…',
  dismiss: 'Dismiss',
  noModelTitle: 'No model is hosted',
  noModelText: 'Start the coordinator with a manifest; then its blocks grow here.',
} as const

export const TOKEN_DIALOG = {
  title: 'The host’s token',
  text: 'The coordinator printed it once, when it first started. It stays in this tab and goes to this coordinator only. If it is lost, start the coordinator with --reset-admin-token.',
  label: 'Admin token',
  refused: 'The coordinator does not know this token. Compare it with what was printed, to the last character.',
  yes: 'Use it',
  no: 'Cancel',
} as const

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
  if (kind === 'remove')
    return {
      title: `Remove ${nickname}?`,
      text: 'Its blocks and its access end, and it leaves the list, with any rejection. Its app may ask to join again; to keep it out, reject it.',
      reasonLabel: 'Why? It is kept in the list of decisions',
      reasonHint: 'For example: this computer was sold.',
      yes: 'Remove',
      busy: 'Removing…',
    }
  return kind === 'approve'
    ? {
        title: `Approve ${nickname}?`,
        text: 'It gets blocks at once, if some are needed, and begins to fetch them.',
        reasonLabel: 'A word for its operator (optional)',
        reasonHint: 'They read it on their screen.',
        yes: 'Approve',
        busy: 'Approving…',
      }
    : {
        title: `Reject ${nickname}?`,
        text: 'It gets no blocks, and those that it has go back. Its operator may ask again.',
        reasonLabel: 'Why? They read it on their screen',
        reasonHint: 'For example: this network is for members of the reading group.',
        yes: 'Reject',
        busy: 'Rejecting…',
      }
}

const STATES: Readonly<Record<string, { word: string; shape: StatusShape }>> = {
  serving: { word: 'Serving', shape: 'visible' },
  online: { word: 'Preparing', shape: 'working' },
  pending: { word: 'Waiting', shape: 'waiting' },
  standby: { word: 'Standby', shape: 'degraded' },
  offline: { word: 'Offline', shape: 'stopped' },
  rejected: { word: 'Rejected', shape: 'problem' },
}

/** A state that this page does not know is shown by its own name. */
export function workerState(worker: Pick<FeedWorker, 'status' | 'x_serving'>): { word: string; shape: StatusShape } {
  if (worker.status === 'online' && worker.x_serving !== false) return STATES.serving ?? UNKNOWN_STATE
  return STATES[worker.status] ?? { ...UNKNOWN_STATE, word: capitalize(worker.status) }
}
const UNKNOWN_STATE = { word: 'Unknown', shape: 'degraded' } as const

/** Why a worker has what it has, or has nothing. */
export function whyWords(worker: FeedWorker): string {
  if (worker.status === 'pending') return 'No blocks before the host has decided.'
  const decision = worker.x_decision
  // Never decided about, or waiting anew.
  if (worker.status === 'offline' && !decision && !worker.x_assignment_reason)
    return 'Not approved; it went away before.'
  if (worker.status === 'rejected') return decision?.reason ? `Rejected: ${decision.reason}` : 'Rejected by the host.'
  if (worker.x_assignment_reason) return capitalize(worker.x_assignment_reason)
  if (blocksOf(worker)) return ''
  return decision?.reason ? capitalize(decision.reason) : 'No blocks are needed from it now.'
}

export function deviceWords(worker: Pick<FeedWorker, 'device_name' | 'hardware_type'>): string {
  return worker.device_name || worker.hardware_type || 'Device not said'
}

export function memoryWords({ vram_gb }: Pick<FeedWorker, 'vram_gb'>): string {
  if (vram_gb === 0) return 'no graphics memory'
  return `${Number(vram_gb.toFixed(vram_gb < 10 ? 1 : 0)).toLocaleString('en')}\u00a0GB`
}

/** Empty where a worker has none, or does not count them. */
export function requestWords({ x_requests_served: requests = 0 }: Pick<FeedWorker, 'x_requests_served'>): string {
  if (requests === 0) return ''
  return requests === 1 ? '1 request' : `${formatCount(requests)} requests`
}

export const LOAD_COMMAND = {
  send: 'Load again',
  sendLabel: (name: string) => `Send LOAD_SHARD to ${name} again`,
  cancel: 'Cancel load',
  cancelLabel: (name: string) => `Cancel what ${name} loads`,
} as const

/** Codes of a worker that has not heard it; with any other it has, and refused. */
const UNREACHED: ReadonlySet<string> = new Set(['PEER_UNREACHABLE', 'TIMED_OUT'])
const ANSWERS: Readonly<Record<string, string>> = {
  loading: 'it is loading',
  downloading: 'it is fetching',
  already_loaded: 'its blocks are loaded',
}

/** What became of LOAD_SHARD; empty where that is of no interest any more. */
export function loadWords({ x_load: load, x_serving: isServing }: Pick<FeedWorker, 'x_load' | 'x_serving'>): string {
  if (!load || (isServing && !load.isAsked && load.state === 'answered')) return ''
  const why = load.trouble ? `: ${lowerFirst(load.trouble.cause)}` : ''
  switch (load.state) {
    case 'sending':
      return load.attempt === 1
        ? 'Sending LOAD_SHARD…'
        : `Sending LOAD_SHARD, try ${load.attempt} of ${load.attempts}${why}`
    case 'answered': {
      const answer = ANSWERS[load.answer ?? ''] ?? load.answer ?? 'it has heard'
      const bytes = load.total ? `, ${formatBytes(load.done ?? 0)} of ${formatBytes(load.total)}` : ''
      return `LOAD_SHARD answered: ${answer}${bytes}`
    }
    case 'refused':
      return UNREACHED.has(load.trouble?.code ?? '') ? `LOAD_SHARD did not reach it${why}` : `LOAD_SHARD refused${why}`
    case 'cancelling':
      return 'Asking it to stop loading…'
    case 'cancelled':
      return 'Loading was cancelled'
    case 'uncancelled':
      return `The cancellation did not get through${why}`
    default:
      return `LOAD_SHARD: ${load.state}`
  }
}

/** Whether it can be told to load now: not while it is told something already. */
export function maySendLoad({ x_load: load }: Pick<FeedWorker, 'x_load'>): boolean {
  return load?.state !== 'sending' && load?.state !== 'cancelling'
}

/** Whether it was told to load, and that can be taken back. */
export function mayCancelLoad({
  x_load: load,
  x_serving: isServing,
}: Pick<FeedWorker, 'x_load' | 'x_serving'>): boolean {
  if (!load) return false
  if (load.state === 'sending' || load.state === 'uncancelled') return true
  return load.state === 'answered' && load.answer !== 'already_loaded' && isServing !== true
}

/** For words after a colon; what is a name or in capitals stays. */
function lowerFirst(words: string): string {
  return /^[A-Z][a-z ]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words
}

export interface Headline {
  shape: StatusShape
  headline: string
  sentence: string
}

/** One state, one sentence: can this network answer, and if not, what is missing? */
export function networkHeadline(network: NetworkPart, workers: readonly FeedWorker[]): Headline {
  const pending = workers.filter(({ status }) => status === 'pending').length
  const asks =
    pending === 0 ? '' : pending === 1 ? ' One worker waits for the host.' : ` ${pending} workers wait for the host.`
  if (network.total_layers === 0)
    return { shape: 'stopped', headline: DASHBOARD.noModelTitle, sentence: DASHBOARD.noModelText }
  if (network.ready_for_inference) {
    const least = Math.min(...network.layers.map((layer) => layer.workers))
    return {
      shape: 'visible',
      headline: 'Every block is served',
      sentence: `${servingWords(workers)} the whole model, ${least === 1 ? 'some blocks once only' : `each block at least ${least} times`}, by their own report.${asks}`,
    }
  }
  const gaps = gapsOf(network.layers.map((layer) => layer.workers))
  if (gaps.length === 1 && gaps[0]?.start === 0 && gaps[0].end === network.total_layers) {
    const prepares = network.layers.some((layer) => layer.assigned > 0)
    return {
      shape: prepares ? 'working' : 'waiting',
      headline: 'Nobody serves a block yet',
      sentence: `${prepares ? 'Workers have their blocks and are preparing them.' : 'Blocks are assigned when the host approves workers.'}${asks}`,
    }
  }
  const areAssigned = gaps.every(({ start, end }) =>
    network.layers.slice(start, end).every((layer) => layer.assigned > 0),
  )
  return {
    shape: areAssigned ? 'working' : 'degraded',
    headline: `${capitalize(blockWords(gaps.slice(0, 3)))}${gaps.length > 3 ? ' and others' : ''} ${isPlural(gaps) ? 'are' : 'is'} missing`,
    sentence: `${areAssigned ? 'They are assigned; their workers are preparing them.' : 'Nobody has them, so no prompt gets through.'}${asks}`,
  }
}

function isPlural(gaps: readonly { start: number; end: number }[]): boolean {
  const only = gaps[0]
  return gaps.length > 1 || (only !== undefined && only.end - only.start > 1)
}

function servingWords(workers: readonly FeedWorker[]): string {
  const serving = workers.filter((worker) => worker.status === 'online' && worker.x_serving !== false).length
  return serving === 1 ? 'One worker serves' : `${serving.toLocaleString('en')} workers serve`
}

/** Blocks that somebody holds and nobody serves yet; null when there are none. */
export function preparingWords(network: NetworkPart): string | null {
  const preparing = gapsOf(network.layers.map(({ workers, assigned }) => (workers === 0 && assigned > 0 ? 0 : 1)))
  return preparing.length === 0 ? null : `${capitalize(blockWords(preparing))}: assigned, not served yet.`
}

const VERBS: Readonly<Record<string, { word: string; shape: StatusShape }>> = {
  registered: { word: 'asked to join', shape: 'waiting' },
  approved: { word: 'approved', shape: 'visible' },
  'load-acknowledged': { word: 'told to load', shape: 'working' },
  'load-cancelled': { word: 'loading cancelled', shape: 'stopped' },
  rejected: { word: 'rejected', shape: 'problem' },
  assigned: { word: 'got blocks', shape: 'working' },
  moved: { word: 'got other blocks', shape: 'working' },
  standby: { word: 'put on standby', shape: 'degraded' },
  offline: { word: 'went silent', shape: 'stopped' },
  returned: { word: 'came back', shape: 'visible' },
  left: { word: 'left', shape: 'stopped' },
  removed: { word: 'removed', shape: 'stopped' },
  revoked: { word: 'set back to waiting', shape: 'waiting' },
  forgotten: { word: 'was forgotten', shape: 'stopped' },
  quantization: { word: 'Quantization changed', shape: 'working' },
  'target-workers': { word: 'Recommended split changed', shape: 'working' },
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
  const { word, shape } = VERBS[decision] ?? { word: decision.replaceAll(/[-_]/g, ' '), shape: 'working' as const }
  return { words: HAPPENED.has(decision) || by === '' ? word : `${word} by ${by}`, shape }
}

export const INVITES = {
  title: 'Invites',
  text: 'A link that lets one worker in without a second question. It works once, and it ends by itself.',
  label: 'For whom (a note for you)',
  lifetime: 'How long it is good for',
  make: 'Make an invite',
  show: 'Show',
  revoke: 'Revoke',
  tokenHint: 'Revoking one ends its worker’s approval: it waits for you again, without blocks.',
  untitled: 'An invite',
  use: 'Open it on the other computer, or scan it. Whoever has it first can use it, once.',
  pictureAlt: 'The invite as a QR code',
  copy: 'Copy the link',
  done: 'Done',
  oneToken: '1 access token in use',
  tokens: 'access tokens in use',
} as const

const HOUR = 3_600_000
export const LIFETIMES = [
  { ms: HOUR, words: '1 hour' },
  { ms: 24 * HOUR, words: '1 day' },
  { ms: 7 * 24 * HOUR, words: '7 days' },
] as const
