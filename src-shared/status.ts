import * as z from 'zod/mini'
import { CoordinatorViewSchema } from './coordinator-view'
import { ERROR_CODES } from './error-catalogue'
import { ReadinessSchema } from './readiness'
import { shownText, shownTime } from './shown-text'

/** In the order in which a node goes through them. */
export const STEP_NAMES = [
  'connect',
  'register',
  'approve',
  'fetch',
  'load',
  'prove',
  'announce',
  'visible',
  'serve',
] as const
export type StepName = (typeof STEP_NAMES)[number]

/** `idle`: not begun. `done` needs evidence. `degraded`: was done, and the evidence is old or partly gone. */
export const STEP_STATES = ['idle', 'waiting', 'working', 'done', 'degraded', 'failed'] as const
export type StepState = (typeof STEP_STATES)[number]

export const LOAD_LEVELS = ['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7'] as const
export type LoadLevel = (typeof LOAD_LEVELS)[number]

export const NODE_PHASES = ['stopped', 'starting', 'running', 'stopping'] as const
export type NodePhase = (typeof NODE_PHASES)[number]

/** One shape per state of LOOK.md; the same in window, tray, lists and CLI. */
export const STATUS_SHAPES = ['visible', 'working', 'waiting', 'degraded', 'problem', 'stopped'] as const
export type StatusShape = (typeof STATUS_SHAPES)[number]

const epochMs = shownTime()

export const EvidenceSchema = z.object({
  /** `peer` and `coordinator`: said by someone else. `hash`: of bytes. `measurement`: of a measured quantity. */
  kind: z.enum(['peer', 'coordinator', 'hash', 'measurement']),
  /** Who or what says so: a peer id, a coordinator's URL, a hash algorithm, an instrument. */
  by: shownText(200),
  at: epochMs,
  value: shownText(500),
})
export type Evidence = z.infer<typeof EvidenceSchema>

export const BlockerSchema = z.object({ code: z.enum(ERROR_CODES), cause: shownText(600), action: shownText(300) })
export type Blocker = z.infer<typeof BlockerSchema>

export const ProgressSchema = z.object({
  done: z.number(),
  total: z.number(),
  unit: z.enum(['bytes', 'pieces', 'records', 'parts']),
})
export type Progress = z.infer<typeof ProgressSchema>

export const StepSchema = z.object({
  name: z.enum(STEP_NAMES),
  state: z.enum(STEP_STATES),
  startedAt: z.nullable(epochMs),
  endedAt: z.optional(epochMs),
  progress: z.optional(ProgressSchema),
  evidence: z.array(EvidenceSchema),
  blocker: z.optional(BlockerSchema),
  /** What happens next, and when, in words for people. */
  next: z.optional(z.object({ what: shownText(200), at: z.optional(epochMs) })),
})
export type Step = z.infer<typeof StepSchema>

export const BlockRangeSchema = z.object({ start: z.int(), end: z.int() })

export const PeerSummarySchema = z.object({
  peerId: shownText(120),
  publicName: z.nullable(shownText(200)),
  blocks: z.nullable(BlockRangeSchema),
  state: z.enum(['online', 'joining', 'offline', 'unreachable', 'unknown']),
  /** Median round-trip of libp2p ping, in ms; null until measured. */
  roundTripMs: z.nullable(z.number()),
  isSelf: z.boolean(),
  /** When somebody's record or answer last showed this peer. */
  seenAt: epochMs,
  /** The country that its address is registered in, in two letters of ISO 3166-1; absent where nobody can say, or shall. */
  country: z.optional(z.string().check(z.regex(/^[A-Z]{2}$/))),
  /** What its own records say of it; null where they do not. Absent where there is no record. */
  offers: z.optional(
    z.object({
      quantization: z.nullable(shownText(40)),
      /** Single tokens a second through its blocks. */
      tokensPerSecond: z.nullable(z.number()),
      cacheTokensLeft: z.nullable(z.number()),
      usesRelay: z.nullable(z.boolean()),
    }),
  ),
})
export type PeerSummary = z.infer<typeof PeerSummarySchema>

/** What a map does to find a node, in its order. */
export const LOOK_NAMES = ['index', 'records', 'call', 'read', 'row'] as const
export type LookName = (typeof LOOK_NAMES)[number]

/**
 * How a peer of another program came to us: over a new connection when it was asked to (`fresh`), or by itself
 * (`called`). `held`: it says so, over a connection that it had already, which proves nothing.
 */
export const FOREIGN_REACHES = ['fresh', 'called', 'held', 'no', 'silent', 'not_asked'] as const

