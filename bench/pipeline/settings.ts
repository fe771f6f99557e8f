import * as z from 'zod'
import { MAX_BATCH_TOKENS } from '../../src-main/node/config'

/** Equal for all that is compared: with other sizes llama.cpp lays out other graphs. */
export const CONTEXT_TOKENS = 512
export const SEQUENCES = 1
export const THREADS = 1
/** What a node keeps for sessions: alone, the least that a run needs; several share its turns otherwise. */
export const SizeSchema = z.object({ sequences: z.int().min(1), contextTokens: z.int().min(1) })
export type Size = z.infer<typeof SizeSchema>
export const ONE_SESSION: Size = { sequences: SEQUENCES, contextTokens: CONTEXT_TOKENS }
export { MAX_BATCH_TOKENS }

/** A prompt and then greedy tokens, each computed from the one before; `tokens` of them after the first. */
export const DecodeInputSchema = z.object({
  prompt: z.custom<Int32Array>((value) => value instanceof Int32Array),
  tokens: z.int().min(1),
})
export type DecodeInput = z.infer<typeof DecodeInputSchema>

export const DecodeRunSchema = z.object({
  /** The first token, which the prompt's batch gives, and those that were timed. */
  answer: z.array(z.int()),
  /** From the first token to the last. */
  elapsedMs: z.number().positive(),
  /** Median time from token to token. */
  tokenMs: z.number().positive(),
})
export type DecodeRun = z.infer<typeof DecodeRunSchema>
