import type { ChatHistoryItem, LlamaTextJSON } from 'node-llama-cpp'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { EntryReport } from '../engine/protocol'

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  text: string
}

/** A part of a prompt. Only in the template's own parts does `<|…|>` mean a token: a person can't write one. */
export type PromptPart = { kind: 'text' | 'markup'; text: string } | { kind: 'token'; token: number }

/**
 * The tokens of a chat that waits for the assistant's next words, as the model's own template writes it; in plain
 * words for a model without one. Throws BAD_ARGUMENT for messages that the template refuses.
 */
export async function chatPrompt(
  engine: Pick<EngineClient, 'tokenize'>,
  entry: EntryReport,
  messages: readonly ChatMessage[],
): Promise<Int32Array> {
  const parts = entry.chatTemplate === null ? plainChat(messages) : await templateChat(entry, messages)
  const tokens: number[] = []
  for (const part of parts) {
    if (part.kind === 'token') tokens.push(part.token)
    else tokens.push(...(await engine.tokenize(part.text, { addSpecial: false, parseSpecial: part.kind === 'markup' })))
  }
  // Many templates write the begin-of-text token themselves; twice would be a prompt that the model never saw.
  if (entry.addsBos && entry.bosToken >= 0 && tokens[0] !== entry.bosToken) tokens.unshift(entry.bosToken)
  return Int32Array.from(tokens)
}

const NAMES = { system: 'System', user: 'User', assistant: 'Assistant' } as const
/** What a model without a template writes when it goes on with the person's part of a plain chat. */
export const PLAIN_CHAT_STOPS = ['\nUser:', '\nSystem:'] as const

export function plainChat(messages: readonly ChatMessage[]): PromptPart[] {
  const turns = messages.map(({ role, text }) => `${NAMES[role]}: ${text.trim()}\n`)
  return [{ kind: 'text', text: `${turns.join('')}Assistant:` }]
}

async function templateChat(entry: EntryReport, messages: readonly ChatMessage[]): Promise<PromptPart[]> {
  // Loaded with the first chat only: it is large.
  const { JinjaTemplateChatWrapper } = await import('node-llama-cpp')
  let text: LlamaTextJSON
  try {
    const wrapper = new JinjaTemplateChatWrapper({ template: entry.chatTemplate ?? '' })
    text = wrapper.generateContextState({ chatHistory: historyOf(messages) }).contextText.toJSON()
  } catch (error) {
    throw new EspalierError('BAD_ARGUMENT', `the model’s chat template: ${messageOf(error)}`, { cause: error })
  }
  return (typeof text === 'string' ? [text] : text).flatMap((value): PromptPart[] => {
    if (typeof value === 'string') return [{ kind: 'text', text: value }]
    if (value.type === 'specialTokensText') return [{ kind: 'markup', text: value.value }]
    const token = value.value === 'BOS' ? entry.bosToken : value.value === 'EOS' ? entry.eosToken : -1
    return token >= 0 ? [{ kind: 'token', token }] : []
  })
}

/** An empty answer at the end is where the model is to write. */
function historyOf(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history = messages.map(({ role, text }): ChatHistoryItem => {
    return role === 'assistant' ? { type: 'model', response: [text] } : { type: role, text }
  })
  return [...history, { type: 'model', response: [] }]
}
