import type { ErrorCode } from '../../src-shared/error-catalogue'
import type { BlockerButton, ShardBlocker, ShardReadiness } from '../../src-shared/readiness'
import type { NodeStatus, Step, StepName } from '../../src-shared/status'
import { type CrossView, listOf, type ReadinessVerdict } from '../observe/readiness'
import type { SentCommand } from '../shards/commands/command-service'
import type { LoadHistory } from '../shards/commands/load-requests'

/** Everything that was measured about what stands between this node and a ready swarm. */
export interface BlockerFacts {
  status: Pick<NodeStatus, 'phase' | 'steps' | 'peerId' | 'coordinatorUrl' | 'loadLevel'>
  hasNetwork: boolean
  /** Null: no model is known yet. */
  verdict: Pick<ReadinessVerdict, 'isReady' | 'shards'> | null
  history: LoadHistory
  crossViews: readonly CrossView[]
  links: readonly SentCommand[]
  now: number
}

/** A node that waits for its shard this long without a command says that nobody commands. */
const SILENT_MS = 60_000
/** A peer that has not heard of us after this long was told at least twice. */
const UNHEARD_MS = 30_000
/** Records take a while to be seen; before that a shard that is not there is on its way. */
const DISCOVERY_MS = 10_000

type Rule = (facts: BlockerFacts) => ShardBlocker | null

/** By error code of the first step that has one: what it is called, and the one thing to do. */
export const OWN_BLOCKERS: Partial<Record<ErrorCode, { id: string; button: BlockerButton }>> = {
  DATA_DIR_UNUSABLE: { id: 'data-directory', button: 'open-settings' },
  IDENTITY_UNREADABLE: { id: 'identity', button: 'run-diagnosis' },
  BOOTSTRAP_UNREACHABLE: { id: 'no-bootstrap', button: 'run-diagnosis' },
  COORDINATOR_UNREACHABLE: { id: 'coordinator-not-running', button: 'run-diagnosis' },
  COORDINATOR_NOT_ONE: { id: 'not-a-coordinator', button: 'open-settings' },
  REGISTRATION_REJECTED: { id: 'rejected', button: 'apply-again' },
  NETWORK_REPLACED: { id: 'other-network', button: 'apply-again' },
  MANIFEST_MISSING: { id: 'manifest-missing', button: 'run-diagnosis' },
  MANIFEST_INVALID: { id: 'manifest-invalid', button: 'run-diagnosis' },
  MANIFEST_MISMATCH: { id: 'wrong-file', button: 'choose-file' },
  ARCH_UNSUPPORTED: { id: 'architecture', button: 'choose-file' },
  CUT_UNSUPPORTED: { id: 'cut', button: 'run-diagnosis' },
  SHARD_MISSING: { id: 'shard-missing', button: 'choose-file' },
  SHARD_HASH_MISMATCH: { id: 'hash-mismatch', button: 'fetch-again' },
  GGUF_TRUNCATED: { id: 'file-cut-short', button: 'fetch-again' },
  GGUF_INVALID: { id: 'file-not-valid', button: 'choose-file' },
  SHARD_READ_FAILED: { id: 'disk-read', button: 'choose-file' },
  SHARD_WRITE_FAILED: { id: 'disk-write', button: 'open-settings' },
  FETCH_NO_SOURCE: { id: 'shard-missing', button: 'choose-file' },
  FETCH_SOURCES_FAILED: { id: 'sources-failed', button: 'choose-file' },
  FETCH_STALLED: { id: 'download-stalled', button: 'fetch-again' },
  FETCH_PIECES_REJECTED: { id: 'hash-mismatch', button: 'choose-file' },
  SOURCE_GATED: { id: 'needs-permission', button: 'open-settings' },
  DISK_FULL: { id: 'disk-full', button: 'open-settings' },
  DISK_CAP_REACHED: { id: 'disk-cap', button: 'open-settings' },
  DISK_ALMOST_FULL: { id: 'disk-full', button: 'open-settings' },
  CANCELLED: { id: 'cancelled', button: 'load-now' },
  ENGINE_LIBRARY_MISSING: { id: 'engine-missing', button: 'run-diagnosis' },
  ENGINE_ABI_MISMATCH: { id: 'engine-version', button: 'run-diagnosis' },
  ENGINE_OUT_OF_MEMORY: { id: 'out-of-memory', button: 'open-settings' },
  ENGINE_CRASH_LOOP: { id: 'engine-crashes', button: 'run-diagnosis' },
  ENGINE_LOAD_FAILED: { id: 'load-failed', button: 'load-now' },
  PROBE_FAILED: { id: 'probe-failed', button: 'load-now' },
  NOT_STORED: { id: 'not-announced', button: 'run-diagnosis' },
  NOT_READ_BACK: { id: 'not-announced', button: 'run-diagnosis' },
  NOT_DIALLED_BACK: { id: 'not-reachable', button: 'run-diagnosis' },
  NO_WITNESS: { id: 'no-witness', button: 'run-diagnosis' },
}

