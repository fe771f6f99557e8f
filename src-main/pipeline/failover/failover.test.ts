import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import type { EntrySession, OpenSessionOptions } from '../entry-sessions'
import type { ResultFrame } from '../frames'
import type { Mend, Mended } from '../mending/entry-mender'
import { type Candidate, chooseRoute } from '../route'
import { RouteError } from '../route-error'
import { createFailover } from './failover'
import { forReplacement } from './replacement'

/** Peers whose answer to a batch is the sum of all tokens so far: a function of what was sent, as a model is. */
function network(servers: Candidate[]) {
  const clock = new FakeClock()
  const opened: OpenSessionOptions[] = []
  const closed: string[][] = []
  const silent = new Set<string>()
  /** What a peer does when it is asked to open, or to answer for the nth time. */
  const faults = new Map<string, (answer: number) => Error | 'hang' | null>()
  const state: { mend: ((asked: Mend) => Promise<Mended>) | null } = { mend: null }
  const open = async (options: OpenSessionOptions): Promise<EntrySession> => {
    opened.push(options)
    let peers = options.route.map(({ peer }) => peer)
    const faultAt = (answer: number) => peers.map((peer) => faults.get(peer)?.(answer)).find(Boolean) ?? null
    const atOpening = faultAt(0)
    if (atOpening instanceof Error) throw atOpening
    if (atOpening === 'hang') {
      await new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)))
    }
    let sum = 0
    let rows = 0
    let answers = 0
    const results: ResultFrame[] = []
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => undefined)
    return {
      route: options.route,
      async send(tokens, position, wantsAnswer) {
        if (position !== rows) throw new Error(`position ${position}, expected ${rows}`)
        rows += tokens.length
        for (const token of tokens) sum += token
        if (wantsAnswer)
          results.push({ type: 'result', session: '', position, token: sum % 97, computeMs: [], logits: null })
      },
      async nextResult() {
        const fault = faultAt(++answers)
        if (fault instanceof Error) throw fault
        const result = results.shift()
        if (fault === 'hang' || !result) return failed.promise
        return result
      },
      fail: (error) => failed.reject(error),
      ...(state.mend && {
        async mend(asked: Mend) {
          const mended = await state.mend?.(asked)
          // What it waited for comes from the chain as it is now.
          peers = asked.route.map(({ peer }) => peer)
          return mended as Mended
        },
      }),
      async close() {
        closed.push(peers)
      },
    }
  }
  const lost: string[] = []
  const weights: [string, number][] = []
  const served: string[] = []
  const told: unknown[] = []
  const failover = createFailover({
    ...{ open, clock },
    routes: {
      choose: async (avoid) =>
        chooseRoute(
          servers.filter(({ peer }) => !avoid.has(peer)),
          8,
        ),
      replace: async (lost, route, avoid) =>
        chooseRoute(
          forReplacement(servers, route, lost).filter(({ peer }) => !avoid.has(peer)),
          8,
        ),
    },
    async check(peer) {
      if (silent.has(peer)) throw new Error('silent')
    },
    events: {
      onLost(peer, _, weight) {
        lost.push(peer)
        weights.push([peer, weight])
      },
      onServed: (route, answers) => void served.push(`${route.map(({ peer }) => peer).join()} ${answers}`),
      onLeave: ({ peer }, { code }, answer) => void told.push(['left', peer, code, answer]),
      onMove: (_, route, answer) => void told.push(['goes on', route.map(({ peer }) => peer).join(), answer]),
    },
  })
  const ask = { root: 'r', contextTokens: 64, wantsLogits: false, signal: new AbortController().signal }
  return Object.assign(state, { clock, opened, closed, silent, faults, failover, lost, weights, served, told, ask })
}

const server = (peer: string, start: number, end: number, cost = 1): Candidate => ({ peer, start, end, cost })
const SERVERS = [server('a', 0, 4), server('b', 4, 8), server('c', 4, 8, 2), server('d', 4, 8, 3)]
const gone = (peer: string) => new RouteError('STAGE_LOST', `${peer} went`, peer)

async function answers({ failover, ask }: ReturnType<typeof network>, count: number): Promise<number[]> {
  const session = await failover.openSession(ask)
  const tokens: number[] = []
  let position = 3
  await session.send(Int32Array.of(1, 2), 0, false)
  await session.send(Int32Array.of(3), 2, true)
  for (let i = 0; i < count; i++) {
    const { token } = await session.nextResult()
    tokens.push(token)
    await session.send(Int32Array.of(token), position++, true)
  }
  await session.close()
  return tokens
}

