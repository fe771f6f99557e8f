import { describe, expect, it } from 'vitest'
import { RequestError } from './openai-errors'
import { readChat, readCompletion } from './openai-requests'

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
const completion = { model: 'm', prompt: 'hi' }

function refusal(read: (body: unknown) => unknown, body: unknown): RequestError | null {
  try {
    read(body)
    return null
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
}

describe('what would change the answer and is not done', () => {
  it.each([
    ['logit_bias', { '5': 100 }],
    ['tool_choice', 'required'],
    ['tool_choice', { type: 'function', function: { name: 'f' } }],
    ['function_call', { name: 'f' }],
    ['top_logprobs', 3],
    ['modalities.0', ['audio']],
    ['modalities.1', ['text', 'audio']],
    ['audio', {}],
  ])('%s is refused by name in a chat', (param, value) => {
    const error = refusal(readChat, { ...chat, [param.split('.')[0] ?? '']: value })
    expect(error?.param).toBe(param)
    expect(error?.message).toContain(param)
  })

  it('logit_bias is refused in a completion too', () => {
    expect(refusal(readCompletion, { ...completion, logit_bias: { '5': -100 } })?.param).toBe('logit_bias')
  })

  it('logprobs of a completion are refused, also 0, which asks for those of the drawn tokens', () => {
    for (const logprobs of [0, 5]) expect(refusal(readCompletion, { ...completion, logprobs })?.param).toBe('logprobs')
    expect(refusal(readCompletion, { ...completion, logprobs: null })).toBeNull()
  })

  it('what means nothing is taken', () => {
    const idle = { logit_bias: {}, tool_choice: 'none', top_logprobs: 0, modalities: ['text'], audio: null, tools: [] }
    expect(refusal(readChat, { ...chat, ...idle })).toBeNull()
    expect(refusal(readChat, { ...chat, logit_bias: null, tool_choice: 'auto', modalities: null })).toBeNull()
  })

  it('too many stops are refused with how many there may be', () => {
    const stop = Array.from({ length: 17 }, (_, i) => `stop ${i}`)
    expect(refusal(readChat, { ...chat, stop })?.message).toContain('up to 16 texts')
    expect(refusal(readChat, { ...chat, stop: stop.slice(1) })).toBeNull()
  })
})

describe('the penalty against repetition', () => {
  it('has the name of other servers as well', () => {
    for (const read of [readChat, readCompletion])
      for (const name of ['repeat_penalty', 'repetition_penalty'])
        expect(read({ ...chat, ...completion, [name]: 1.2 }).sampling?.repeatPenalty).toBe(1.2)
    expect(readChat({ ...chat, repetition_penalty: null }).sampling?.repeatPenalty).toBe(1)
  })

  it('is one: two that differ are refused', () => {
    const both = { repeat_penalty: 1.2, repetition_penalty: 1.2 }
    expect(refusal(readChat, { ...chat, ...both })).toBeNull()
    expect(refusal(readChat, { ...chat, ...both, repetition_penalty: 1.1 })?.param).toBe('repetition_penalty')
    expect(refusal(readChat, { ...chat, repetition_penalty: 0 })?.param).toBe('repetition_penalty')
  })
})
