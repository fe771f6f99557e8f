import * as z from 'zod/mini'

const words = z.string().check(z.minLength(1), z.maxLength(32_768))

/** What a person or the model said in a chat. */
const ChatTurnSchema = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), text: words })
export type ChatTurn = z.infer<typeof ChatTurnSchema>

/** How words are chosen, as far as a person chooses it; what is absent is off, and without a seed every answer differs. */
export const SamplingWishSchema = z.strictObject({
  /** 0: the likeliest word each time. */
  temperature: z.number().check(z.minimum(0), z.maximum(5)),
  topP: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  topK: z.optional(z.int().check(z.minimum(0), z.maximum(1_000_000))),
  minP: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  repeatPenalty: z.optional(z.number().check(z.minimum(0.1), z.maximum(10))),
  seed: z.optional(z.int().check(z.minimum(0), z.maximum(0xffff_ffff))),
})
export type SamplingWish = z.infer<typeof SamplingWishSchema>

export const GenerateStartSchema = z.strictObject({
  /** A text to go on from, or a chat, oldest words first. */
  prompt: z.union([words, z.array(ChatTurnSchema).check(z.minLength(1), z.maxLength(400))]),
  maxTokens: z.int().check(z.minimum(1), z.maximum(4096)),
  /** Absent: the likeliest word each time. */
  sampling: z.optional(SamplingWishSchema),
})
export type GenerateStart = z.infer<typeof GenerateStartSchema>
