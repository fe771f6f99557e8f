import { expect, it } from 'vitest'
import { MAX_BYTES_A_TOKEN, refuseTooLong } from './prompt-room'

it('a prompt that no tokenizer could make fit is refused by name, whole or in messages', () => {
  const most = 'ü'.repeat((8 * MAX_BYTES_A_TOKEN) / 2)
  const messages = (text: string) => [
    { role: 'system' as const, text: 'x' },
    { role: 'user' as const, text },
  ]
  expect(() => refuseTooLong(most, 8)).not.toThrow()
  expect(() => refuseTooLong(messages(most.slice(1)), 8)).not.toThrow()
  const code = 'PROMPT_TOO_LONG'
  expect(() => refuseTooLong(`${most}x`, 8)).toThrow(expect.objectContaining({ code }))
  expect(() => refuseTooLong(messages(most), 8)).toThrow(expect.objectContaining({ code }))
})
