import { expect, it } from 'vitest'
import { jitterOf } from './jitter'

const numbers = (peer: string) => {
  const next = jitterOf(peer)
  return Array.from({ length: 200 }, next)
}

it('O-04: jitter comes from the peer id: the same for one peer, others for others, and evenly spread', () => {
  expect(numbers('a')).toEqual(numbers('a'))
  expect(numbers('a')[0]).not.toBe(numbers('b')[0])
  const all = numbers('a')
  for (let tenth = 0; tenth < 10; tenth++) {
    const inside = all.filter((value) => Math.floor(value * 10) === tenth)
    expect(inside.length).toBeGreaterThan(5)
  }
})
