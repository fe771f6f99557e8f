import { ERROR_CATALOGUE } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import type { CatalogueView, Diagnosis, DiskView, FitView, TokenView } from '../../src-shared/file-views'
import type { PeerTalk, Readiness, ShardLabel } from '../../src-shared/readiness'
import type { Blocker, FetchView, NodeStatus, Step } from '../../src-shared/status'
import { fetchingStatus, PEERS, stepsOf, told, waitingStatus } from './status-fixtures'

const MB = 1_000_000
const GB = 1_000 * MB
const DAY = 86_400_000

export function diskOf(at: number): DiskView {
  const slices: DiskView['slices'] = [
    {
      id: '9f3ac1d27b604e85/4-8',
      model: 'Tiny Jargon 8',
      blocks: { start: 4, end: 8 },
      sizeBytes: 1_030 * MB,
      isFinished: true,
      isInUse: true,
      usedAt: at - 60_000,
    },
    {
      id: '0b7de4419ac2f310/16-24',
      model: 'Llama 3.1 8B Instruct',
      blocks: { start: 16, end: 24 },
      sizeBytes: 1_240 * MB,
      isFinished: true,
      isInUse: false,
      usedAt: at - 9 * DAY,
    },
    {
      id: '5c21e8f07d3346ab/0-6',
      model: null,
      blocks: { start: 0, end: 6 },
      sizeBytes: 310 * MB,
      isFinished: false,
      isInUse: false,
      usedAt: null,
    },
  ]
  return {
    directory: '/home/kim/.local/share/espalier/models_cache',
    usedBytes: 2_580 * MB,
    capBytes: 20 * GB,
    freeBytes: 182 * GB,
    reclaimableBytes: 1_550 * MB,
    slices: slices.toSorted((a, b) => b.sizeBytes - a.sizeBytes),
  }
}

export const CATALOGUE: CatalogueView = {
  models: [
    {
      name: 'Tiny Jargon 8',
      summary: 'The bundled sample: 8 blocks, for the demonstration. It knows nothing.',
      architecture: 'llama',
      page: null,
      isGated: false,
      manifest: { root: '9f3ac1d27b604e85'.repeat(4), blockCount: 8, sizeBytes: 42 * MB, quantization: 'Q8_0' },
    },
    {
      name: 'Qwen2.5 0.5B Instruct',
      summary: 'Small enough to try a network of two or three ordinary computers.',
      architecture: 'qwen2',
      page: 'https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF',
      isGated: false,
      manifest: null,
    },
    {
      name: 'Llama 3.3 70B Instruct',
      summary: 'Eighty blocks: what shared networks are made for. Its publisher asks for agreement to a licence.',
      architecture: 'llama',
      page: 'https://huggingface.co/meta-llama/Llama-3.3-70B-Instruct',
      isGated: true,
      manifest: null,
    },
  ],
}

export const NO_TOKEN: TokenView = { isSet: false, protection: null, offered: 'file', found: null }

const NEED_BYTES = Array.from({ length: 32 }, (_, index) => 0.7 * GB + index * 0.17 * GB)

export const FIT = {
  model: { name: 'Llama 3.1 8B Instruct', blockCount: 32 },
  places: [
    {
      kind: 'cpu',
      name: 'CPU',
      description: 'AMD Ryzen 7 5700G (linux x64)',
      isChosen: false,
      totalBytes: 33.4 * GB,
      budgetBytes: 16.7 * GB,
      blocks: 32,
    },
    {
      kind: 'card',
      name: 'Vulkan0',
      description: 'NVIDIA GeForce RTX 3060',
      isChosen: true,
      totalBytes: 12.6 * GB,
      budgetBytes: 4.2 * GB,
      blocks: 21,
    },
    {
      kind: 'card',
      name: 'Vulkan1',
      description: 'AMD Radeon Graphics',
      isChosen: false,
      totalBytes: 8.2 * GB,
      budgetBytes: 2.1 * GB,
      blocks: 9,
    },
  ],
  together: {
    blocks: 21,
    budgetBytes: 4.2 * GB,
    where: 'card',
    weightsBytes: 3.1 * GB,
    kvBytes: 0.18 * GB,
    computeBytes: 0.31 * GB,
    needBytes: NEED_BYTES,
  },
  missedGpu: null,
} satisfies FitView

export const CPU_FIT = {
  ...FIT,
  places: FIT.places.slice(0, 1).map((place) => ({ ...place, isChosen: true })),
  together: {
    blocks: 32,
    budgetBytes: 16.7 * GB,
    where: 'memory',
    weightsBytes: 4.9 * GB,
    kvBytes: 0.27 * GB,
    computeBytes: 0.6 * GB,
    needBytes: NEED_BYTES,
  },
  missedGpu: 'NVIDIA GeForce RTX 3060 could not be used',
} satisfies FitView

const LABELS: readonly ShardLabel[] = [
  'loaded',
  'loaded',
  'loaded',
  'loaded',
  'loaded',
  'never-seen',
  'loaded',
  'loaded',
]

