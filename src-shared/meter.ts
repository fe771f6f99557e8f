import * as z from 'zod/mini'
import { ERROR_CODES } from './error-catalogue'
import { shownText } from './shown-text'
import { BlockRangeSchema } from './status'

const rate = z.nullable(z.number())

/** What is being measured now, in this order. */
export const METER_STAGES = ['network', 'answer', 'computer'] as const
export type MeterStage = (typeof METER_STAGES)[number]

/**
 * What joining would change, in tokens a second for one answer asked for on this computer. A figure is null where it was
 * not measured, and `reason` says why; nothing is assumed in its place.
 */
export const MeterSchema = z.object({
  modelName: shownText(200),
  blockCount: z.int(),
  at: z.number(),
  /** The whole model on this computer, measured. */
  alone: z.object({ tokensPerSecond: rate, reason: z.nullable(shownText(400)) }),
  /** The network without this computer. */
  now: z.object({
    /** A short answer was asked for, and timed. */
    measured: rate,
    /** From what each node says of its speed and the round trips measured from here. */
    estimated: rate,
    reason: z.nullable(shownText(400)),
    nodes: z.int(),
    hops: z.int(),
  }),
  /** The network with this computer: an answer that goes through it. */
  together: z.object({
    estimated: rate,
    reason: z.nullable(shownText(400)),
    /** Which blocks it was reckoned with: the host may decide otherwise. */
    blocks: z.nullable(BlockRangeSchema),
  }),
  /** Of estimates by the same rule; `completes`: no answer can pass now, and with this computer one can. */
  verdict: z.enum(['completes', 'faster', 'same', 'slower', 'unknown']),
})
export type Meter = z.infer<typeof MeterSchema>

/** How far a run is, or how it ended. */
export const MeterEventSchema = z.object({
  /** As it was asked. */
  url: shownText(500),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('running'), stage: z.enum(METER_STAGES) }),
    z.object({ kind: z.literal('done'), meter: MeterSchema }),
    z.object({
      kind: z.literal('failed'),
      error: z.object({ code: z.enum(ERROR_CODES), cause: z.string(), action: z.string() }),
    }),
  ]),
})
export type MeterEvent = z.infer<typeof MeterEventSchema>
