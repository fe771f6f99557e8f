import { summarize } from '../../src-main/node/words'
import {
  type NodeStatus,
  type PeerSummary,
  type SpeedView,
  STEP_NAMES,
  type Step,
  type StepName,
} from '../../src-shared/status'

/** Valid ids (base58 of an Ed25519 identity), belonging to nobody. */
export const PEERS = {
  self: '12D3KooWGzBn2fSgRAxpTqWQg1xRkMzLXkCqZ5fYqVvJ9mYbf3aQ',
  bootstrap: '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVp9Lw',
  walnut: '12D3KooWLbTn4vFqk8Pp3qoXzT8pFhTrhYp3oQnJwK7oRzWdaa4K',
  pear: '12D3KooWA7cXkM4pV6xYtDqCoPz2nGqfF9bUeWmHjRsLvTy8kQ2E',
} as const

export const COORDINATOR_URL = 'http://127.0.0.1:7070'
const MB = 1_000_000
const SPEED: SpeedView = {
  inferenceRps: 5_140,
  forwardRps: 31_200,
  measuredAt: Date.UTC(2026, 0, 30, 9, 12),
  device: 'AMD Ryzen 7 7840U',
}

type Entry = Omit<Step, 'name'>
const idle: Entry = { state: 'idle', startedAt: null, evidence: [] }

export function stepsOf(entries: Partial<Record<StepName, Entry>>): Step[] {
  return STEP_NAMES.map((name) => ({ name, ...(entries[name] ?? idle) }))
}

/** In the node's own words, so that no picture says what the app would not. */
export function told(status: Omit<NodeStatus, 'shape' | 'headline' | 'sentence'>): NodeStatus {
  return { ...status, ...summarize(status.phase, status.steps, status.blocks, 0) }
}

export function stoppedStatus(at: number): NodeStatus {
  return told({
    revision: 1,
    at,
    phase: 'stopped',
    watermark: null,
    peerId: PEERS.self,
    publicName: 'attic-pc',
    profile: 'espalier',
    listenAddresses: [],
    coordinatorUrl: COORDINATOR_URL,
    model: null,
    blocks: null,
    loadLevel: 'L2',
    coverage: [],
    peers: [],
    steps: stepsOf({}),
    contribution: { requests: 0, tokens: 0, upSince: null },
    resources: { hostResidentBytes: 118 * MB, engineResidentBytes: null, cpuCores: 0.01 },
  })
}

const connected = (at: number): Entry => ({
  state: 'done',
  startedAt: at - 62_000,
  endedAt: at - 61_400,
  evidence: [{ kind: 'peer', by: PEERS.bootstrap, at: at - 61_400, value: 'in 3 ms' }],
})
const registered = (at: number): Entry => ({
  state: 'done',
  startedAt: at - 61_400,
  endedAt: at - 61_200,
  evidence: [
    {
      kind: 'coordinator',
      by: COORDINATOR_URL,
      at: at - 61_200,
      value: 'POST /workers/register: HTTP 200, status pending, layers none',
    },
  ],
})
const approved = (at: number): Entry => ({
  state: 'done',
  startedAt: at - 61_200,
  endedAt: at - 58_000,
  evidence: [
    {
      kind: 'coordinator',
      by: COORDINATOR_URL,
      at: at - 58_000,
      value:
        'POST /workers/heartbeat: HTTP 200, status online, layers [4, 8), model Tiny Jargon 8, by host, reason the weakest of the chain',
    },
  ],
})