/** A node that answered within 12 ms and knows what is loaded here; `change` says what is otherwise. */
export function talkOf(peer: string, at: number, change: Partial<PeerTalk> = {}): PeerTalk {
  const command = { type: 'ASK_VIEW', at: at - 4_000, roundTripMs: 12, failure: null }
  return { peer, isConnected: true, command, seesUs: true, ...change }
}

/** Its link is cut: the last command had no answer. */
export function cutTalkOf(peer: string, at: number): PeerTalk {
  const { cause, action } = ERROR_CATALOGUE.PEER_UNREACHABLE
  const failure = { code: 'PEER_UNREACHABLE' as const, cause, action }
  const command = { type: 'ASK_VIEW', at: at - 4_000, roundTripMs: null, failure }
  return talkOf(peer, at, { isConnected: false, command, seesUs: null })
}

export function readinessOf(at: number): Readiness {
  return {
    isReady: false,
    discovered: 7,
    shards: LABELS.map((label, index) => ({
      index,
      blocks: { start: index, end: index + 1 },
      label,
      isLocal: index === 4,
      by: label === 'never-seen' ? null : index === 4 ? PEERS.self : PEERS.walnut,
      seenAt: label === 'never-seen' ? null : at - 3_000,
      replicas: label === 'never-seen' ? 0 : 1,
      verified: label === 'loaded' ? 1 : 0,
      trouble: null,
    })),
    reasons: ['missing 5'],
    blocker: { id: 'peer-missing', sentence: 'Nobody has announced shard 5 yet.', button: 'run-diagnosis' },
    timeline: [
      { what: 'Shard found and verified', expectedS: 1, actualS: 0.8, isLate: false },
      { what: 'Shard loaded', expectedS: 1, actualS: 1.1, isLate: false },
      { what: 'Announced', expectedS: 5, actualS: 4.2, isLate: false },
      { what: 'Swarm ready', expectedS: 15, actualS: null, isLate: true },
    ],
    talks: [cutTalkOf(PEERS.pear, at), talkOf(PEERS.bootstrap, at, { seesUs: false }), talkOf(PEERS.walnut, at)],
  }
}

export function diagnosisOf(at: number): Diagnosis {
  const check = (entry: Partial<Diagnosis['checks'][number]> & { id: string; title: string; evidence: string }) => ({
    verdict: 'pass' as const,
    action: null,
    code: null,
    at,
    ...entry,
  })
  return {
    tookMs: 412,
    checks: [
      check({ id: 'shards-own', title: 'Own shard', evidence: 'Blocks 4–7, 1.0 GB, hashed just now' }),
      check({
        id: 'shards-discovery',
        title: 'Discovered shards',
        verdict: 'fail',
        evidence: '7 / 8, missing 5',
        action: ERROR_CATALOGUE.SWARM_INCOMPLETE.action,
        code: 'SWARM_INCOMPLETE',
      }),
      check({ id: 'shards-loaded', title: 'Loaded shards', evidence: '7 / 8 verified by this node' }),
      check({ id: 'shards-commands', title: 'Commands between nodes', evidence: 'No LOAD_SHARD came' }),
    ],
    report:
      'Shard    Blocks    Online     Loaded\nShard 4  blocks 4  ★ LOCAL    ✓ YES\nFAIL Discovered shards: 7 / 8, missing 5',
  }
}

export function fetchOf(change: Partial<FetchView> = {}): FetchView {
  return {
    state: 'fetching',
    verifiedBytes: 640 * MB,
    neededBytes: 1_030 * MB,
    verifiedPieces: 611,
    neededPieces: 983,
    bytesPerSecond: 11.2 * MB,
    etaMs: 34_800,
    peers: 2,
    sources: [
      {
        label: '12D3…aa4K',
        kind: 'lan',
        state: 'active',
        receivedBytes: 410 * MB,
        bytesPerSecond: 8.1 * MB,
        failures: 0,
        trouble: null,
      },
      {
        label: 'mirror.example',
        kind: 'http',
        state: 'active',
        receivedBytes: 232 * MB,
        bytesPerSecond: 3.1 * MB,
        failures: 1,
        trouble: 'The peer could not be reached: mirror.example did not answer in time',
      },
      {
        label: 'old-model.gguf',
        kind: 'file',
        state: 'excluded',
        receivedBytes: 0,
        bytesPerSecond: null,
        failures: 1,
        trouble: 'The file is another one than the manifest describes',
      },
    ],
    ...change,
  }
}

/** Ours is on its way: what follows has no time yet. */
const fetchingReadiness = (at: number, blocker: Readiness['blocker']): Readiness => {
  const { shards, ...readiness } = readinessOf(at)
  return {
    ...readiness,
    blocker,
    shards: shards.map((shard) =>
      shard.index < 4
        ? shard
        : { ...shard, label: 'not-loaded', isLocal: true, by: PEERS.self, replicas: 1, verified: 0 },
    ),
    discovered: 8,
    reasons: ['not loaded: 4 to 7'],
    timeline: readiness.timeline.map(({ what }) => ({ what, expectedS: null, actualS: null, isLate: false })),
  }
}

