import { type AppView, LIGHT_IDS, type SupportBundle } from '../../src-shared/app-view'
import type { Check, LogLine, NetworkPreview, ShardView } from '../../src-shared/app-views'
import { ERROR_CATALOGUE } from '../../src-shared/error-catalogue'
import type { IdentityView } from '../../src-shared/identity-view'
import type { NetworkTalk } from '../../src-shared/network-talk'
import { DEFAULT_SETTINGS, type Settings } from '../../src-shared/settings'
import type { NodeStatus, PeerSummary } from '../../src-shared/status'
import {
  COORDINATOR_URL,
  ofModel,
  PEERS,
  servingStatus,
  stepsOf,
  stoppedStatus,
  told,
  waitingStatus,
} from './status-fixtures'

const MIB = 1_048_576

export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  publicName: 'attic-pc',
  network: { kind: 'coordinator', url: COORDINATOR_URL },
}

export const PREVIEW: NetworkPreview = {
  coordinatorUrl: 'https://orchard.example',
  modelName: 'Llama 3.1 8B Instruct',
  blockCount: 32,
  modelBytes: 4_920_000_000,
  blockBytes: 142_000_000,
  onlineWorkers: 11,
  coveragePercent: 93.75,
  isDemo: false,
  invite: null,
  willSend: [
    { field: 'worker_id', value: '7d0c4a52-0f55-5b0e-9c0c-6a3f1f1a41c0' },
    { field: 'nickname', value: 'attic-pc' },
    { field: 'hardware_type', value: 'cpu' },
    { field: 'device_name', value: 'AMD Ryzen 7 5700G (linux x64)' },
    { field: 'vram_gb', value: '0' },
    { field: 'x_peer_id', value: PEERS.self },
    { field: 'x_multiaddrs', value: '/ip4/192.0.2.17/tcp/31338' },
    { field: 'x_demo', value: 'false' },
  ],
}

/** Digests of nothing in particular, each different. */
function digest(seed: number): string {
  let state = (seed + 1) * 2_654_435_761
  return Array.from({ length: 64 }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return (state >>> 28).toString(16)
  }).join('')
}

function shardsOf(options: {
  model: string
  quantization: string
  blockCount: number
  own: { start: number; end: number }
  piecesPerBlock: number
  pieceBytes: number
}): ShardView {
  const { blockCount, own, piecesPerBlock, pieceBytes } = options
  type Part = Pick<ShardView['pieces'][number], 'role' | 'block' | 'isNeeded'>
  const parts: Part[] = [
    ...Array.from({ length: 2 }, (): Part => ({ role: 'entry', block: null, isNeeded: own.start === 0 })),
    ...Array.from({ length: blockCount * piecesPerBlock }, (_, at): Part => {
      const block = Math.floor(at / piecesPerBlock)
      return { role: 'block', block, isNeeded: block >= own.start && block < own.end }
    }),
    ...Array.from({ length: 3 }, (): Part => ({ role: 'exit', block: null, isNeeded: own.end === blockCount })),
    { role: 'shared', block: null, isNeeded: true },
  ]
  const pieces = parts.map((part, index) => ({
    ...part,
    index,
    sizeBytes: pieceBytes - ((index * 7_919) % 40_000),
    sha256: digest(index),
  }))
  const sum = (chosen: typeof pieces) => chosen.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return {
    model: options.model,
    root: digest(10_000),
    architecture: 'llama',
    quantization: options.quantization,
    blocks: own,
    modelBytes: sum(pieces),
    neededBytes: sum(pieces.filter(({ isNeeded }) => isNeeded)),
    directory: '/home/kim/.local/share/espalier/shards/tiny-jargon-8',
    pieces,
  }
}

export const SHARDS = shardsOf({
  model: 'Tiny Jargon 8',
  quantization: 'Q8_0',
  blockCount: 8,
  own: { start: 4, end: 8 },
  piecesPerBlock: 5,
  pieceBytes: 1.3 * MIB,
})

export const LARGE_SHARDS = shardsOf({
  model: 'Llama 3.1 405B Instruct',
  quantization: 'Q4_K_M',
  blockCount: 128,
  own: { start: 40, end: 56 },
  piecesPerBlock: 7,
  pieceBytes: 256 * MIB,
})

