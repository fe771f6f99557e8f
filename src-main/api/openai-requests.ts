import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { PLAIN_SAMPLING, type SamplingChoice } from '../engine/sampling'
import type { ChatMessage } from '../node/chat-prompt'
import { RequestError } from './openai-errors'

/** What a program asks for, in our words. */
export interface Ask {
  model: string
  prompt: string | readonly ChatMessage[]
  /** Null: as many as there is room for. */
  maxTokens: number | null
  /** Undefined: always the likeliest token. */
  sampling: SamplingChoice | undefined
  stops: readonly string[]
  /** The answer has to be one JSON object. */
  format?: 'json' | undefined
  /** Comparable bit for bit with one process. */
  exact?: boolean
  streams: boolean
  /** The last part of a stream says how many tokens there were. */
  streamsUsage: boolean
}

const MAX_TOKENS = 131_072
const MAX_STOPS = 16
const MAX_MESSAGES = 1_000
/** What a completion is without a word about its length, as OpenAI's own. */
const DEFAULT_COMPLETION_TOKENS = 16

const text = z.string().max(1_048_576)
const tokenCount = z.int().min(1).max(MAX_TOKENS).nullish()
/** A field that changes what comes back, in a way that we don't do: refused, so that nobody takes us at a wrong word. */
const only = <T extends z.core.util.Literal | null>(...allowed: T[]) => z.literal(allowed).nullish()

/** Fields of OpenAI's that would change the answer. Null and what stands for nothing are let through, as clients send them. */
const nothing = z.custom<null | undefined | object>(
  (value) => value == null || (typeof value === 'object' && Object.keys(value).length === 0),
  'not supported',
)
const nothingAtAll = z.custom<null | undefined>((value) => value == null, 'not supported')
const STOPS = `a text, or up to ${MAX_STOPS} texts`

/** Two names for one thing: llama.cpp's, and that of vLLM and Hugging Face. */
const penalty = z.number().min(0.1).max(10).nullish()

const common = {
  model: z.string().min(1).max(500),
  temperature: z.number().min(0).max(10).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  max_tokens: tokenCount,
  stop: z.union([text, z.array(text).max(MAX_STOPS)], STOPS).nullish(),
  logit_bias: nothing.optional(),
  seed: z.int().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: only(1),
  // Not OpenAI's, but what other local servers take.
  top_k: z.int().min(0).max(1_000_000).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repeat_penalty: penalty,
  repetition_penalty: penalty,
  // Ours alone.
  exact: z.boolean().nullish(),
}

const ContentSchema = z.union([text, z.array(z.object({ type: z.literal('text'), text })).max(100)])
const MessageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: ContentSchema,
})

const ChatSchema = z.object({
  ...common,
  messages: z.array(MessageSchema).min(1).max(MAX_MESSAGES),
  max_completion_tokens: tokenCount,
  logprobs: only(false),
  tools: z.array(z.unknown()).max(0, 'tools are not supported').nullish(),
  top_logprobs: only(0),
  // Without tools both mean the same.
  tool_choice: only('none', 'auto'),
  function_call: only('none', 'auto'),
  modalities: z.array(z.literal('text', 'only text is supported')).nullish(),
  audio: nothingAtAll.optional(),
  functions: z.array(z.unknown()).max(0, 'functions are not supported').nullish(),
  response_format: z
    .object({ type: z.literal(['text', 'json_object'], 'only text and json_object are supported') })
    .nullish(),
})

const CompletionSchema = z.object({
  ...common,
  prompt: z.union([text, z.array(text).length(1)]),
  best_of: only(1),
  echo: only(false),
  // Here even 0 asks for something: the probability of each token that was drawn.
  logprobs: nothingAtAll.optional(),
  suffix: only(''),
})

/** Throws RequestError, which names the field. */
export function readChat(body: unknown): Ask {
  const request = parse(ChatSchema, body)
  const prompt = request.messages.map(({ role, content }): ChatMessage => {
    const words = typeof content === 'string' ? content : content.map((part) => part.text).join('')
    return { role: role === 'developer' ? 'system' : role, text: words }
  })
  const format = request.response_format?.type === 'json_object' ? 'json' : undefined
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? null
  return { ...askOf(request), prompt, maxTokens, format }
}

/** Throws RequestError, which names the field. */
export function readCompletion(body: unknown): Ask {
  const request = parse(CompletionSchema, body)
  const [prompt = ''] = typeof request.prompt === 'string' ? [request.prompt] : request.prompt
  return { ...askOf(request), prompt, maxTokens: request.max_tokens ?? DEFAULT_COMPLETION_TOKENS }
}

type Common = z.infer<z.ZodObject<typeof common>>

function askOf(request: Common): Omit<Ask, 'prompt' | 'maxTokens'> {
  const { model, stop, stream, stream_options } = request
  return {
    model,
    sampling: samplingOf(request),
    stops: typeof stop === 'string' ? [stop] : (stop ?? []),
    exact: request.exact ?? false,
    streams: stream ?? false,
    streamsUsage: stream_options?.include_usage ?? false,
  }
}

/** OpenAI's defaults: the model's own distribution, another draw each time. */
function samplingOf(request: Common): SamplingChoice | undefined {
  const choice = {
    ...PLAIN_SAMPLING,
    seed: request.seed == null ? randomBytes(4).readUInt32LE() : Number(BigInt.asUintN(32, BigInt(request.seed))),
    temperature: request.temperature ?? 1,
    topP: request.top_p ?? 1,
    topK: request.top_k ?? 0,
    minP: request.min_p ?? 0,
    repeatPenalty: repeatPenaltyOf(request),
    frequencyPenalty: request.frequency_penalty ?? 0,
    presencePenalty: request.presence_penalty ?? 0,
  }
  const isPlain = choice.repeatPenalty === 1 && choice.frequencyPenalty === 0 && choice.presencePenalty === 0
  return choice.temperature === 0 && isPlain ? undefined : choice
}

function repeatPenaltyOf({ repeat_penalty, repetition_penalty }: Common): number {
  if (repeat_penalty != null && repetition_penalty != null && repeat_penalty !== repetition_penalty)
    throw new RequestError('repetition_penalty', 'repetition_penalty: repeat_penalty says something else')
  return repeat_penalty ?? repetition_penalty ?? 1
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const param = issue?.path.map(String).join('.') || null
  throw new RequestError(param, `${param ?? 'the request'}: ${issue?.message ?? 'not valid'}`)
}
