import { randomBytes } from 'node:crypto'
import type { Answer } from './answer'

/** How one kind of call is answered, whole and in parts. */
export interface ReplyForm {
  whole(answer: Answer): unknown
  /** Before any text; null where the form has no such part. */
  opening(): unknown
  part(text: string): unknown
  closing(answer: Answer): unknown
  /** The part with the count of tokens, for those who ask for it. */
  usage(answer: Answer): unknown
}

const NO_USAGE = { usage: null }

export interface Head {
  model: string
  /** Seconds since 1970. */
  created: number
  /** The end of a stream counts its tokens; then every part before has the field too, as OpenAI's have. */
  streamsUsage: boolean
}

export function chatReply({ model, created, streamsUsage }: Head): ReplyForm {
  const id = newId('chatcmpl')
  const chunk = (choices: unknown[], more: object = {}) => {
    return { id, object: 'chat.completion.chunk', created, model, choices, ...(streamsUsage && NO_USAGE), ...more }
  }
  const choice = (delta: object, finishReason: string | null = null) => {
    return { index: 0, delta, logprobs: null, finish_reason: finishReason }
  }
  return {
    whole: (answer) => ({
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: answer.text, refusal: null },
          logprobs: null,
          finish_reason: answer.finishReason,
        },
      ],
      usage: usageOf(answer),
      espalier: routeOf(answer),
    }),
    opening: () => chunk([choice({ role: 'assistant', content: '' })]),
    part: (text) => chunk([choice({ content: text })]),
    closing: (answer) => chunk([choice({}, answer.finishReason)], { espalier: routeOf(answer) }),
    usage: (answer) => chunk([], { usage: usageOf(answer) }),
  }
}

export function completionReply({ model, created, streamsUsage }: Head): ReplyForm {
  const id = newId('cmpl')
  const body = (choices: unknown[], more: object = {}) => {
    return { id, object: 'text_completion', created, model, choices, ...(streamsUsage && NO_USAGE), ...more }
  }
  const choice = (text: string, finishReason: string | null = null) => {
    return { index: 0, text, logprobs: null, finish_reason: finishReason }
  }
  return {
    whole: (answer) =>
      body([choice(answer.text, answer.finishReason)], { usage: usageOf(answer), espalier: routeOf(answer) }),
    opening: () => null,
    part: (text) => body([choice(text)]),
    closing: (answer) => body([choice('', answer.finishReason)], { espalier: routeOf(answer) }),
    usage: (answer) => body([], { usage: usageOf(answer) }),
  }
}

function usageOf({ promptTokens, tokens }: Answer) {
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens }
}

/** Ours, beside OpenAI's fields: every node here could read the prompt, also one that was left in the middle. */
function routeOf({ exact, hops, lost }: Answer) {
  return {
    exact,
    ...(lost.length > 0 && {
      lost: lost.map(({ peerId, blocks, code, pauseMs }) => ({ peer_id: peerId, blocks, code, pause_ms: pauseMs })),
    }),
    route: hops.map(({ peerId, blocks, computeMs }) => ({ peer_id: peerId, blocks, compute_ms: computeMs })),
  }
}

function newId(kind: string): string {
  return `${kind}-${randomBytes(12).toString('hex')}`
}
