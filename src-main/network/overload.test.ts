import { expect, it } from 'vitest'
import { overloadHeard, overloadOf } from './overload'

const NOW = Date.UTC(2026, 0, 1)
const answer = (status: number, retryAfter?: string) =>
  new Response(null, { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } })

it.each([
  [429, '120', 120_000],
  [503, new Date(NOW + 90_000).toUTCString(), 90_000],
  [503, undefined, 0],
  [503, 'soon', 0],
  [429, '-5', 0],
  [429, '999999999', 24 * 3_600_000],
  [200, '120', null],
  [500, '120', null],
])('O-19: %i with Retry-After %s', (status, retryAfter, ms) => {
  expect(overloadOf(answer(status, retryAfter), NOW)).toBe(ms)
})

it('O-19: a coordinator that says for how long is heard; a gateway before one that is down is not', async () => {
  const heard: number[] = []
  const answers = [answer(200), answer(503), answer(429, '60')]
  const asked = overloadHeard(
    async () => answers.shift() ?? answer(200),
    { now: () => NOW },
    (ms) => void heard.push(ms),
  )
  for (let i = 0; i < 3; i++) await asked('http://127.0.0.1/')
  expect(heard).toEqual([60_000])
})
