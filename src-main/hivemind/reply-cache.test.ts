import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createReplyCache } from './reply-cache'

it('O-05: a reply is encoded once for all who ask within a moment, each question for itself', async () => {
  const clock = new FakeClock()
  const encoded: string[] = []
  const reply = createReplyCache(clock, (question) => {
    if (question === 'bad') throw new Error('not served')
    encoded.push(question)
    return Uint8Array.of(encoded.length)
  })
  for (let i = 0; i < 1_000; i++) reply('')
  expect(reply('block.1')).toEqual(Uint8Array.of(2))
  expect(reply('')).toEqual(Uint8Array.of(1))
  expect(encoded).toEqual(['', 'block.1'])
  await clock.advance(250)
  expect(reply('')).toEqual(Uint8Array.of(3))
  expect(() => reply('bad')).toThrow('not served')
  expect(() => reply('bad')).toThrow('not served')
})

it('O-05: questions without end do not make it grow', () => {
  let encodings = 0
  const reply = createReplyCache(new FakeClock(), () => Uint8Array.of(encodings++ % 256))
  for (let i = 0; i < 1_000; i++) reply(`block.${i}`)
  expect(encodings).toBe(1_000)
  reply('block.999')
  expect(encodings).toBe(1_000)
  reply('block.0')
  expect(encodings).toBe(1_001)
})