export function peersOf(at: number): PeerSummary[] {
  return [
    {
      peerId: PEERS.self,
      publicName: 'attic-pc',
      blocks: { start: 4, end: 8 },
      state: 'online',
      roundTripMs: null,
      isSelf: true,
      seenAt: at - 1_000,
      offers: { quantization: 'Q4_K', tokensPerSecond: 41, cacheTokensLeft: 8_192, usesRelay: false },
    },
    {
      peerId: PEERS.walnut,
      publicName: 'walnut',
      blocks: { start: 0, end: 4 },
      state: 'online',
      roundTripMs: 2.4,
      isSelf: false,
      seenAt: at - 4_000,
      offers: { quantization: 'Q4_K', tokensPerSecond: 38.2, cacheTokensLeft: 12_288, usesRelay: false },
    },
    {
      peerId: PEERS.pear,
      publicName: 'pear-shed',
      blocks: { start: 0, end: 6 },
      state: 'joining',
      roundTripMs: 18,
      isSelf: false,
      seenAt: at - 9_000,
      offers: { quantization: 'Q4_K', tokensPerSecond: null, cacheTokensLeft: 0, usesRelay: true },
    },
    {
      peerId: PEERS.bootstrap,
      publicName: null,
      blocks: null,
      state: 'unknown',
      roundTripMs: 3,
      isSelf: false,
      seenAt: at - 12_000,
    },
  ]
}

function running(at: number): NodeStatus {
  return {
    ...stoppedStatus(at),
    phase: 'running',
    listenAddresses: ['/ip4/127.0.0.1/tcp/4001'],
    model: { name: 'Tiny Jargon 8', dhtPrefix: 'Tiny-Jargon-8', blockCount: 8 },
    blocks: { start: 4, end: 8 },
    coverage: [1, 1, 1, 1, 0, 0, 0, 0],
    peers: peersOf(at).map((peer) => (peer.isSelf ? { ...peer, state: 'joining' } : peer)),
    contribution: { requests: 0, tokens: 0, upSince: at - 62_000 },
    resources: { hostResidentBytes: 171 * MB, engineResidentBytes: 42 * MB, cpuCores: 0.62 },
    speed: SPEED,
  }
}

export function startingStatus(at: number): NodeStatus {
  return told({
    ...stoppedStatus(at),
    phase: 'starting',
    steps: stepsOf({ connect: { state: 'working', startedAt: at - 900, evidence: [] } }),
  })
}

export function waitingStatus(at: number): NodeStatus {
  return told({
    ...running(at),
    model: null,
    blocks: null,
    loadLevel: 'L0',
    coverage: [],
    peers: [],
    resources: { hostResidentBytes: 131 * MB, engineResidentBytes: null, cpuCores: 0.02 },
    steps: stepsOf({
      connect: connected(at),
      register: registered(at),
      approve: {
        state: 'waiting',
        startedAt: at - 61_000,
        evidence: [],
        next: { what: 'The coordinator is asked again', at: at + 21_000 },
      },
    }),
  })
}

export function fetchingStatus(at: number): NodeStatus {
  return told({
    ...running(at),
    loadLevel: 'L1',
    steps: stepsOf({
      connect: connected(at),
      register: registered(at),
      approve: approved(at),
      fetch: {
        state: 'working',
        startedAt: at - 57_000,
        progress: { done: 640 * MB, total: 1_030 * MB, unit: 'bytes' },
        evidence: [{ kind: 'hash', by: 'sha-256', at: at - 400, value: '611 of 983 pieces match the manifest' }],
      },
    }),
  })
}

