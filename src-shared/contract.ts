import * as z from 'zod/mini'
import type { EventName, MethodName, Scope } from './contract-names'
import { ERROR_CODES } from './error-catalogue'
import { NodeStatusSchema } from './status'

const nothing = z.strictObject({})
const id = z.string().check(z.minLength(1), z.maxLength(64))

/** One hop of an answer's route, as the entry measured it. */
export const HopSchema = z.object({
  peerId: z.string().check(z.maxLength(120)),
  blocks: z.object({ start: z.int(), end: z.int() }),
  /** Compute time of the stage per token, median, as the stage itself reports it, in ms. */
  computeMs: z.nullable(z.number()),
})
export type Hop = z.infer<typeof HopSchema>

/**
 * The bridge contract: every call and event, once. Both carriers (WebSocket, ipcMain) validate against it,
 * in both directions, and the renderer derives its types from it.
 */
export const METHODS = {
  'status.get': { scope: 'read', input: nothing, output: NodeStatusSchema },
  'node.start': { scope: 'operate', input: nothing, output: nothing },
  'node.stop': { scope: 'operate', input: nothing, output: nothing },
  'generate.start': {
    scope: 'operate',
    input: z.strictObject({
      prompt: z.string().check(z.minLength(1), z.maxLength(32_768)),
      maxTokens: z.int().check(z.minimum(1), z.maximum(4096)),
    }),
    output: z.strictObject({ generationId: id }),
  },
  'generate.cancel': { scope: 'operate', input: z.strictObject({ generationId: id }), output: nothing },
} as const satisfies Record<MethodName, { scope: Scope; input: z.ZodMiniType; output: z.ZodMiniType }>

export const EVENTS = {
  status: NodeStatusSchema,
  'generate.token': z.object({ generationId: id, text: z.string().check(z.maxLength(4096)) }),
  'generate.end': z.object({
    generationId: id,
    /** Null when the answer is complete. */
    error: z.nullable(z.object({ code: z.enum(ERROR_CODES), cause: z.string(), action: z.string() })),
    tokens: z.int(),
    tokensPerSecond: z.nullable(z.number()),
    hops: z.array(HopSchema),
  }),
} as const satisfies Record<EventName, z.ZodMiniType>

export type MethodInput<M extends MethodName> = z.infer<(typeof METHODS)[M]['input']>
export type MethodOutput<M extends MethodName> = z.infer<(typeof METHODS)[M]['output']>
export type EventPayload<E extends EventName> = z.infer<(typeof EVENTS)[E]>

/** What the host implements: one function per method. */
export type MethodHandlers = {
  [M in MethodName]: (input: MethodInput<M>) => Promise<MethodOutput<M>> | MethodOutput<M>
}