/** A desktop app on a good day; a test changes what it is about. */
export function appViewOf(at: number): AppView {
  const evidence = {
    internet: '9 open connections, one to 12D3…f3aQ',
    lan: '192.168.1.17 on eth0',
    discovery: '12D3…kQ2E was found here',
    coordinator: 'it answers',
    bootstrap: 'connected to 2 of 2: 12D3…kQ2E',
    relay: 'no relay is used: others come directly',
  }
  return {
    version: '0.1.0',
    host: 'desktop',
    platform: 'linux x64',
    lights: LIGHT_IDS.map((id) => ({
      id,
      state: id === 'relay' ? 'unknown' : 'up',
      evidence: evidence[id],
      isUnsteady: false,
      since: at - 3_600_000,
      at,
    })),
    pausedFor: [],
    canPauseFor: ['battery', 'metered', 'full-screen', 'user-active', 'quiet-hours'],
    startsAtLogin: false,
    update: { way: 'automatic', state: 'current', version: null, note: '', checkedAt: at - 7_200_000 },
    choosesFiles: true,
    unsaved: [],
    invite: null,
  }
}

export function offlineViewOf(at: number): AppView {
  const view = appViewOf(at)
  return {
    ...view,
    lights: view.lights.map((light) => {
      if (light.id === 'internet')
        return { ...light, state: 'down', evidence: 'nothing outside of the local network answers' }
      if (light.id === 'coordinator')
        return { ...light, state: 'down', isUnsteady: true, evidence: 'its last answer came 94 s ago' }
      return light
    }),
  }
}

export const BUNDLE: SupportBundle = {
  id: 'bundle-1',
  text: [
    '== Espalier',
    'Espalier 0.1.0 (desktop) on linux x64, Node v24.1.0',
    'Written at 2026-11-21T14:15:00.000Z',
    '',
    '== State',
    'Serving blocks 4–7. 2 other nodes see this computer.',
    '',
    '== Checks',
    'PASS Data directory: ‹data directory› can be read and written',
    'WARN NAT and dial-back: only ‹peer 2› opened a connection; ‹address 1› is private [NOT_DIALLED_BACK]',
    '',
    '== Log',
    '2026-11-21T14:14:58.120Z info network.connected first peer ‹peer 1›, 3 ms',
    '',
  ].join('\n'),
  takenOut: [
    { what: 'data directory', count: 1 },
    { what: 'peer', count: 4 },
    { what: 'address', count: 2 },
    { what: 'user name', count: 1 },
  ],
}

export function checksOf(at: number): Check[] {
  const check = (entry: Partial<Check> & Pick<Check, 'id' | 'title' | 'evidence'>): Check => ({
    verdict: 'pass',
    action: null,
    code: null,
    at: at - 2_000,
    ...entry,
  })
  const by = `${short(PEERS.walnut)} and ${short(PEERS.bootstrap)}`
  return [
    check({
      id: 'data-directory',
      title: 'Data directory',
      evidence: '/home/kim/.local/share/espalier can be read and written',
    }),
    check({ id: 'disk-space', title: 'Disk space', evidence: '182 GB free' }),
    check({ id: 'identity', title: 'Identity', evidence: PEERS.self }),
    check({ id: 'clock', title: 'Clock', evidence: `This computer’s clock agrees with ${COORDINATOR_URL}` }),
    check({ id: 'port', title: 'Port for other peers', evidence: 'Listening on 31338' }),
    check({ id: 'engine', title: 'llama.cpp and devices', evidence: 'Llama.cpp b6673; CPU: AMD Ryzen 7 5700G' }),
    check({ id: 'device', title: 'Device and driver', evidence: 'AMD Ryzen 7 5700G (cpu) holds the blocks' }),
    check({ id: 'engine-probe', title: 'Test pass', evidence: 'Largest difference 0.0004, allowed 0.01, 56 s ago' }),
    check({ id: 'coordinator', title: 'Coordinator', evidence: `${COORDINATOR_URL} answered in 4 ms` }),
    check({ id: 'bootstraps', title: 'Bootstrap peers', evidence: '2 of 2 answered a ping' }),
    check({ id: 'dht-read-back', title: 'Records in the DHT', evidence: `${short(PEERS.bootstrap)} has 9 of 9` }),
    check({
      id: 'reachability',
      title: 'NAT and dial-back',
      verdict: 'warn',
      evidence: 'Other peers cannot open a connection to this node; 1 private address',
      action: 'Open the port in the firewall or router, or use a relay.',
      code: 'NOT_DIALLED_BACK',
    }),
    check({ id: 'visibility', title: 'Seen from outside', evidence: `Seen by ${by}` }),
    check({ id: 'others-see', title: 'As others see you', evidence: `Model listed (${by}); records found (${by})` }),
    check({
      id: 'map-row',
      title: 'Row on the map',
      verdict: 'unknown',
      evidence: 'Map unreachable (no answer in time); this node’s health does not depend on it',
    }),
    check({
      id: 'shard-files',
      title: 'Model files',
      evidence: 'Blocks 4–7, 28 MB, hashed just now: sha256 5f0c9a1d22b7e8c4…',
    }),
    check({
      id: 'other-nodes',
      title: 'Other node software',
      evidence: 'No other node software was found on this computer',
    }),
    check({ id: 'start-entries', title: 'Started by the system', evidence: 'The system starts no node software' }),
    check({ id: 'updates', title: 'Updates', evidence: 'Version 0.1.0 runs, the newest; looked 2 h ago' }),
  ]
}