const OWN_STEPS: readonly StepName[] = ['connect', 'register', 'approve', 'fetch', 'load', 'prove']
const SEEN_STEPS: readonly StepName[] = ['announce', 'visible', 'serve']

/**
 * From the cause to its effects: what stands further up makes what stands further down, so the first that holds is the
 * blocker. How often a cause occurs elsewhere plays no part; measured facts do (S-26, S-27).
 */
const RULES: readonly Rule[] = [
  ({ hasNetwork }) => (hasNetwork ? null : blocker('no-network', 'No network is chosen', 'choose-network')),
  ({ status }) =>
    status.phase === 'stopped' ? blocker('stopped', 'The node on this computer is stopped', 'start-node') : null,
  stepFailure(['connect', 'register', 'approve']),
  ({ status }) => {
    const approve = stepOf(status, 'approve')
    if (approve?.state !== 'waiting') return null
    const isStandby = /^On standby/.test(approve.next?.what ?? '')
    return isStandby
      ? blocker('standby', 'The host has no blocks for this node yet; it is on standby', 'run-diagnosis')
      : blocker('waiting-for-approval', 'The host of the network has not approved this node yet', 'run-diagnosis')
  },
  pausedHere,
  commandTrouble,
  commandAwaited,
  stepFailure(['fetch', 'load', 'prove']),
  ownWork,
  stepFailure(SEEN_STEPS),
  shardTrouble('never-seen', 'peer-missing', (list) => `Nobody has announced ${list} yet`),
  shardTrouble('stale', 'peer-stale', (list, worst) => `${list} left or fell silent${lastSeen(worst)}`),
  shardTrouble('not-loaded', 'peer-not-loaded', (list, worst) => `${list} is announced but not loaded${byWhom(worst)}`),
  shardTrouble(
    'unverified',
    'peer-unverified',
    (list, worst) => `${list} is said to be loaded, but this node could not verify it${because(worst)}`,
  ),
  ({ crossViews, now }) => {
    const deaf = crossViews.filter(({ seesUs, at }) => seesUs === false && now - at < UNHEARD_MS)
    return deaf.length === 0
      ? null
      : blocker(
          'not-heard',
          `${deaf.length === 1 ? `Peer ${short(deaf[0]?.peer ?? '')} does` : `${deaf.length} peers do`} not know yet that the shard here is loaded; it is told again`,
          'run-diagnosis',
        )
  },
  ({ links }) => {
    const [broken] = links.filter(({ outcome }) => outcome === 'PEER_UNREACHABLE' || outcome === 'TIMED_OUT')
    return broken
      ? blocker('link-broken', `Commands do not reach peer ${short(broken.peer)} (${broken.outcome})`, 'run-diagnosis')
      : null
  },
]

/** The one thing that is in the way, most upstream first; null when the swarm is ready. */
export function chooseBlocker(facts: BlockerFacts): ShardBlocker | null {
  // A swarm that is ready has no blocker, but a node that others cannot see still has one.
  for (const rule of RULES) {
    const found = rule(facts)
    if (found) return found
  }
  return null
}

/** A failed step, or one that was done and is in doubt. */
function stepFailure(names: readonly StepName[]): Rule {
  return ({ status }) => {
    const steps = names.map((name) => stepOf(status, name))
    const step =
      steps.find((one) => one?.state === 'failed' && one.blocker) ??
      steps.find((one) => one?.state === 'degraded' && one.blocker)
    if (!step?.blocker) return null
    const { code, cause } = step.blocker
    const known = OWN_BLOCKERS[code] ?? { id: `${step.name}-failed`, button: 'run-diagnosis' as const }
    return { ...blocker(known.id, cause, known.button), ...(NOT_GOT.has(code) ? waysOut(status) : {}) }
  }
}

/** No bytes, and no place to take them from: then the coordinator's word is what is waited for (S-10, S-12). */
const MISSING_HERE: ReadonlySet<string> = new Set<ErrorCode>(['SHARD_MISSING', 'FETCH_NO_SOURCE'])
const NOT_GOT: ReadonlySet<string> = new Set<ErrorCode>(['SHARD_MISSING', 'FETCH_NO_SOURCE', 'FETCH_SOURCES_FAILED'])

/** Besides the file that the operator may have: what else brings the bytes here (S-10). */
function waysOut({ coordinatorUrl }: BlockerFacts['status'], isAwaited = false): Pick<ShardBlocker, 'others'> {
  return { others: coordinatorUrl === null || isAwaited ? ['download'] : ['download', 'wait-for-coordinator'] }
}

