import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { WARM_UP_TOKENS, warmUp } from './warm-up'

it('decodes some thousand tokens, fewer where they take too long, and never none', async () => {
  const clock = new FakeClock()
  const asked: number[] = []
  const decoder = (tokenMs: number) => ({
    async decode({ tokens }: { tokens: number }) {
      asked.push(tokens)
      await clock.advance(tokens * tokenMs)
    },
  })
  const prompt = Int32Array.of(1)
  const quick = await warmUp(decoder(1), prompt, { clock, limitMs: 20_000 })
  expect(quick).toBeGreaterThanOrEqual(WARM_UP_TOKENS)
  expect(quick).toBe(asked.reduce((sum, tokens) => sum + tokens, 0))
  const slow = await warmUp(decoder(50), prompt, { clock, limitMs: 20_000 })
  expect(slow).toBeGreaterThanOrEqual(20_000 / 50)
  expect(slow).toBeLessThan(20_000 / 50 + 160)
  expect(await warmUp(decoder(50), prompt, { clock, limitMs: 0 })).toBeGreaterThan(0)
})