/** As the app writes a peer in a sentence. */
function short(peerId: string): string {
  return `${peerId.slice(0, 4)}…${peerId.slice(-4)}`
}

/** With what the app can set right, and what only its owner should. */
export function fixableChecksOf(at: number): Check[] {
  return replaced(failingChecksOf(at), {
    identity: {
      verdict: 'warn',
      evidence: 'Other users of this computer can read the identity file',
      action: 'Take the right to read it from everybody but its owner (chmod 600).',
      code: 'IDENTITY_EXPOSED',
      fix: 'mend',
    },
    'start-entries': {
      verdict: 'warn',
      evidence: 'kwaainet.service (~/.config/systemd/user/kwaainet.service)',
      action: 'Leave it, or remove it with the command; the app never does.',
      code: 'START_ENTRY_FOUND',
      command: 'systemctl --user disable --now kwaainet.service',
    },
  })
}

export function failingChecksOf(at: number): Check[] {
  return replaced(checksOf(at), {
    'disk-space': {
      verdict: 'fail',
      evidence: '12 MB free, the blocks of this computer need 28 MB',
      action: 'Free disk space, or choose another data directory.',
      code: 'SHARD_WRITE_FAILED',
      fix: 'open-settings',
    },
  })
}

function replaced(checks: readonly Check[], changes: Readonly<Record<string, Partial<Check>>>): Check[] {
  return checks.map((check) => ({ ...check, ...changes[check.id] }))
}

const STORY: [LogLine['level'], string, string][] = [
  ['info', 'node.start', 'profile espalier, data in ~/.local/share/espalier'],
  ['debug', 'network.listen', '/ip4/0.0.0.0/tcp/31338'],
  ['info', 'network.connected', `first peer ${PEERS.bootstrap}, 3 ms`],
  ['info', 'worker.registered', 'worker w-41c0 at 127.0.0.1:7070'],
  ['info', 'worker.approved', 'blocks 4–7 of Tiny Jargon 8: the weakest of the chain'],
  ['debug', 'shards.piece', 'piece 22 of 24 matches its hash'],
  ['warn', 'coordinator.heartbeat.failed', 'No answer came in time; trying again in 5 s'],
  ['info', 'engine.loaded', '42 MB resident, llama.cpp v0.4.0 on the processor'],
  ['info', 'probe.passed', 'largest difference 0.0004, allowed 0.01'],
  ['debug', 'announce.stored', '9 of 9 records kept by 2 peers'],
  ['error', 'announce.readback', 'NOT_READ_BACK: 8 of 9 records found at 12D3…kQ2E'],
  ['info', 'visible', `seen by ${PEERS.walnut}, dialled back in 3 ms`],
]

