import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { engineVocabulary } from './vocabulary'

function spelling() {
  const asked: number[] = []
  const vocabulary = engineVocabulary(
    {
      tokenize: async () => new Int32Array(0),
      pieces: async (tokens: Int32Array) => {
        const [token = -1] = tokens
        asked.push(token)
        if (token === 99) throw new EspalierError('BAD_ARGUMENT', 'no such token')
        return [Uint8Array.of(token)]
      },
    },
    { endTokens: Int32Array.of(2) },
  )
  return { asked, vocabulary }
}

describe('what tokens spell', () => {
  it('is asked of the engine once a token, whatever comes in between', async () => {
    const { asked, vocabulary } = spelling()
    for (const token of [5, 6, 5, 5, 7, 6]) expect(await vocabulary.piece(token)).toEqual(Uint8Array.of(token))
    expect(asked).toEqual([5, 6, 7])
  })

  it('is asked again where it was not known', async () => {
    const { asked, vocabulary } = spelling()
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(vocabulary.piece(99)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    expect(asked).toEqual([99, 99])
  })

  it('is forgotten rather than kept without end', async () => {
    const { asked, vocabulary } = spelling()
    for (let token = 100; token <= 20_100; token++) await vocabulary.piece(token)
    await vocabulary.piece(100)
    expect(asked).toHaveLength(20_002)
  })
})
