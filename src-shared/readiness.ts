import * as z from 'zod/mini'
import { ERROR_CODES } from './error-catalogue'
import { shownText } from './shown-text'

export const MAX_TALKS = 32

/** The one freshness limit (S-34): what nobody has shown for as long as a record lives by default. */
export const FRESH_MS = 360_000

/**
 * What is known of one shard, worst first. `never-seen`: no record. `stale`: a record that is too old. `not-loaded`:
 * somebody has it and says that it isn't loaded. `unverified`: somebody says that it is loaded, and we haven't had the
 * right answer from them yet. `loaded`: we have, lately.
 */
export const SHARD_LABELS = ['never-seen', 'stale', 'not-loaded', 'unverified', 'loaded'] as const
export type ShardLabel = (typeof SHARD_LABELS)[number]

export const ShardReadinessSchema = z.object({
  index: z.int(),
  blocks: z.object({ start: z.int(), end: z.int() }),
  label: z.enum(SHARD_LABELS),
  /** Among those that make the label is this node. */
  isLocal: z.boolean(),
  /** Who makes the label: a peer id; null when nobody was ever seen. */
  by: z.nullable(shownText(120)),
  /** When that peer was last seen, ms since the epoch. */
  seenAt: z.nullable(z.number()),
  /** Fresh replicas, and those of them that gave us the right answer. */
  replicas: z.int(),
  verified: z.int(),
  /** What was wrong with the last look at it, for people. */
  trouble: z.nullable(shownText(300)),
})
export type ShardReadiness = z.infer<typeof ShardReadinessSchema>

/** The one thing to do about a blocker; `null` where only waiting helps. */
export const BLOCKER_BUTTONS = [
  'start-node',
  'choose-network',
  'choose-file',
  'load-now',
  'apply-again',
  'open-settings',
  'fetch-again',
  'resume-fetch',
  'download',
  'wait-for-coordinator',
  'run-diagnosis',
] as const
export type BlockerButton = (typeof BLOCKER_BUTTONS)[number]

export const ShardBlockerSchema = z.object({
  id: shownText(40),
  sentence: shownText(600),
  button: z.enum(BLOCKER_BUTTONS),
  /** What else would help, where the operator has a choice (S-10). */
  others: z.optional(z.array(z.enum(BLOCKER_BUTTONS)).check(z.maxLength(4))),
})
export type ShardBlocker = z.infer<typeof ShardBlockerSchema>

/** A moment of the document's timeline: when it was expected and when it came, in seconds since the node started. */
export const TimelineRowSchema = z.object({
  what: shownText(80),
  expectedS: z.nullable(z.number()),
  actualS: z.nullable(z.number()),
  /** Still to come and later than expected. */
  isLate: z.boolean(),
})
export type TimelineRow = z.infer<typeof TimelineRowSchema>

/** How this node talks with another one of the model's (S-44), and whether that one knows what is loaded here (S-17). */
export const PeerTalkSchema = z.object({
  peer: shownText(120),
  isConnected: z.boolean(),
  /** The last command to it that came to an end, else the one under way; null: none yet. */
  command: z.nullable(
    z.object({
      type: shownText(40),
      at: z.number(),
      /** Until its answer, a refusal included; null: none came. */
      roundTripMs: z.nullable(z.number()),
      /** Null: it was done, or is under way. */
      failure: z.nullable(z.object({ code: z.enum(ERROR_CODES), cause: shownText(600), action: shownText(300) })),
    }),
  ),
  /** Whether it takes the blocks here for loaded; null: not asked, or no answer. */
  seesUs: z.nullable(z.boolean()),
})
export type PeerTalk = z.infer<typeof PeerTalkSchema>

export const ReadinessSchema = z.object({
  isReady: z.boolean(),
  discovered: z.int(),
  shards: z.array(ShardReadinessSchema).check(z.maxLength(128)),
  /** Why not, in a few words: "missing 5", "no output shard". Empty when ready. */
  reasons: z.array(shownText(200)).check(z.maxLength(8)),
  blocker: z.nullable(ShardBlockerSchema),
  timeline: z.array(TimelineRowSchema).check(z.maxLength(16)),
  /** One row a node, those with trouble first; the nearest to a whole matrix that one node can vouch for. */
  talks: z.optional(z.array(PeerTalkSchema).check(z.maxLength(MAX_TALKS))),
})
export type Readiness = z.infer<typeof ReadinessSchema>