/** Nothing is broken: the operator has said so, and only the operator can say otherwise. */
function pausedHere({ status }: BlockerFacts): ShardBlocker | null {
  const fetch = stepOf(status, 'fetch')
  return fetch?.blocker?.code === 'FETCH_PAUSED'
    ? blocker('paused', `${fetch.blocker.cause}${shareOf(fetch)}`, 'resume-fetch')
    : null
}

/** Only where a command is waited for: a node that can load by itself does not wait for one. */
function commandTrouble({ status, history, now }: BlockerFacts): ShardBlocker | null {
  const fetch = stepOf(status, 'fetch')
  const isAwaited = fetch?.blocker?.code === AWAITED
  const isMissing = isAwaited || (fetch?.state === 'failed' && MISSING_HERE.has(fetch.blocker?.code ?? ''))
  if (!fetch || status.coordinatorUrl === null || !(fetch.state === 'waiting' || isMissing)) return null
  if (history.lastRefusal && history.lastRefusal.at > (history.lastLoadAt ?? 0)) {
    return blocker(
      'command-failed',
      `The coordinator’s LOAD_SHARD command was refused here (${history.lastRefusal.code})`,
      'load-now',
    )
  }
  // Each new try begins the step again; what is waited for is waited for since the approval.
  const sinceMs = now - Math.min(fetch.startedAt ?? now, stepOf(status, 'approve')?.endedAt ?? now)
  if (history.lastLoadAt !== null || sinceMs <= SILENT_MS) return null
  const sentence = `The shard is missing here, and the coordinator has sent no LOAD_SHARD command for ${Math.round(sinceMs / 1000)} s`
  return isMissing
    ? { ...blocker('coordinator-silent', sentence, 'choose-file'), ...waysOut(status, isAwaited) }
    : blocker('coordinator-silent', sentence, 'load-now')
}

const AWAITED: ErrorCode = 'LOAD_AWAITED'

/** The operator would rather be told than look: that is no fault, and can be taken back. */
function commandAwaited({ status }: BlockerFacts): ShardBlocker | null {
  const report = stepOf(status, 'fetch')?.blocker
  return report?.code === AWAITED
    ? { ...blocker('awaiting-command', report.cause, 'choose-file'), ...waysOut(status, true) }
    : null
}

/** Nothing is wrong; it takes time. */
function ownWork({ status }: BlockerFacts): ShardBlocker | null {
  const busy = OWN_STEPS.map((name) => stepOf(status, name)).find(
    (step) => step && (step.state === 'working' || step.state === 'waiting'),
  )
  if (!busy) return null
  const share = shareOf(busy)
  const words: Partial<Record<StepName, string>> = {
    connect: 'This node is looking for the network',
    register: 'This node is registering',
    fetch: `The shard is being fetched${share}`,
    load: `The shard is being loaded${share}`,
    prove: 'The loaded shard is being tested',
  }
  return blocker(`working-${busy.name}`, words[busy.name] ?? 'This node is at work', 'run-diagnosis')
}

function shareOf({ progress: { done, total } = { done: 0, total: 0, unit: 'bytes' } }: Step): string {
  return total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : ''
}

function shardTrouble(
  label: ShardReadiness['label'],
  id: string,
  words: (list: string, worst: ShardReadiness) => string,
): Rule {
  return ({ verdict, status, now }) => {
    const shards = (verdict?.shards ?? []).filter((shard) => shard.label === label)
    const [worst] = shards
    if (!worst) return null
    const announcedAt = stepOf(status, 'announce')?.endedAt ?? now
    if (label === 'never-seen' && now - announcedAt < DISCOVERY_MS)
      return blocker('discovering', 'The other shards are being discovered', 'run-diagnosis')
    const list = `shard${shards.length === 1 ? '' : 's'} ${listOf(shards.map(({ index }) => index))}`
    return blocker(id, capital(words(list, worst)), 'run-diagnosis')
  }
}

function stepOf({ steps }: Pick<NodeStatus, 'steps'>, name: StepName): Step | undefined {
  return steps.find((step) => step.name === name)
}

function blocker(id: string, sentence: string, button: BlockerButton): ShardBlocker {
  return { id, sentence: `${sentence.replace(/\.$/, '')}.`.slice(0, 600), button }
}

function lastSeen({ by, seenAt }: ShardReadiness): string {
  return by === null || seenAt === null ? '' : `; last seen at ${short(by)}`
}

function byWhom({ by, isLocal }: ShardReadiness): string {
  return isLocal ? ' here' : by === null ? '' : ` at ${short(by)}`
}

function because({ trouble }: ShardReadiness): string {
  return trouble ? `: ${trouble}` : ''
}

function short(peerId: string): string {
  return peerId.length > 14 ? `${peerId.slice(0, 4)}…${peerId.slice(-4)}` : peerId
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
