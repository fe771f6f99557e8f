import * as z from 'zod'

/** Tokens that a penalty may look back on. */
export const MAX_PENALTY_TOKENS = 1024

/**
 * How a last stage chooses the next token from the logits. The choice at a position depends on these values, the
 * logits and the tokens before, and on nothing else: a session that goes on elsewhere goes on with the same tokens.
 */
export const SamplingSchema = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff),
  /** 0 takes the likeliest token, after the penalties. */
  temperature: z.number().min(0).max(10),
  /** Only the k likeliest tokens; 0 takes all. */
  topK: z.int().min(0).max(1_000_000),
  /** Only the likeliest tokens that together have this probability; 1 takes all. */
  topP: z.number().min(0).max(1),
  /** Only tokens with at least this share of the likeliest one's probability; 0 takes all. */
  minP: z.number().min(0).max(1),
  /** Divides the logits of tokens that were there before; 1 leaves them. */
  repeatPenalty: z.number().min(0.1).max(10),
  /** Taken from a token's logit for each time that it was there before, and once if it was; 0 leaves them. */
  frequencyPenalty: z.number().min(-2).max(2),
  presencePenalty: z.number().min(-2).max(2),
  /** How many tokens count as "before"; 0 turns the penalties off. */
  penaltyTokens: z.int().min(0).max(MAX_PENALTY_TOKENS),
  /** The last `penaltyTokens` tokens of prompt and answer so far, oldest first: a last stage never sees a prompt. */
  history: z.array(z.int().min(0)).max(MAX_PENALTY_TOKENS),
})
export type Sampling = z.infer<typeof SamplingSchema>
/** What a person or a program chooses. */
export type SamplingChoice = Omit<Sampling, 'history'>

/** Everything off but the draw itself: the model's own distribution. */
export const PLAIN_SAMPLING: Omit<SamplingChoice, 'seed'> = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  penaltyTokens: 64,
}

export function hasPenalties(choice: SamplingChoice): boolean {
  const { repeatPenalty, frequencyPenalty, presencePenalty, penaltyTokens } = choice
  return penaltyTokens > 0 && (repeatPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0)
}

/** The choice for a session that begins, or goes on, after these tokens. */
export function samplingAfter(choice: SamplingChoice, tokens: ArrayLike<number>): Sampling {
  const count = hasPenalties(choice) ? Math.min(choice.penaltyTokens, tokens.length) : 0
  const history = Array.from({ length: count }, (_, index) => tokens[tokens.length - count + index] ?? 0)
  return { ...choice, history }
}

/** llama.cpp takes this seed as "use a random one". */
const RANDOM_SEED = 0xffff_ffff

/** The seed of one draw. The finaliser of MurmurHash3 spreads neighbouring positions over all 32 bits. */
export function seedAt(seed: number, position: number): number {
  let mixed = (seed ^ Math.imul(position + 1, 0x9e37_79b1)) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35) >>> 0
  mixed = (mixed ^ (mixed >>> 16)) >>> 0
  return mixed === RANDOM_SEED ? 0 : mixed
}
