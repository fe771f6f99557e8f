import { describe, expect, it } from 'vitest'
import { type Candidate, chooseRoute } from './route'

const server = (peer: string, start: number, end: number, cost = 1): Candidate => ({ peer, start, end, cost })

describe('chooseRoute', () => {
  it('joins ranges into a chain', () => {
    const route = chooseRoute([server('c', 6, 8), server('a', 0, 3), server('b', 3, 6)], 8)
    expect(route).toEqual([
      { peer: 'a', start: 0, end: 3 },
      { peer: 'b', start: 3, end: 6 },
      { peer: 'c', start: 6, end: 8 },
    ])
  })

  it('takes the cheaper replica, and counts hops', () => {
    const servers = [server('slow', 0, 4, 9), server('fast', 0, 4, 2), server('rest', 4, 8), server('whole', 0, 8, 3)]
    expect(chooseRoute(servers, 8).map(({ peer }) => peer)).toEqual(['whole'])
    expect(chooseRoute(servers.slice(0, 3), 8).map(({ peer }) => peer)).toEqual(['fast', 'rest'])
  })

  it('names the blocks that nobody serves', () => {
    expect(() => chooseRoute([server('a', 0, 3), server('c', 6, 8)], 8)).toThrow(/blocks 3, 4, 5/)
  })

  it('says so when ranges overlap without joining, because a stage runs its whole slice', () => {
    expect(() => chooseRoute([server('a', 0, 5), server('b', 4, 8)], 8)).toThrow(/do not join/)
  })

  it('ignores ranges outside the model and empty ones', () => {
    expect(() => chooseRoute([server('a', 0, 9), server('b', 2, 2)], 8)).toThrow(/CHAIN|served by nobody/)
  })
})
