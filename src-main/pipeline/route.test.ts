import { describe, expect, it } from 'vitest'
import { type Candidate, chooseRoute, isChain } from './route'

const server = (peer: string, start: number, end: number, cost = 1): Candidate => ({ peer, start, end, cost })

describe('isChain', () => {
  const stage = (peer: string, start: number, end: number) => ({ peer, start, end })

  it.each([
    ['one stage', [stage('a', 3, 5)], true],
    ['stages that join', [stage('a', 0, 3), stage('b', 3, 4), stage('c', 4, 9)], true],
    ['a gap', [stage('a', 0, 3), stage('b', 4, 5)], false],
    ['blocks twice', [stage('a', 0, 3), stage('b', 2, 5)], false],
    ['no blocks', [stage('a', 0, 3), stage('b', 3, 3)], false],
    ['a peer twice', [stage('a', 0, 3), stage('b', 3, 5), stage('a', 5, 6)], false],
  ])('%s', (_, route, expected) => {
    expect(isChain(route)).toBe(expected)
  })
})

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

  it('weighs the way from peer to peer, also back to the entry', () => {
    const servers = [server('a', 0, 4), server('b', 0, 4, 1.1), server('c', 4, 8), server('d', 4, 8, 1.1)]
    const near = new Set(['b>d', '>b', 'd>'])
    const hop = (from: string | null, to: string | null) => (near.has(`${from ?? ''}>${to ?? ''}`) ? 0 : 1)
    expect(chooseRoute(servers, 8, hop).map(({ peer }) => peer)).toEqual(['b', 'd'])
    expect(chooseRoute(servers, 8, 0).map(({ peer }) => peer)).toEqual(['a', 'c'])
  })

  it('finds what trying every chain finds, with random servers and distances', () => {
    let state = 7
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return state / 2 ** 31
    }
    for (let round = 0; round < 40; round++) {
      const servers = Array.from({ length: 12 }, (_, i) => {
        const start = Math.floor(random() * 6)
        return server(`p${i}`, start, start + 1 + Math.floor(random() * (6 - start)), random())
      })
      const distances = new Map<string, number>()
      const hop = (from: string | null, to: string | null) => {
        const way = `${from}>${to}`
        if (!distances.has(way)) distances.set(way, random())
        return distances.get(way) ?? 0
      }
      const costOf = (route: readonly { peer: string }[]) =>
        route.reduce(
          (sum, { peer }, i) =>
            sum + (servers.find((one) => one.peer === peer)?.cost ?? 0) + hop(route[i - 1]?.peer ?? null, peer),
          hop(route.at(-1)?.peer ?? null, null),
        )
      const chains = (from: number): Candidate[][] =>
        from === 6
          ? [[]]
          : servers
              .filter(({ start }) => start === from)
              .flatMap((one) => chains(one.end).map((rest) => [one, ...rest]))
      const all = chains(0)
      if (all.length === 0) expect(() => chooseRoute(servers, 6, hop)).toThrow()
      else expect(costOf(chooseRoute(servers, 6, hop))).toBeCloseTo(Math.min(...all.map(costOf)))
    }
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
