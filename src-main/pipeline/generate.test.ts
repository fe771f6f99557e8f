import { describe, expect, it } from 'vitest'
import { prefillChunkTokens } from './generate'

describe('the chunks of a prompt', () => {
  it('are as large as may be where there is one stage to compute them', () => {
    expect([1, 128, 5000].map((tokens) => prefillChunkTokens(tokens, 1))).toEqual([128, 128, 128])
  })

  it('are four for each stage of a chain, neither tiny nor huge', () => {
    expect(prefillChunkTokens(512, 2)).toBe(64)
    expect(prefillChunkTokens(512, 3)).toBe(48)
    expect(prefillChunkTokens(7, 2)).toBe(32)
    expect(prefillChunkTokens(100_000, 2)).toBe(128)
  })
})
