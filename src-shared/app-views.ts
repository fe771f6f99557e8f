import * as z from 'zod/mini'
import { ERROR_CODES } from './error-catalogue'
import { BLOCKER_BUTTONS } from './readiness'
import { shownText, shownTime } from './shown-text'
import { BlockRangeSchema } from './status'

const epochMs = shownTime()

/** What joining a network would mean, asked of its coordinator without telling it anything about us. */
export const NetworkPreviewSchema = z.object({
  coordinatorUrl: shownText(500),
  modelName: z.nullable(shownText(200)),
  blockCount: z.int(),
  /** Of the model's whole file and of its largest block, as the coordinator says; null: it does not. */
  modelBytes: z.nullable(z.number()),
  blockBytes: z.nullable(z.number()),
  onlineWorkers: z.nullable(z.int()),
  coveragePercent: z.nullable(z.number()),
  isDemo: z.boolean(),
  /** What was asked about was an invite: its coordinator has just called it good. */
  invite: z.nullable(z.object({ expiresAt: epochMs })),
  /** Every field that the registration will hold, as it will be sent. */
  willSend: z.array(z.object({ field: shownText(40), value: shownText(4_000) })),
})
export type NetworkPreview = z.infer<typeof NetworkPreviewSchema>

/** One check of the diagnostics page. `unknown`: it could not be looked at, for the reason in `evidence`. */
export const CheckSchema = z.object({
  id: shownText(40),
  title: shownText(80),
  verdict: z.enum(['pass', 'warn', 'fail', 'unknown']),
  evidence: shownText(600),
  action: z.nullable(shownText(300)),
  code: z.nullable(z.enum(ERROR_CODES)),
  at: epochMs,
  /** The button that sets it right. `mend`: the app itself can, by `diagnostics.mend`. */
  fix: z.optional(z.enum([...BLOCKER_BUTTONS, 'mend'])),
  /** For a terminal, where only its owner should decide: shown to be copied, never run. */
  command: z.optional(shownText(600)),
})
export type Check = z.infer<typeof CheckSchema>

export const LogLineSchema = z.object({
  /** Rises by one with every event of this run. */
  seq: z.int(),
  at: epochMs,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  code: shownText(80),
  message: shownText(1000),
})
export type LogLine = z.infer<typeof LogLineSchema>

/** The API for programs on this computer. */
export const ApiViewSchema = z.object({
  /** The base URL that a client is given; null while it is off or could not be opened. */
  url: z.nullable(shownText(200)),
  key: z.nullable(shownText(300)),
  /** Why it could not be opened. */
  error: z.nullable(z.object({ code: z.enum(ERROR_CODES), cause: shownText(600), action: shownText(300) })),
})
export type ApiView = z.infer<typeof ApiViewSchema>

/** What lies on disk of the blocks that this computer serves. */
export const ShardViewSchema = z.object({
  model: shownText(200),
  root: shownText(64),
  architecture: shownText(40),
  quantization: shownText(40),
  blocks: BlockRangeSchema,
  modelBytes: z.number(),
  neededBytes: z.number(),
  directory: shownText(4096),
  pieces: z
    .array(
      z.object({
        index: z.int(),
        role: z.enum(['entry', 'block', 'exit', 'shared']),
        block: z.nullable(z.int()),
        sizeBytes: z.number(),
        sha256: shownText(64),
        /** One of ours. */
        isNeeded: z.boolean(),
      }),
    )
    .check(z.maxLength(1000)),
})
export type ShardView = z.infer<typeof ShardViewSchema>