describe('failover', () => {
  it('H-49: a chosen peer that is gone costs one more try on its replica', async () => {
    const net = network(SERVERS)
    net.faults.set('b', () => gone('b'))
    const session = await net.failover.openSession(net.ask)
    expect(net.opened.map(({ route }) => route.map(({ peer }) => peer))).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ])
    expect(session.moves.map(({ lost, error }) => [lost.peer, error.code])).toEqual([['b', 'STAGE_LOST']])
    await session.close()
    expect(net.clock.pending).toBe(0)
  })

  it('goes on after one loss, and after a loss during the replay, as if nothing had been', async () => {
    const expected = await answers(network(SERVERS), 12)
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 5 ? gone('b') : null))
    net.faults.set('c', (answer) => (answer === 3 ? gone('c') : null))
    const running = answers(net, 12)
    await net.clock.advance(1_000)
    expect(await running).toEqual(expected)
    expect(net.lost).toEqual(['b', 'c'])
    // Whoever waits hears of both, and with which answer it goes on; what replays is nobody's answer.
    expect(net.told).toEqual([
      ['left', 'b', 'STAGE_LOST', 5],
      ['left', 'c', 'STAGE_LOST', 5],
      ['goes on', 'a,d', 5],
      ['goes on', 'a,d', 5],
    ])
    expect(net.opened).toHaveLength(3)
    expect(net.closed.map((peers) => peers[1])).toContain('b')
    expect(net.clock.pending).toBe(0)
  })

  it('H-49: leaves each peer at most once, then says which blocks are missing, within 10 s', async () => {
    const net = network(SERVERS)
    for (const peer of ['b', 'c', 'd']) net.faults.set(peer, (answer) => (answer === 2 ? gone(peer) : null))
    const running = answers(net, 12).catch((error: unknown) => error)
    await net.clock.advance(10_000)
    expect(await running).toMatchObject({
      code: 'CHAIN_INCOMPLETE',
      message: expect.stringMatching(/blocks 4, 5, 6, 7; .*d went/),
    })
    expect(net.lost).toEqual(['b', 'c', 'd'])
  })

  it('finds out that a silent peer is lost though its stream is open, within 10 s', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    net.silent.add('b')
    const running = answers(net, 8)
    await net.clock.advance(9_000)
    expect(await running).toHaveLength(8)
    expect(net.lost).toEqual(['b'])
  })

  it('finds out that a peer is silent while a chain opens', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 0 ? 'hang' : null))
    net.silent.add('b')
    const running = net.failover.openSession(net.ask)
    await net.clock.advance(9_000)
    const session = await running
    expect(session.route.map(({ peer }) => peer)).toEqual(['a', 'c'])
    expect(net.lost).toEqual(['b'])
    await session.close()
    expect(net.clock.pending).toBe(0)
  })

  it('waits for a slow chain whose peers all say that they are there', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    const session = await net.failover.openSession(net.ask)
    let isOver = false
    const running = (async () => {
      await session.send(Int32Array.of(1), 0, true)
      for (let i = 0; i < 3; i++) {
        await session.send(Int32Array.of((await session.nextResult()).token), i + 1, true)
      }
      return session.nextResult()
    })().catch((error: unknown) => error)
    void running.then(() => {
      isOver = true
    })
    await net.clock.advance(60_000)
    expect(isOver).toBe(false)
    expect(net.lost).toEqual([])
    session.fail(new EspalierError('CANCELLED'))
    expect(await running).toMatchObject({ code: 'CANCELLED' })
    await session.close()
    expect(net.clock.pending).toBe(0)
  })

  it('H-52: where all are busy it comes again, for a place that is kept for who was refused', async () => {
    const net = network(SERVERS)
    let free = false
    for (const peer of ['b', 'c', 'd'])
      net.faults.set(peer, () => (free ? null : new RouteError('SESSION_LIMIT', 'full', peer, { toldBy: 'a' })))
    const opening = net.failover.openSession(net.ask)
    await net.clock.advance(2_500)
    expect(net.opened).toHaveLength(9)
    free = true
    await net.clock.advance(1_000)
    const session = await opening
    // Each of them is told once, whatever the number of attempts.
    expect(session.moves.map(({ lost, error }) => [lost.peer, error.code])).toEqual(
      ['b', 'c', 'd'].map((peer) => [peer, 'SESSION_LIMIT']),
    )
    await session.close()
  })

  it('asks for one stage only, where the chain can; not of one that is busy, which is not left for it', async () => {
    for (const refusal of [null, new RouteError('SESSION_LIMIT', 'busy', 'c'), gone('c')]) {
      const expected = await answers(network(SERVERS), 8)
      const net = network(SERVERS)
      net.faults.set('b', (answer) => (answer === 4 ? gone('b') : null))
      const asked: string[] = []
      net.mend = async ({ route }) => {
        asked.push(route.map(({ peer }) => peer).join())
        if (refusal && route.some(({ peer }) => peer === 'c')) throw refusal
        return { rows: 5, repeated: 3, different: 0 }
      }
      const running = answers(net, 8)
      await net.clock.advance(1_000)
      expect(await running).toEqual(expected)
      const isLost = refusal?.code === 'STAGE_LOST'
      expect(asked).toEqual(isLost ? ['a,c', 'a,d'] : ['a,c'])
      expect(net.lost).toEqual(isLost ? ['b', 'c'] : ['b'])
      expect(net.opened).toHaveLength(refusal?.code === 'SESSION_LIMIT' ? 2 : 1)
      expect(net.clock.pending).toBe(0)
    }
  })

  it('no word of a peer ends an answer that another one gives; the others show that it was not true', async () => {
    for (const code of ['PROMPT_TOO_LONG', 'TOKEN_EXPIRED', 'BAD_ARGUMENT', 'CANCELLED', 'CHAIN_INCOMPLETE'] as const) {
      const net = network(SERVERS)
      net.faults.set('b', (answer) => (answer === 2 ? new RouteError(code, 'no', 'b') : null))
      expect(await answers(net, 4)).toEqual(await answers(network(SERVERS), 4))
      expect([code, net.lost]).toEqual([code, ['b']])
    }
  })

  it('ends at once, in own words, with what all of them refuse; that counts against nobody', async () => {
    for (const code of ['PROMPT_TOO_LONG', 'TOKEN_MISSING'] as const) {
      const net = network(SERVERS)
      for (const peer of ['b', 'c', 'd']) net.faults.set(peer, () => new RouteError(code, 'Call +49', peer))
      const refused = await net.failover.openSession(net.ask).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code, message: expect.not.stringContaining('+49') })
      expect([net.opened.length, net.lost]).toEqual([3, []])
    }
    const net = network(SERVERS)
    for (const peer of ['b', 'c', 'd']) net.faults.set(peer, () => new RouteError('CANCELLED', 'no', peer))
    const ended = net.failover.openSession(net.ask).catch((error: unknown) => error)
    await net.clock.advance(10_000)
    expect(await ended).toMatchObject({ code: 'CHAIN_INCOMPLETE' })
  })

  it('ends as CANCELLED, and counts against nobody, when this node itself ends its answers', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 2 ? new EspalierError('CANCELLED', 'this node stops') : null))
    await expect(answers(net, 4)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect([net.opened.length, net.lost]).toEqual([1, []])
  })

  it('what a neighbour says of another stage is checked: half for each, and all for the one that made it up', async () => {
    const accusation = () => new RouteError('STAGE_LOST', 'b went', 'b', { toldBy: 'a' })
    const dead = network(SERVERS)
    dead.silent.add('b')
    dead.faults.set('b', () => accusation())
    await answers(dead, 2)
    expect(dead.weights).toEqual([['b', 1]])

    const alive = network(SERVERS)
    alive.faults.set('b', () => accusation())
    await answers(alive, 2)
    expect(alive.weights).toEqual([
      ['b', 0.5],
      ['a', 0.5],
    ])

    // Nobody else has the blocks of the accused: the answer goes on without the accuser.
    const only = network([server('a', 0, 4), server('x', 0, 4, 2), server('b', 4, 8)])
    only.faults.set('a', () => accusation())
    expect(await answers(only, 4)).toEqual(await answers(network(SERVERS), 4))
    expect(only.opened.map(({ route }) => route.map(({ peer }) => peer).join())).toEqual(['a,b', 'x,b'])
    expect(only.weights).toEqual([
      ['b', 0.5],
      ['a', 0.5],
      ['a', 0.5],
    ])
  })

  it('a failed answer was no good service, one that was interrupted was', async () => {
    for (const [code, served] of [
      ['BAD_ARGUMENT', 0],
      ['CANCELLED', 1],
    ] as const) {
      const net = network(SERVERS)
      const session = await net.failover.openSession(net.ask)
      await session.send(Int32Array.of(1), 0, true)
      await session.nextResult()
      session.fail(new EspalierError(code))
      await session.close()
      expect([code, net.served]).toEqual([code, served ? ['a,b 1'] : []])
    }
  })
})
