import { EspalierError, messageOf } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { TokenizerReport } from '../engine/protocol'

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  text: string
}

/** A part of a prompt. Only in the template's own parts does `<|…|>` mean a token: a person can't write one. */
export type PromptPart = { kind: 'text' | 'markup'; text: string } | { kind: 'token'; token: number }

/**
 * The tokens of a chat that waits for the assistant's next words, as the model's own template writes it; in plain
 * words for a model without one. Throws BAD_ARGUMENT for messages that the template refuses, PROMPT_TOO_LONG as soon as
 * there are more tokens than the context holds.
 */
export async function chatPrompt(
  engine: Pick<EngineClient, 'tokenize'>,
  tokenizer: TokenizerReport,
  messages: readonly ChatMessage[],
  contextTokens = Number.POSITIVE_INFINITY,
): Promise<Int32Array> {
  const parts = tokenizer.chatTemplate === null ? plainChat(messages) : await templateChat(tokenizer, messages)
  const tokens: number[] = []
  for (const part of parts) {
    if (part.kind === 'token') tokens.push(part.token)
    else tokens.push(...(await engine.tokenize(part.text, { addSpecial: false, parseSpecial: part.kind === 'markup' })))
    if (tokens.length > contextTokens) {
      throw new EspalierError('PROMPT_TOO_LONG', `over ${contextTokens} tokens, which is the context`)
    }
  }
  // Many templates write the begin-of-text token themselves; twice would be a prompt that the model never saw.
  if (tokenizer.addsBos && tokenizer.bosToken >= 0 && tokens[0] !== tokenizer.bosToken)
    tokens.unshift(tokenizer.bosToken)
  return Int32Array.from(tokens)
}

const NAMES = { system: 'System', user: 'User', assistant: 'Assistant' } as const
/** What a model without a template writes when it goes on with the person's part of a plain chat. */
export const PLAIN_CHAT_STOPS = ['\nUser:', '\nSystem:'] as const

export function plainChat(messages: readonly ChatMessage[]): PromptPart[] {
  const turns = messages.map(({ role, text }) => `${NAMES[role]}: ${text.trim()}\n`)
  return [{ kind: 'text', text: `${turns.join('')}Assistant:` }]
}

/** Stands in the rendered text for what is not the template's own; private-use characters, which no template writes. */
const mark = (name: string | number) => `\u{e000}${name}\u{e001}`
const MARK = /\u{e000}(\w+)\u{e001}/u

/** Some templates know no system role; its words then stand before the person's, as those models were taught. */
async function templateChat(tokenizer: TokenizerReport, messages: readonly ChatMessage[]): Promise<PromptPart[]> {
  try {
    return await renderChat(tokenizer, messages)
  } catch (error) {
    const [first, second, ...rest] = messages
    if (first?.role !== 'system' || second?.role !== 'user') throw error
    return renderChat(tokenizer, [{ role: 'user', text: `${first.text}\n\n${second.text}` }, ...rest])
  }
}

async function renderChat(tokenizer: TokenizerReport, messages: readonly ChatMessage[]): Promise<PromptPart[]> {
  // Loaded with the first chat only.
  const { Template } = await import('@huggingface/jinja')
  let rendered: string
  try {
    rendered = new Template(tokenizer.chatTemplate ?? '').render({
      messages: messages.map(({ role }, index) => ({ role, content: mark(index) })),
      add_generation_prompt: true,
      bos_token: mark('bos'),
      eos_token: mark('eos'),
    })
  } catch (error) {
    throw new EspalierError('BAD_ARGUMENT', `the model’s chat template: ${messageOf(error)}`, { cause: error })
  }
  // Parts and names of marks take turns.
  return rendered.split(MARK).flatMap((part, index): PromptPart[] => {
    if (index % 2 === 0) return part === '' ? [] : [{ kind: 'markup', text: part }]
    const token = part === 'bos' ? tokenizer.bosToken : part === 'eos' ? tokenizer.eosToken : null
    if (token !== null) return token >= 0 ? [{ kind: 'token', token }] : []
    return [{ kind: 'text', text: messages[Number(part)]?.text ?? '' }]
  })
}
