import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import type { EntrySession, OpenSessionOptions } from '../entry-sessions'
import type { ResultFrame, StageProgress } from '../frames'
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
  /** What peers say of their part in a session; null for builds that do not say it. */
  const progress = new Map<string, (sentRows: number) => StageProgress>()
  let sentRows = 0
  /** How long a check of a silent peer, a fresh look at the network, and the entry's own dials may take. */
  const takes = { checkMs: 0, lookMs: 0, dialsMs: 0 }
  /** What a peer does when it is asked to open, or to answer for the nth time. */
  const faults = new Map<string, (answer: number) => Error | 'hang' | null>()
  const state: { mend: ((asked: Mend) => Promise<Mended>) | null } = { mend: null }
  const open = async (options: OpenSessionOptions): Promise<EntrySession> => {
    opened.push(options)
    let peers = options.route.map(({ peer }) => peer)
    const faultAt = (answer: number) => peers.map((peer) => faults.get(peer)?.(answer)).find(Boolean) ?? null
    if (takes.dialsMs > 0) await clock.sleep(takes.dialsMs, options.signal)
    options.onAsked?.()
    const atOpening = faultAt(0)
    if (atOpening instanceof Error) throw atOpening
    if (atOpening === 'hang') {
      await new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)))
    }
    let sum = 0
    let rows = 0
    sentRows = 0
    let answers = 0
    const results: ResultFrame[] = []
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => undefined)
    return {
      route: options.route,
      get outgoing() {
        return { sentRows: rows, heldUpBy: null }
      },
      async send(tokens, position, wantsAnswer) {
        if (position !== rows) throw new Error(`position ${position}, expected ${rows}`)
        rows += tokens.length
        sentRows = rows
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
  const paces = new Map<string, number>()
  const busy = new Map<string, number>()
  const lost: string[] = []
  const weights: [string, number][] = []
  const served: string[] = []
  const told: unknown[] = []
  const failover = createFailover({
    ...{ open, clock },
    routes: {
      async choose(avoid, isFresh) {
        if (isFresh && takes.lookMs > 0) await clock.sleep(takes.lookMs)
        return chooseRoute(
          servers.filter(({ peer }) => !avoid.has(peer)),
          8,
        )
      },
      paceMs: ({ peer }) => paces.get(peer) ?? null,
      replace: async (lost, route, avoid) =>
        chooseRoute(
          forReplacement(servers, route, lost).filter(({ peer }) => !avoid.has(peer)),
          8,
        ),
    },
    async check(peer, _signal, session) {
      if (silent.has(peer)) {
        if (takes.checkMs > 0) await clock.sleep(takes.checkMs)
        throw new Error('silent')
      }
      return { progress: session === undefined ? undefined : progress.get(peer)?.(sentRows), sessions: busy.get(peer) }
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
  return Object.assign(state, {
    progress,
    takes,
    paces,
    busy,
    clock,
    opened,
    closed,
    silent,
    faults,
    failover,
    lost,
    weights,
    served,
    told,
    ask,
  })
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

  it('does not wait for a look at the network when the asker goes away', async () => {
    const net = network(SERVERS)
    for (const peer of ['b', 'c', 'd']) net.faults.set(peer, () => gone(peer))
    net.takes.lookMs = 60_000
    const ending = new AbortController()
    const opening = net.failover.openSession({ ...net.ask, signal: ending.signal }).catch((error: unknown) => error)
    await net.clock.advance(1)
    ending.abort(new EspalierError('CANCELLED'))
    expect(await opening).toMatchObject({ code: 'CANCELLED' })
  })

  it('without a replica says within 10 s of the last sign of life that a node which hangs is gone', async () => {
    // It answered a look; then its line is dead, checks run into their limit, and so does the look for others.
    for (const [hangsAfterMs, checkMs, lookMs] of [
      [0, 0, 0],
      [0, 2_000, 1_500],
      [0, 60_000, 60_000],
      [3_600, 60_000, 60_000],
    ] as const) {
      const net = network([server('a', 0, 4), server('b', 4, 8)])
      Object.assign(net.takes, { checkMs, lookMs })
      net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
      let endedAtMs: number | null = null
      const running = answers(net, 8).catch((error: unknown) => {
        endedAtMs = net.clock.now()
        return error
      })
      const startedAtMs = net.clock.now()
      await net.clock.advance(hangsAfterMs)
      net.silent.add('b')
      await net.clock.advance(60_000)
      expect(await running).toMatchObject({ code: 'CHAIN_INCOMPLETE', message: expect.stringContaining('b') })
      expect(net.weights).toEqual([['b', 1]])
      expect((endedAtMs ?? Number.NaN) - startedAtMs - hangsAfterMs).toBeLessThan(10_000)
    }
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

describe('a stage that is there and does not compute', () => {
  const open = (received: number, computed: number, passed = computed) => ({
    stands: 'open' as const,
    received,
    computed,
    passed,
  })
  const all = (sent: number) => open(sent, sent)
  const stuck = (sent: number) => open(sent, sent - 1)
  const NOT_THERE = { stands: 'unknown' as const, received: 0, computed: 0, passed: 0 }

  it('is left within 15 s for a replica, and it alone counts for it', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    net.progress.set('a', all).set('b', stuck).set('c', all)
    const running = answers(net, 8)
    await net.clock.advance(15_000)
    expect(await running).toEqual(await answers(network(SERVERS), 8))
    expect(net.weights).toEqual([['b', 1]])
    expect(net.told).toEqual([
      ['left', 'b', 'TIMED_OUT', 4],
      ['goes on', 'a,c', 4],
    ])
    expect(net.clock.pending).toBe(0)
  })

  it('without a replica: an error that names it and the blocks, and a failure of it', async () => {
    const net = network([server('a', 0, 4), server('b', 4, 8)])
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    net.progress.set('a', all).set('b', stuck)
    const running = answers(net, 8).catch((error: unknown) => error)
    await net.clock.advance(25_000)
    expect(await running).toMatchObject({
      code: 'CHAIN_INCOMPLETE',
      message: expect.stringMatching(/blocks 4, 5, 6, 7; .*b \(it answers, but it has computed 5 of the 6 rows/),
    })
    expect(net.weights).toEqual([['b', 1]])
  })

  it('that does not open the session either', async () => {
    for (const stands of ['opening', 'unknown'] as const) {
      const net = network(SERVERS)
      net.faults.set('b', (answer) => (answer === 0 ? 'hang' : null))
      net.progress.set('a', all).set('b', () => ({ ...NOT_THERE, stands }))
      const running = net.failover.openSession(net.ask)
      await net.clock.advance(18_000)
      const session = await running
      expect(session.route.map(({ peer }) => peer)).toEqual(['a', 'c'])
      // That it was never asked is the word of the one against the other's.
      expect(net.weights).toEqual(
        stands === 'opening'
          ? [['b', 1]]
          : [
              ['b', 0.5],
              ['a', 0.5],
            ],
      )
      await session.close()
      expect(net.clock.pending).toBe(0)
    }
  })

  it('nor knows the session: nobody is to blame for that before it was asked', async () => {
    const unknown = () => ({ ...NOT_THERE })
    for (const dialsMs of [15_000, 25_000]) {
      const net = network(SERVERS)
      net.takes.dialsMs = dialsMs
      net.progress.set('a', unknown).set('b', unknown)
      const opening = net.failover.openSession(net.ask).catch((error: unknown) => error)
      await net.clock.advance(30_000)
      expect(net.weights).toEqual([])
      if (dialsMs > 20_000) expect(await opening).toMatchObject({ code: 'TIMED_OUT' })
      else {
        expect(await opening).toMatchObject({ route: [{ peer: 'a' }, { peer: 'b' }] })
        await ((await opening) as EntrySession).close()
      }
      expect(net.clock.pending).toBe(0)
    }
    // From then on it has the time that each has.
    const net = network(SERVERS)
    net.takes.dialsMs = 8_000
    net.faults.set('b', (answer) => (answer === 0 ? 'hang' : null))
    net.progress.set('a', unknown).set('b', unknown)
    const opening = net.failover.openSession(net.ask).catch((error: unknown) => error)
    await net.clock.advance(19_000)
    expect(net.weights).toEqual([])
    await net.clock.advance(6_000)
    expect(net.weights).toEqual([['a', 1]])
    await net.clock.advance(60_000)
    await opening
  })

  it('is not judged by the time that this computer slept', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    net.progress.set('a', all).set('b', stuck).set('c', all)
    const running = answers(net, 8)
    await net.clock.advance(1_000)
    net.clock.fallAsleep(3_600_000)
    await net.clock.advance(9_500)
    expect(net.lost).toEqual([])
    await net.clock.advance(5_000)
    expect(await running).toHaveLength(8)
    expect(net.weights).toEqual([['b', 1]])
  })

  it('is not silent because this computer slept while it was asked', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    net.silent.add('b')
    net.takes.checkMs = 60_000
    const running = answers(net, 8).catch((error: unknown) => error)
    await net.clock.advance(3_700)
    net.clock.fallAsleep(3_600_000)
    net.silent.delete('b')
    net.progress.set('a', all).set('b', stuck).set('c', all)
    await net.clock.advance(9_500)
    expect(net.lost).toEqual([])
    await net.clock.advance(5_000)
    expect(await running).toHaveLength(8)
    expect(net.told[0]).toEqual(['left', 'b', 'TIMED_OUT', 4])
  })

  it('what it says that it passed on and nobody got counts half for each, and in full for whoever says it again', async () => {
    const net = network(SERVERS)
    for (const peer of ['b', 'c']) net.faults.set(peer, (answer) => (answer === 2 ? 'hang' : null))
    net.progress.set('a', all)
    for (const peer of ['b', 'c', 'd']) net.progress.set(peer, (sent) => open(sent - 1, sent - 1))
    const running = answers(net, 8).catch((error: unknown) => error)
    await net.clock.advance(60_000)
    expect(await running).toMatchObject({ code: 'CHAIN_INCOMPLETE' })
    expect(net.weights).toEqual([
      ['b', 0.5],
      ['a', 0.5],
      ['a', 1],
    ])
  })

  it('is waited for while each batch comes to an end, and while others have their turns there', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 1 ? 'hang' : null))
    net.progress.set('a', all)
    let computed = 0
    net.progress.set('b', (sent) => open(sent, computed))
    const session = await net.failover.openSession(net.ask)
    for (let position = 0; position < 8; position++) await session.send(Int32Array.of(1), position, position === 7)
    const answer = session.nextResult().catch((error: unknown) => error)
    // Nine seconds a batch.
    for (; computed < 7; computed++) await net.clock.advance(9_000)
    expect([net.lost, session.goesOnAtMs]).toEqual([[], expect.any(Number)])
    expect(net.clock.monotonicMs() - (session.goesOnAtMs ?? 0)).toBeLessThan(5_000)
    // The last row: three other sessions may have a chunk before it, 10 ms a row and as much again.
    net.paces.set('b', 25)
    net.busy.set('b', 4)
    await net.clock.advance(18_000)
    expect(net.lost).toEqual([])
    await net.clock.advance(8_000)
    expect(net.lost).toEqual(['b'])
    expect(await answer).toMatchObject({ position: 7, token: 8 })
    await session.close()
  })

  it('is given the time that a prompt takes on a slow line', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 1 ? 'hang' : null))
    net.progress.set('a', all).set('b', () => open(0, 0))
    const session = await net.failover.openSession(net.ask)
    await session.send(new Int32Array(60), 0, true)
    const answer = session.nextResult()
    await net.clock.advance(15_000)
    expect(net.lost).toEqual([])
    await net.clock.advance(5_000)
    expect(net.lost).toEqual(['b', 'a'])
    expect(await answer).toMatchObject({ token: 0 })
    await session.close()
  })

  it('buys no time without end by what it says: it has a fair time for each batch that there is', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
    let told = 0
    net.progress
      .set('a', all)
      .set('c', all)
      .set('b', () => open(1 << 20, told++))
    net.busy.set('b', 65_536)
    net.paces.set('b', 1_000)
    const running = answers(net, 8)
    await net.clock.advance(80_000)
    expect(await running).toHaveLength(8)
    expect(net.weights).toEqual([['b', 1]])
  })

  it('where nothing tells who it is, a late answer is half a failure of each stage that does not say', async () => {
    for (const [tellers, weights] of [
      [[], ['a', 'b']],
      [['a'], ['b']],
    ] as const) {
      const net = network(SERVERS)
      net.faults.set('b', (answer) => (answer === 4 ? 'hang' : null))
      for (const peer of tellers) net.progress.set(peer, all)
      const session = await net.failover.openSession(net.ask)
      await session.send(Int32Array.of(1), 0, true)
      for (let i = 0; i < 3; i++) await session.send(Int32Array.of((await session.nextResult()).token), i + 1, true)
      const late = session.nextResult().catch((error: unknown) => error)
      await net.clock.advance(30_000)
      expect(net.lost).toEqual([])
      session.fail(new EspalierError('TIMED_OUT'))
      expect(await late).toMatchObject({ code: 'TIMED_OUT' })
      expect(net.weights).toEqual(weights.map((peer) => [peer, 0.5]))
      await session.close()
    }
  })

  it('an opening that nobody tells about ends in 20 s, with half a failure for each', async () => {
    const net = network(SERVERS)
    net.faults.set('b', (answer) => (answer === 0 ? 'hang' : null))
    const opening = net.failover.openSession(net.ask).catch((error: unknown) => error)
    await net.clock.advance(25_000)
    expect(await opening).toMatchObject({ code: 'TIMED_OUT' })
    expect(net.weights).toEqual([
      ['a', 0.5],
      ['b', 0.5],
    ])
    expect(net.clock.pending).toBe(0)
  })
})
