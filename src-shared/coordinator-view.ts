import * as z from 'zod/mini'
import { shownText, shownTime } from './shown-text'

const epochMs = shownTime()

/** What happened between this node and its coordinator, as a person would tell it. */
export const TIMELINE_KINDS = [
  'asked',
  'waiting',
  'approved',
  'reassigned',
  'standby',
  'rejected',
  'asked-again',
  'forgotten',
  'silent',
  'answers-again',
] as const
export type TimelineKind = (typeof TIMELINE_KINDS)[number]

export const TimelineEntrySchema = z.object({
  at: epochMs,
  kind: z.enum(TIMELINE_KINDS),
  /** Who decided, in the coordinator's words; empty where it does not say, or where nobody decided. */
  by: shownText(80),
  reason: shownText(300),
  /** Half-open. */
  blocks: z.nullable(z.object({ start: z.int(), end: z.int() })),
})
export type TimelineEntry = z.infer<typeof TimelineEntrySchema>

export const MAX_TIMELINE = 50

/** `warn`: the operator should look at it. `note`: good to know. */
export const NoticeSchema = z.object({ id: shownText(40), tone: z.enum(['note', 'warn']), text: shownText(600) })
export type Notice = z.infer<typeof NoticeSchema>

/** The node's standing with its coordinator, beside the steps *register* and *approve*. */
export const CoordinatorViewSchema = z.object({
  /** The worker's state machine: unregistered, registering, pending, approved_loading, online and so on. */
  state: shownText(40),
  /** When it last answered; null when it has not. */
  answeredAt: z.nullable(epochMs),
  /** While beats fail: when it will hold this node for offline. Its sweep adds up to `sweepSlackMs`. */
  dropAt: z.nullable(epochMs),
  sweepSlackMs: z.number(),
  /** Of the model that new assignments get; null when it does not say. */
  quantization: z.nullable(shownText(40)),
  /** Into how many parts it would split the model; advice. */
  recommendedSplit: z.nullable(z.int()),
  notices: z.array(NoticeSchema).check(z.maxLength(10)),
  /** Oldest first. */
  timeline: z.array(TimelineEntrySchema).check(z.maxLength(MAX_TIMELINE)),
})
export type CoordinatorView = z.infer<typeof CoordinatorViewSchema>
