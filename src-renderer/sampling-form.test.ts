import { describe, expect, it } from 'vitest'
import { PLAIN_FORM, readSampling } from './sampling-form'

describe('how words are chosen', () => {
  it('is the likeliest each time until something is written', () => {
    expect(readSampling(PLAIN_FORM)).toEqual({ wish: undefined, problems: new Set() })
    expect(readSampling({ ...PLAIN_FORM, temperature: '' }).wish).toBeUndefined()
    expect(readSampling({ ...PLAIN_FORM, topP: '0.9', seed: '4' }).wish).toBeUndefined()
  })

  it('reads numbers as people write them', () => {
    const form = { temperature: '0,7', topP: '.9', topK: '40', minP: '0.05', repeatPenalty: '1.1', seed: '7' }
    expect(readSampling(form).wish).toEqual({
      ...{ temperature: 0.7, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1.1, seed: 7 },
    })
  })

  it('names every field that the node would refuse', () => {
    const form = { temperature: '9', topP: '1.1', topK: '1.5', minP: '-1', repeatPenalty: '1e3', seed: 'x' }
    const { wish, problems } = readSampling(form)
    expect(wish).toBeUndefined()
    expect([...problems]).toEqual(['temperature', 'topP', 'topK', 'minP', 'repeatPenalty', 'seed'])
  })
})