const served = (at: number): Partial<Record<StepName, Entry>> => ({
  connect: connected(at),
  register: registered(at),
  approve: approved(at),
  fetch: {
    state: 'done',
    startedAt: at - 58_000,
    endedAt: at - 56_900,
    evidence: [{ kind: 'hash', by: 'sha-256', at: at - 56_900, value: 'all 24 pieces match the manifest' }],
  },
  load: {
    state: 'done',
    startedAt: at - 56_900,
    endedAt: at - 56_100,
    evidence: [{ kind: 'measurement', by: 'engine', at: at - 56_100, value: '42 MB resident on the processor' }],
  },
  prove: {
    state: 'done',
    startedAt: at - 56_100,
    endedAt: at - 55_800,
    evidence: [{ kind: 'measurement', by: 'probe', at: at - 55_800, value: 'largest difference 0.0004, allowed 0.01' }],
  },
  announce: {
    state: 'done',
    startedAt: at - 55_800,
    endedAt: at - 14_000,
    evidence: [
      { kind: 'peer', by: PEERS.bootstrap, at: at - 14_000, value: '9 of 9 records' },
      { kind: 'peer', by: PEERS.walnut, at: at - 14_000, value: '9 of 9 records' },
    ],
    next: { what: 'The records are renewed', at: at + 106_000 },
  },
  visible: {
    state: 'done',
    startedAt: at - 55_000,
    endedAt: at - 53_000,
    evidence: [
      { kind: 'peer', by: PEERS.walnut, at: at - 12_000, value: 'dialled back in 3 ms' },
      { kind: 'peer', by: PEERS.bootstrap, at: at - 13_000, value: 'dialled back in 4 ms' },
    ],
  },
  serve: {
    state: 'done',
    startedAt: at - 53_000,
    endedAt: at - 30_000,
    evidence: [{ kind: 'peer', by: PEERS.walnut, at: at - 30_000, value: '64 tokens through blocks 4–7' }],
  },
})

export function servingStatus(at: number): NodeStatus {
  return told({
    ...running(at),
    loadLevel: 'L7',
    coverage: [2, 1, 1, 1, 2, 1, 1, 1],
    peers: peersOf(at),
    steps: stepsOf(served(at)),
    contribution: { requests: 4_212, tokens: 1_941_380, upSince: at - 3 * 86_400_000 - 4 * 3_600_000 },
    resources: {
      hostResidentBytes: 174 * MB,
      engineResidentBytes: 42 * MB,
      cpuCores: 0.07,
      network: { receivedBytes: 4_310 * MB, sentBytes: 4_720 * MB, receivedPerS: 18_400, sentPerS: 21_900 },
    },
    calls: {
      ...{ answered: 27_341, refused: 9_204, refusedEarly: 9_180, peersCut: 0 },
      protocols: [
        { protocol: 'TransformerConnectionHandler.rpc_info', admitted: 4_402, refused: 24 },
        { protocol: '/ipfs/ping/1.0.0', admitted: 18_211, refused: 0 },
        { protocol: 'DHTProtocol.rpc_find', admitted: 3_120, refused: 0 },
        { protocol: '/espalier/witness/1', admitted: 1_608, refused: 0 },
      ],
    },
    speed: SPEED,
    routingTable: { peers: 31, changedAt: at - 48_000 },
    othersSee: {
      at: at - 12_000,
      steps: [
        { name: 'index', state: 'pass', by: [PEERS.walnut], value: '' },
        { name: 'records', state: 'pass', by: [PEERS.walnut], value: '4 of 4 records' },
        { name: 'call', state: 'pass', by: [PEERS.walnut], value: '' },
        { name: 'read', state: 'pass', by: [PEERS.walnut], value: '' },
        { name: 'row', state: 'pass', by: [PEERS.walnut], value: 'blocks 4 to 7, online' },
      ],
    },
  })
}

/** In a network of the world, where most have a public address. */
export function placedStatus(at: number): NodeStatus {
  const [self, walnut, pear, bootstrap] = peersOf(at)
  if (!self || !walnut || !pear || !bootstrap) throw new Error('four peers')
  const more = (peerId: string, publicName: string, country: string): PeerSummary => ({
    ...walnut,
    ...{ peerId, publicName, country, roundTripMs: 96 },
  })
  return {
    ...servingStatus(at),
    peers: [
      { ...self, country: 'DE' },
      { ...walnut, country: 'DE' },
      pear,
      { ...bootstrap, country: 'US' },
      more('12D3KooWBkq6oJ5PpTqWqN1uZ8rY2cVxDgLsEaHfMi3tGjRkU7Xw', 'medlar', 'DE'),
      more('12D3KooWJx4LsTz9dVwNcGaHk2eYp6QrMfUiBoXnD8vS3jWtC5Ag', 'loquat', 'BR'),
      more('12D3KooWRp7NqFm3sKdXbVhYg5uJtLcEwZiPo9aTnS2xGjC8rB4D', 'yuzu', 'JP'),
    ],
  }
}