/** `count` lines up to now, numbered from `firstSeq`. */
export function linesOf(at: number, count: number, firstSeq = 1): LogLine[] {
  return Array.from({ length: count }, (_, index) => {
    const [level, code, message] = STORY[(firstSeq - 1 + index) % STORY.length] ?? ['info', 'none', '']
    return { seq: firstSeq + index, at: at - (count - index) * 730, level, code, message }
  })
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export function manyPeers(at: number, count: number, blockCount: number): PeerSummary[] {
  const states = ['online', 'online', 'online', 'joining', 'online', 'unreachable', 'offline'] as const
  return Array.from({ length: count }, (_, index) => {
    const start = (index * 8) % blockCount
    const tail = Array.from(
      { length: 44 },
      (__, place) => BASE58[(index * (place + 7) + Math.floor(index / 58) * (place % 5) + place * 13) % 58],
    ).join('')
    return {
      peerId: `12D3KooW${tail}`,
      publicName: index % 9 === 8 ? null : `${['quince', 'medlar', 'fig', 'almond', 'olive'][index % 5]}-${index + 1}`,
      blocks: { start, end: Math.min(blockCount, start + 8 + (index % 3) * 4) },
      state: states[index % states.length] ?? 'online',
      roundTripMs: index % 6 === 5 ? null : 4 + ((index * 37) % 180),
      isSelf: index === 0,
      seenAt: at - 1_000 * (1 + ((index * 11) % 400)),
      // A real node lists no more than 300; more than these would not fit into one message.
      ...(index < 300 && {
        offers: {
          quantization: index % 4 === 3 ? null : 'Q4_K',
          tokensPerSecond: index % 5 === 4 ? null : 12 + ((index * 17) % 60),
          cacheTokensLeft: (index % 8) * 2_048,
          usesRelay: index % 6 === 2,
        },
      }),
    }
  })
}

/** As networks are: many in a few countries, a few in many, some nowhere. */
const COUNTRIES = 'US US US US US DE DE DE DE FR FR GB NL NL SE FI CA CA JP JP KR SG IN BR AU PL ES IT CH ZA'.split(' ')

export function placedAround(peers: readonly PeerSummary[]): PeerSummary[] {
  return peers.map((peer, index) => {
    const country = COUNTRIES[(index * 7) % (COUNTRIES.length + 4)]
    return country === undefined ? peer : { ...peer, country }
  })
}

export function crowdedStatus(at: number): NodeStatus {
  const status = ofModel(servingStatus(at), {
    model: { name: 'Llama 3.1 8B Instruct', dhtPrefix: 'Llama-3-1-8B-Instruct-hf', blockCount: 32 },
    blocks: { start: 0, end: 8 },
    coverage: Array.from({ length: 32 }, (_, block) => 2 + ((block * 5) % 4)),
  })
  return { ...status, peers: manyPeers(at, 40, 32) }
}

export function rejectedStatus(at: number): NodeStatus {
  const waiting = waitingStatus(at)
  return told({
    ...waiting,
    steps: waiting.steps.map((step) =>
      step.name === 'approve'
        ? {
            name: 'approve',
            state: 'failed',
            startedAt: at - 260_000,
            endedAt: at - 21_000,
            evidence: [
              {
                kind: 'coordinator',
                by: COORDINATOR_URL,
                at: at - 21_000,
                value:
                  'POST /workers/heartbeat: HTTP 200, status rejected, layers none, by host, reason we have enough processors for now',
              },
            ],
            blocker: {
              code: 'REGISTRATION_REJECTED',
              cause: 'The host rejected this node: we have enough processors for now',
              action: 'Settle it with the host of the network, then apply again.',
            },
          }
        : step,
    ),
  })
}

/** Before anything was chosen: no coordinator, no blocks, no file. */
export function firstRunStatus(at: number): NodeStatus {
  return {
    ...stoppedStatus(at),
    headline: 'Not part of a network yet',
    sentence: 'Choose a network to begin.',
    profile: 'none',
    coordinatorUrl: null,
    loadLevel: 'L0',
    steps: stepsOf({}),
  }
}

export function safeModeStatus(at: number): NodeStatus {
  const { cause, action } = ERROR_CATALOGUE.APP_CRASH_LOOP
  return {
    ...stoppedStatus(at),
    shape: 'problem',
    headline: 'Safe mode',
    sentence: `${cause}. The node was not started this time. ${action}`,
    heldBack: { code: 'APP_CRASH_LOOP', cause, action },
  }
}

export const TALK: NetworkTalk = {
  protocols: [
    { protocol: 'DHTProtocol.rpc_find', opened: 1_284, accepted: 977, open: 0 },
    { protocol: '/espalier/kad/1.0.0', opened: 412, accepted: 388, open: 3 },
    { protocol: '/espalier/pipeline/1', opened: 36, accepted: 58, open: 2 },
    { protocol: '/espalier/witness/1', opened: 14, accepted: 21, open: 0 },
    { protocol: '/ipfs/id/1.0.0', opened: 9, accepted: 9, open: 0 },
  ],
  verboseUntil: null,
}

export const IDENTITY: IdentityView = {
  state: 'whole',
  peerId: '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
  copyPeerId: '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
  problem: '',
  suggestedPath: '/home/kim/espalier-identity-4kx6nXTN.json',
}
