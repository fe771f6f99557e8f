import { EspalierError } from '../../src-shared/errors'
import type { ChatMessage } from './chat-prompt'

/** No tokenizer that we know joins more: the longest tokens are runs of 128 blanks or dashes. */
export const MAX_BYTES_A_TOKEN = 256

/**
 * Refuses what cannot fit however it is tokenized, before the tokenizer is asked: it runs in the process that computes
 * everybody's blocks, and takes seconds for a megabyte. Throws PROMPT_TOO_LONG.
 */
export function refuseTooLong(prompt: string | readonly ChatMessage[], contextTokens: number): void {
  const texts = typeof prompt === 'string' ? [prompt] : prompt.map(({ text }) => text)
  const sizeBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const least = Math.ceil(sizeBytes / MAX_BYTES_A_TOKEN)
  if (least > contextTokens) {
    throw new EspalierError('PROMPT_TOO_LONG', `at least ${least} tokens, the context is ${contextTokens}`)
  }
}