export function demoStatus(at: number): NodeStatus {
  const peers = peersOf(at).map((peer) => (peer.isSelf ? { ...peer, publicName: 'demo-2' } : peer))
  return { ...servingStatus(at), watermark: 'Demo', profile: 'local', publicName: 'demo-2', peers }
}

export function degradedStatus(at: number): NodeStatus {
  const steps = served(at)
  return told({
    ...servingStatus(at),
    loadLevel: 'L6',
    coverage: [1, 1, 1, 1, 1, 1, 1, 1],
    steps: stepsOf({
      ...steps,
      visible: {
        state: 'degraded',
        startedAt: at - 40_000,
        evidence: [{ kind: 'peer', by: PEERS.walnut, at: at - 190_000, value: 'dialled back in 3 ms' }],
        blocker: {
          code: 'NOT_READ_BACK',
          cause: 'Our records could not be read back from another peer: 0 of 9 found at two peers',
          action: 'The app announces again.',
        },
        next: { what: 'Announcing again', at: at + 20_000 },
      },
      serve: { state: 'waiting', startedAt: at - 40_000, evidence: [] },
    }),
  })
}

export function problemStatus(at: number): NodeStatus {
  const steps = served(at)
  return told({
    ...running(at),
    loadLevel: 'L2',
    steps: stepsOf({
      connect: steps.connect ?? idle,
      register: steps.register ?? idle,
      approve: steps.approve ?? idle,
      fetch: {
        state: 'failed',
        startedAt: at - 20_000,
        endedAt: at - 18_000,
        progress: { done: 21, total: 24, unit: 'pieces' },
        evidence: [{ kind: 'hash', by: 'sha-256', at: at - 18_000, value: '21 of 24 pieces match the manifest' }],
        blocker: {
          code: 'SHARD_HASH_MISMATCH',
          cause: 'The bytes on disk are not the ones in the manifest: pieces 14, 15 and 17',
          action: 'Fetch the damaged pieces again.',
        },
      },
    }),
  })
}

/** A large model, to see the strip at its limit: 128 blocks, a gap in the middle, ours not yet proved. */
export function largeModelStatus(at: number): NodeStatus {
  return ofModel(servingStatus(at), {
    model: { name: 'Llama 3.1 405B Instruct', dhtPrefix: 'Llama-3-1-405B-Instruct-hf', blockCount: 128 },
    blocks: { start: 40, end: 56 },
    coverage: Array.from({ length: 128 }, (_, block) => (block >= 90 && block < 95 ? 0 : 1 + ((block * 7) % 5))),
  })
}

/** The same day with another model: also what the coordinator said then is about that one. */
export function ofModel(
  status: NodeStatus,
  {
    model,
    blocks,
    coverage,
  }: Required<Pick<NodeStatus, 'coverage'>> & {
    model: NonNullable<NodeStatus['model']>
    blocks: NonNullable<NodeStatus['blocks']>
  },
): NodeStatus {
  const layers = `[${blocks.start}, ${blocks.end})`
  const retold = (value: string) => value.replace('[4, 8)', layers).replace('Tiny Jargon 8', model.name)
  return told({
    ...status,
    ...{ model, blocks, coverage },
    peers: status.peers.map((peer) => (peer.isSelf ? { ...peer, blocks } : peer)),
    steps: status.steps.map((step) => ({
      ...step,
      evidence: step.evidence.map((one) => ({ ...one, value: retold(one.value) })),
    })),
  })
}

export const ALL_STATES = {
  stopped: stoppedStatus,
  starting: startingStatus,
  waiting: waitingStatus,
  fetching: fetchingStatus,
  serving: servingStatus,
  demo: demoStatus,
  degraded: degradedStatus,
  problem: problemStatus,
  large: largeModelStatus,
} as const
