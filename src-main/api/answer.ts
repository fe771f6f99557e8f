import { EspalierError } from '../../src-shared/errors'
import type { Hop, LostHop, RouteChange } from '../../src-shared/routing-trace'
import { PLAIN_CHAT_STOPS } from '../node/chat-prompt'
import type { EspalierNode } from '../node/node'
import type { Ask } from './openai-requests'
import { createStopFilter } from './stop-filter'

/** What the API needs of a node. */
export type ApiNode = Pick<EspalierNode, 'model' | 'whyNoModel' | 'generate'>

export interface Answer {
  text: string
  promptTokens: number
  /** With the one that ended the answer. */
  tokens: number
  finishReason: 'stop' | 'length'
  /** It ran in exact mode. */
  exact: boolean
  /** Who computed it, and so could read it. */
  hops: Hop[]
  /** Who was left in the middle, and could read what came before. */
  lost: LostHop[]
}

/** What is told while an answer is on its way. */
export interface AnswerEvents {
  /** The answer as it grows, never a part of a stop. */
  onText(text: string): void
  onRouteChange?: ((change: RouteChange) => void) | undefined
}

/**
 * Runs what was asked. Throws NODE_STOPPED, NODE_NOT_READY, TOKENIZER_UNUSABLE, API_MODEL_UNKNOWN and what a generation throws.
 */
export async function answerOf(
  node: ApiNode | null,
  ask: Ask,
  { signal, onText, onRouteChange }: AnswerEvents & { signal: AbortSignal },
): Promise<Answer> {
  const model = node?.model()
  if (!node) throw new EspalierError('NODE_STOPPED')
  if (!model) throw node.whyNoModel()
  if (ask.model !== model.name) throw new EspalierError('API_MODEL_UNKNOWN', `${ask.model}; it runs ${model.name}`)
  let text = ''
  const {
    promptTokens,
    tokens,
    endedBy,
    exact = false,
    hops,
    lost,
  } = await generateText(node, ask, {
    signal,
    onRouteChange,
    onText(more) {
      text += more
      onText(more)
    },
  })
  return {
    text,
    promptTokens: promptTokens.length,
    tokens: tokens.length,
    finishReason: endedBy === 'limit' ? 'length' : 'stop',
    exact,
    hops,
    lost,
  }
}

/** A generation whose text ends where a stop begins; a plain chat's stops are the names of the others in it. */
export async function generateText(
  node: ApiNode,
  ask: Pick<Ask, 'prompt' | 'maxTokens' | 'sampling' | 'stops' | 'format' | 'exact'>,
  { signal, onText, onToken, onRouteChange }: AnswerEvents & { signal: AbortSignal; onToken?(): void },
): ReturnType<ApiNode['generate']> {
  const isPlainChat = typeof ask.prompt !== 'string' && node.model()?.hasChatTemplate === false
  const filter = createStopFilter(isPlainChat ? [...ask.stops, ...PLAIN_CHAT_STOPS] : ask.stops)
  const show = (more: string) => {
    if (more !== '') onText(more)
  }
  const generation = await node.generate({
    prompt: ask.prompt,
    maxTokens: ask.maxTokens,
    ...(ask.sampling && { sampling: ask.sampling }),
    ...(ask.format && { format: ask.format }),
    exact: ask.exact,
    signal,
    onRouteChange,
    onToken(token) {
      onToken?.()
      const step = filter.push(token.text)
      show(step.text)
      return step.isStopped ? 'enough' : undefined
    },
  })
  if (generation.endedBy !== 'listener') show(filter.flush())
  return generation
}
