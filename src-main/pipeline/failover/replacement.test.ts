import { expect, it } from 'vitest'
import { forReplacement, replacedStage } from './replacement'

const at = (peer: string, start: number, end: number) => ({ peer, start, end })
const ROUTE = [at('a', 0, 4), at('b', 4, 8), at('c', 8, 12)]

it('a chain stays as it is but for one peer with the same blocks', () => {
  expect(replacedStage(ROUTE, [at('a', 0, 4), at('x', 4, 8), at('c', 8, 12)])).toBe(1)
  expect(replacedStage(ROUTE, ROUTE)).toBeNull()
  expect(replacedStage(ROUTE, [at('a', 0, 4), at('x', 4, 8), at('y', 8, 12)])).toBeNull()
  expect(replacedStage(ROUTE, [at('a', 0, 3), at('x', 3, 8), at('c', 8, 12)])).toBeNull()
  expect(replacedStage(ROUTE, [at('a', 0, 4), at('x', 4, 12)])).toBeNull()
})

it('is looked for among those that stay, and those with the lost blocks', () => {
  const servers = [...ROUTE, at('x', 4, 8), at('y', 0, 4), at('z', 4, 12)]
  const [lost] = ROUTE.slice(1)
  expect(forReplacement(servers, ROUTE, lost!).map(({ peer }) => peer)).toEqual(['a', 'c', 'x'])
})