/** Nobody is asked. */
function stillFetch(state: FetchView['state']): FetchView {
  const fetch = fetchOf({ state, bytesPerSecond: null, etaMs: null })
  return {
    ...fetch,
    sources: fetch.sources.map((source) => ({
      ...source,
      state: source.state === 'excluded' ? source.state : 'waiting',
      bytesPerSecond: null,
    })),
  }
}

/** A fetch with its own figures, as the page of shards shows it. */
export function fetchDetailStatus(at: number): NodeStatus {
  const blocker = {
    id: 'working-fetch',
    sentence: 'The shard is being fetched (62 %).',
    button: 'run-diagnosis',
  } as const
  return { ...fetchingStatus(at), fetch: fetchOf(), readiness: fetchingReadiness(at, blocker) }
}

export function pausedStatus(at: number): NodeStatus {
  const status = fetchingStatus(at)
  const { cause, action } = ERROR_CATALOGUE.FETCH_PAUSED
  return told({
    ...status,
    fetch: stillFetch('paused'),
    steps: status.steps.map((step) =>
      step.name === 'fetch'
        ? { ...step, state: 'waiting', evidence: [], blocker: { code: 'FETCH_PAUSED', cause, action } }
        : step,
    ),
    readiness: fetchingReadiness(at, { id: 'paused', sentence: `${cause} (62 %).`, button: 'resume-fetch' }),
  })
}

export function diskFullStatus(at: number): NodeStatus {
  const status = fetchingStatus(at)
  const { cause, action } = ERROR_CATALOGUE.DISK_CAP_REACHED
  const full = `${cause}: 200 MB more are needed: 400 MB for the blocks, and 67 MB that stay free`
  return told({
    ...status,
    fetch: stillFetch('waiting'),
    steps: status.steps.map((step) =>
      step.name === 'fetch'
        ? { ...step, state: 'failed', evidence: [], blocker: { code: 'DISK_CAP_REACHED', cause: full, action } }
        : step,
    ),
    readiness: fetchingReadiness(at, { id: 'disk-cap', sentence: `${full}.`, button: 'open-settings' }),
  })
}

/** The shard is not here, and nobody has it: what the runbook calls the commonest blocker. */
export function missingShardStatus(at: number): NodeStatus {
  const status = fetchingStatus(at)
  const { cause, action } = ERROR_CATALOGUE.FETCH_NO_SOURCE
  return told({
    ...status,
    loadLevel: 'L0',
    steps: stepsOf({
      ...Object.fromEntries(
        status.steps.filter(({ state }) => state === 'done').map(({ name, ...step }) => [name, step]),
      ),
      fetch: {
        state: 'failed',
        startedAt: at - 12_000,
        evidence: [],
        blocker: { code: 'FETCH_NO_SOURCE', cause, action },
        next: { what: 'Looking again by itself', at: at + 4_000 },
      },
    }),
    readiness: fetchingReadiness(at, {
      id: 'shard-missing',
      sentence: `${cause}.`,
      button: 'choose-file',
      others: ['download', 'wait-for-coordinator'],
    }),
  })
}

/** The steps, with the fetch where somebody has left it. */
function withFetch(
  { steps }: NodeStatus,
  { state, at, blocker }: { state: Step['state']; at: number; blocker: Blocker },
): Step[] {
  const fetch: Step = { name: 'fetch', state, startedAt: at - 12_000, evidence: [], blocker }
  return steps.map((step) => (step.name === 'fetch' ? fetch : step))
}

/** As it is after “Cancel”. */
export function cancelledStatus(at: number): NodeStatus {
  const status = missingShardStatus(at)
  const { cause, action } = ERROR_CATALOGUE.CANCELLED
  return told({
    ...status,
    steps: withFetch(status, { state: 'failed', at, blocker: { code: 'CANCELLED', cause, action } }),
    readiness: fetchingReadiness(at, { id: 'cancelled', sentence: `${cause}.`, button: 'load-now' }),
  })
}

/** Its operator would rather be told than look. */
export function awaitingStatus(at: number): NodeStatus {
  const status = missingShardStatus(at)
  const { cause, action } = ERROR_CATALOGUE.LOAD_AWAITED
  return told({
    ...status,
    steps: withFetch(status, { state: 'waiting', at, blocker: { code: 'LOAD_AWAITED', cause, action } }),
    readiness: fetchingReadiness(at, {
      id: 'awaiting-command',
      sentence: `${cause}.`,
      button: 'choose-file',
      others: ['download'],
    }),
  })
}

/** Nobody has decided about it, and its operator has copied files in the meantime. */
export function foundStatus(at: number): NodeStatus {
  return {
    ...waitingStatus(at),
    foundFiles: [
      {
        name: 'big-00001-of-00003.gguf',
        sizeBytes: 2.1 * GB,
        state: 'copying',
      },
      {
        name: 'notes.gguf',
        sizeBytes: 4_096,
        state: 'unusable',
        trouble: new EspalierError('GGUF_INVALID', 'it does not begin with GGUF').report(),
      },
      {
        name: 'shard-0.gguf',
        sizeBytes: 42 * MB,
        state: 'complete',
        model: { name: 'Tiny Jargon 8', blockCount: 8 },
      },
    ],
  }
}