export const ForeignWordSchema = z.object({
  peer: shownText(120),
  /** The program that it says to be. */
  agent: shownText(60),
  at: epochMs,
  /** Of our block records; `asked` is 0 where it was not asked for them. */
  found: z.int(),
  asked: z.int(),
  reach: z.enum(FOREIGN_REACHES),
  /** Where its connection came from; null where none came. */
  from: z.nullable(shownText(120)),
})
export type ForeignWord = z.infer<typeof ForeignWordSchema>

export const OthersSeeSchema = z.object({
  at: epochMs,
  /** What peers of other programs showed, where there were too few witnesses. */
  foreign: z.optional(z.array(ForeignWordSchema)),
  steps: z.array(
    z.object({
      name: z.enum(LOOK_NAMES),
      state: z.enum(['pass', 'fail', 'unknown']),
      /** Peers that showed it. */
      by: z.array(shownText(120)),
      value: shownText(600),
    }),
  ),
})
export type OthersSee = z.infer<typeof OthersSeeSchema>

export const MapViewSchema = z.object({
  url: shownText(500),
  state: z.enum([
    'not_expected_yet',
    'present',
    'differs',
    'absent',
    'unreachable_row',
    'untracked',
    'map_unreachable',
  ]),
  text: shownText(600),
  at: epochMs,
  /** Questions of the last hour, and how many there may be. */
  asked: z.int(),
  budget: z.int(),
  /** What we and the map say of each bootstrap, where both say anything. */
  bootstraps: z.array(
    z.object({ peerId: shownText(120), here: shownText(40), map: shownText(40), differs: z.boolean() }),
  ),
})
export type MapView = z.infer<typeof MapViewSchema>

export const ComputeViewSchema = z.object({
  kind: z.enum(['cpu', 'vulkan', 'cuda', 'metal']),
  /** The device that the blocks lie on, as its driver calls it. */
  name: shownText(200),
  /** Why it is the processor although a graphics card was expected (H-41); null where all is as it should be. */
  missedGpu: z.nullable(shownText(300)),
})
export type ComputeView = z.infer<typeof ComputeViewSchema>

/** How fast one block is here, as it was measured (M-39): never a constant, never another computer's. */
export const SpeedViewSchema = z.object({
  /** Single-token steps per second and block. */
  inferenceRps: z.number(),
  /** Tokens of one batch per second and block. */
  forwardRps: z.number(),
  measuredAt: epochMs,
  /** The device that it was measured on, as its driver calls it. */
  device: shownText(200),
})
export type SpeedView = z.infer<typeof SpeedViewSchema>

export const FETCH_STATES = ['checking', 'fetching', 'paused', 'waiting', 'finishing', 'done'] as const
export const SOURCE_KINDS = ['store', 'folder', 'file', 'lan', 'swarm', 'http'] as const

/** A fetch under way, as it measures itself (S-21). Bytes and pieces are verified ones. */
export const FetchViewSchema = z.object({
  state: z.enum(FETCH_STATES),
  verifiedBytes: z.number(),
  neededBytes: z.number(),
  verifiedPieces: z.int(),
  neededPieces: z.int(),
  /** Null until five seconds of data were seen; then the rest at that rate. */
  bytesPerSecond: z.nullable(z.number()),
  etaMs: z.nullable(z.number()),
  peers: z.int(),
  sources: z
    .array(
      z.object({
        label: shownText(200),
        kind: z.enum(SOURCE_KINDS),
        /** `excluded`: not asked again in this fetch. */
        state: z.enum(['waiting', 'active', 'excluded']),
        receivedBytes: z.number(),
        bytesPerSecond: z.nullable(z.number()),
        failures: z.int(),
        /** What went wrong with it last. */
        trouble: z.nullable(shownText(300)),
      }),
    )
    .check(z.maxLength(32)),
})
export type FetchView = z.infer<typeof FetchViewSchema>

/** A file in the shard folder of a node that has no blocks yet (S-28). The files of a split model are one. */
export const FoundFileSchema = z.object({
  name: shownText(300),
  sizeBytes: z.number(),
  /** `copying`: somebody still writes to it, or other files of a split model are missing. */
  state: z.enum(['copying', 'complete', 'unusable']),
  /** What a complete one says of itself; nothing of it is hashed before there are blocks to fetch. */
  model: z.optional(z.object({ name: shownText(200), blockCount: z.int() })),
  /** Why it is unusable. */
  trouble: z.optional(BlockerSchema),
})
export type FoundFile = z.infer<typeof FoundFileSchema>

/** What another node holds against this one, in its own words: evidence for the owner, not a verdict. */
export const NoticeSchema = z.object({
  by: shownText(120),
  code: z.enum(ERROR_CODES),
  cause: shownText(300),
  at: epochMs,
})
export type Notice = z.infer<typeof NoticeSchema>

export const NodeStatusSchema = z.object({
  revision: z.int(),
  at: epochMs,
  phase: z.enum(NODE_PHASES),
  shape: z.enum(STATUS_SHAPES),
  /** One state in a few words, and one sentence that says why and what happens next. */
  headline: shownText(120),
  sentence: shownText(600),
  /** Shown on every screen when not null: this node can't leave this computer (C-40). */
  watermark: z.nullable(shownText(40)),
  peerId: z.nullable(shownText(120)),
  publicName: shownText(200),
  profile: shownText(40),
  listenAddresses: z.array(shownText(300)),
  coordinatorUrl: z.nullable(shownText(500)),
  /** Our standing with the coordinator; absent while no node runs or where there is none. */
  coordinator: z.optional(CoordinatorViewSchema),
  model: z.nullable(
    z.object({
      ...{ name: shownText(200), dhtPrefix: shownText(200), blockCount: z.int() },
      /** Whether the model's file says how a chat is written; absent while that is not known. */
      hasChatTemplate: z.optional(z.boolean()),
      /** Why nothing can be asked here although the blocks are loaded; absent where it can. */
      noTokenizer: z.optional(BlockerSchema),
    }),
  ),
  blocks: z.nullable(BlockRangeSchema),
  loadLevel: z.enum(LOAD_LEVELS),
  /** Number of live servers (ours included when L6) of each block of the model; empty when unknown. */
  coverage: z.array(z.int()),
  peers: z.array(PeerSummarySchema),
  /** How many more there are than fit into one message; absent where all are listed. */
  peersLeftOut: z.optional(z.int()),
  steps: z.array(StepSchema),
  /** Why the app did not start the node by itself although it was to run: safe mode. Gone with the next start. */
  heldBack: z.optional(BlockerSchema),
  /** The newest last; absent while there are none. */
  notices: z.optional(z.array(NoticeSchema).check(z.maxLength(8))),
  contribution: z.object({ requests: z.int(), tokens: z.int(), upSince: z.nullable(epochMs) }),
  resources: z.object({
    /** Resident bytes of the host process and of its engine child, as the OS reports them. */
    hostResidentBytes: z.nullable(z.number()),
    engineResidentBytes: z.nullable(z.number()),
    /** Fraction of one core used by host and engine over the last sample. */
    cpuCores: z.nullable(z.number()),
    /** Bytes over connections to peers since the start, and per second over the last sample; absent before one. */
    network: z.optional(
      z.object({
        ...{ receivedBytes: z.number(), sentBytes: z.number() },
        ...{ receivedPerS: z.nullable(z.number()), sentPerS: z.nullable(z.number()) },
      }),
    ),
    /** Of the graphics cards that compute here, as their driver reports it for all programs; absent without one. */
    cards: z.optional(z.object({ usedBytes: z.number(), totalBytes: z.number() })),
    /** What has been above the operator's limit for two samples; absent while nothing is. Memory in bytes. */
    over: z.optional(
      z
        .array(z.object({ what: z.enum(['memory', 'processor']), used: z.number(), cap: z.number(), since: epochMs }))
        .check(z.maxLength(4)),
    ),
  }),
  /** What became of the calls of other peers since the start; absent while no node runs. */
  calls: z.optional(
    z.object({
      ...{ answered: z.int(), refused: z.int() },
      /** Of those refused, the ones that ended before it was known what for. */
      refusedEarly: z.int(),
      peersCut: z.int(),
      protocols: z
        .array(z.object({ protocol: shownText(200), admitted: z.int(), refused: z.int() }))
        .check(z.maxLength(32)),
    }),
  ),
  /** The DHT's routing table: how many peers, and when that number last changed; absent while no node runs. */
  routingTable: z.optional(z.object({ peers: z.int(), changedAt: epochMs })),
  /** The steps of a network's map, walked against this node through other peers; absent until the first look. */
  othersSee: z.optional(OthersSeeSchema),
  /** This node's row on the network's public map; absent where the network has none. */
  map: z.optional(MapViewSchema),
  /** The fetch of this node's blocks; absent while there is none. */
  fetch: z.optional(FetchViewSchema),
  /** What lies in the shard folder; absent once blocks are assigned, because the fetch then says what it takes. */
  foundFiles: z.optional(z.array(FoundFileSchema).check(z.maxLength(16))),
  /** What computes, from the load on; absent before. */
  compute: z.optional(ComputeViewSchema),
  /** What is announced of its speed; absent while nothing is proven. */
  speed: z.optional(SpeedViewSchema),
  /** Whether every shard of the model is served, as this node verified it; absent before a model is known. */
  readiness: z.optional(ReadinessSchema),
})
export type NodeStatus = z.infer<typeof NodeStatusSchema>

export function emptySteps(): Step[] {
  return STEP_NAMES.map((name) => ({ name, state: 'idle', startedAt: null, evidence: [] }))
}
