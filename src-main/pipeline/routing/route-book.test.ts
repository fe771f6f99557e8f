import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { RouteError } from '../route-error'
import { createPeerScores } from '../scores/peer-scores'
import { createRouteBook, type Offer } from './route-book'

const NEEDS = { root: 'r', blockCount: 8, contextTokens: 100, avoid: new Set<string>() }
const offer = (peer: string, start: number, end: number, change: Partial<Offer> = {}): Offer => ({
  ...{ peer, start, end, announcedS: 0.01, cacheTokensLeft: 1000, pingsS: null },
  ...change,
})

function setUp(places: Record<string, { start: number; end: number; root?: string; sessions?: number; ms?: number }>) {
  const clock = new FakeClock()
  const scores = createPeerScores(clock)
  const asked: string[] = []
  const book = createRouteBook({
    ...{ self: 'me', clock, scores },
    async check(peer) {
      asked.push(peer)
      const place = places[peer]
      if (!place) throw new Error('silent')
      const { start, end, root = 'r', sessions = 0 } = place
      return { root, start, end, proven: true, sessions }
    },
  })
  const peers = async (offers: Offer[], change: Partial<typeof NEEDS> = {}) =>
    (await book.choose(offers, { ...NEEDS, ...change })).map(({ peer }) => peer)
  return { clock, scores, book, asked, peers }
}
const whole = { start: 0, end: 8 }

/** A book in a network for members only. `members` shows who is approved. */
function membersOnly(members: Set<string>) {
  const clock = new FakeClock()
  const asked: string[] = []
  const book = createRouteBook({
    ...{ self: 'me', clock, scores: createPeerScores(clock) },
    check: () => Promise.reject(new Error('nobody is asked so')),
    proofs: {
      isDemanded: () => true,
      requireMembership: () => undefined,
      async ask(peer) {
        asked.push(peer)
        return { root: 'r', start: 0, end: 8, proven: true, ...(members.has(peer) && { token: peer }) }
      },
      refusalOf: async ({ peer }, token) =>
        token === peer ? null : new RouteError('STAGE_NOT_APPROVED', `${peer} shows nothing`, peer),
      demand: async () => undefined,
    },
  })
  return {
    book,
    asked,
    clock,
    peers: async (offers: Offer[]) => (await book.choose(offers, NEEDS)).map(({ peer }) => peer),
  }
}

describe('route book', () => {
  it('takes the replica that announces to be quicker, until measured times say otherwise', async () => {
    const { book, peers } = setUp({ quick: whole, slow: whole })
    const offers = [offer('quick', 0, 8, { announcedS: 0.001 }), offer('slow', 0, 8)]
    expect(await peers(offers)).toEqual(['quick'])
    book.onComputed([{ peer: 'quick', ...whole }], [900], 1_000)
    expect(await peers(offers)).toEqual(['slow'])
    book.onComputed([{ peer: 'slow', ...whole }], [2000], 2_100)
    expect(await peers(offers)).toEqual(['quick'])
  })

  it('a last stage cannot say that a rival needs a minute and it nothing: our own clock knows better', async () => {
    const halves = { start: 4, end: 8 }
    const { book, peers } = setUp({
      rival: { start: 0, end: 4 },
      other: { start: 0, end: 4 },
      liar: halves,
      honest: halves,
    })
    const offers = [offer('rival', 0, 4), offer('other', 0, 4, { announcedS: 0.05 })]
    const lasts = [offer('liar', 4, 8, { announcedS: 0.001 }), offer('honest', 4, 8, { announcedS: 0.03 })]
    expect(await peers([...offers, ...lasts])).toEqual(['rival', 'liar'])
    const route = [
      { peer: 'rival', start: 0, end: 4 },
      { peer: 'liar', start: 4, end: 8 },
    ]
    // A token took 80 ms in all: 40 for each, as far as anybody can tell.
    book.onComputed(route, [60_000, 0.001], 80)
    expect(await peers([...offers, ...lasts])).toEqual(['rival', 'honest'])
  })

  it('after a failure takes another one for a while, whatever it announces; where there is none, the same', async () => {
    const { scores, clock, peers } = setUp({ boaster: whole, honest: whole })
    const offers = [offer('boaster', 0, 8, { announcedS: 1e-9 }), offer('honest', 0, 8)]
    expect(await peers(offers)).toEqual(['boaster'])
    for (const [weight, forMs] of [
      [0.5, 15_000],
      [0.5, 30_000],
      [1, 60_000],
    ] as const) {
      scores.failed('boaster', 'TIMED_OUT', 'nothing came', weight)
      expect(await peers(offers)).toEqual(['honest'])
      expect(await peers(offers.slice(0, 1))).toEqual(['boaster'])
      await clock.advance(forMs - 1)
      expect(await peers(offers)).toEqual(['honest'])
      await clock.advance(1)
      expect(await peers(offers)).toEqual(['boaster'])
    }
    scores.failed('boaster', 'TIMED_OUT', 'nothing came')
    scores.served('boaster', 1)
    expect(await peers(offers)).toEqual(['boaster'])
  })

  it('H-48: avoids who is in quarantine, and lets one session probe it afterwards', async () => {
    const { scores, clock, peers } = setUp({ a: whole, b: whole })
    const offers = [offer('a', 0, 8, { announcedS: 0.001 }), offer('b', 0, 8, { announcedS: 5 })]
    for (let i = 0; i < 5; i++) scores.failed('a', 'STAGE_LOST', 'gone')
    expect(await peers(offers)).toEqual(['b'])
    await clock.advance(30_000)
    expect(await peers(offers)).toEqual(['a'])
    expect(await peers(offers)).toEqual(['b'])
    scores.served('a', 50)
    expect(await peers(offers)).toEqual(['a'])
  })

  it('goes round a full cache, a long queue, and who does not answer', async () => {
    const { peers } = setUp({ a: { ...whole, sessions: 30 }, b: whole, d: whole })
    const [a, b, silent] = [offer('a', 0, 8), offer('b', 0, 8, { announcedS: 0.02 }), offer('silent', 0, 8)]
    expect(await peers([a, b, silent])).toEqual(['b'])
    expect(await peers([{ ...b, cacheTokensLeft: 99 }, offer('d', 0, 8, { announcedS: 1 })])).toEqual(['d'])
    // Better slow than nobody.
    expect(await peers([silent])).toEqual(['silent'])
  })

  it('believes a peer rather than its old record, and asks again after a minute', async () => {
    const places: Parameters<typeof setUp>[0] = {
      moved: { start: 0, end: 4 },
      other: { ...whole, root: 'x' },
      ok: whole,
    }
    const { peers, asked, clock } = setUp(places)
    const offers = [offer('moved', 0, 8), offer('other', 0, 8), offer('ok', 0, 8, { announcedS: 3 })]
    expect(await peers(offers)).toEqual(['ok'])
    places.moved = whole
    expect(await peers(offers)).toEqual(['ok'])
    expect(asked).toHaveLength(3)
    await clock.advance(60_000)
    expect(await peers(offers)).toEqual(['moved'])
  })

  it('H-49: never the peers that this session has lost; names what is missing without them', async () => {
    const { peers } = setUp({ a: { start: 0, end: 4 }, b: { start: 4, end: 8 }, c: { start: 4, end: 8 } })
    const offers = [offer('a', 0, 4), offer('b', 4, 8), offer('c', 4, 8, { announcedS: 1 })]
    expect(await peers(offers)).toEqual(['a', 'b'])
    expect(await peers(offers, { avoid: new Set(['b']) })).toEqual(['a', 'c'])
    await expect(peers(offers, { avoid: new Set(['b', 'c']) })).rejects.toThrow('blocks 4, 5, 6, 7')
  })

  it('takes the way that servers have measured between each other', async () => {
    const half = { start: 4, end: 8 }
    const { peers } = setUp({ a: { start: 0, end: 4 }, near: half, far: half })
    const pingsS = new Map([
      ['near', 0.001],
      ['far', 0.4],
    ])
    expect(
      await peers([offer('a', 0, 4, { pingsS }), offer('far', 4, 8, { announcedS: 0.009 }), offer('near', 4, 8)]),
    ).toEqual(['a', 'near'])
  })
})

describe('in a network for members only', () => {
  const cheap = { announcedS: 0.000_001 }

  it('H-19: who has not shown that it may serve is no candidate, however cheap, and is named', async () => {
    const { book, peers } = membersOnly(new Set(['member']))
    const offers = [offer('stranger', 0, 8, cheap), offer('member', 0, 8, { announcedS: 5 })]
    expect(await peers(offers)).toEqual(['member'])
    expect(book.passedOver(offers).map(({ why }) => [why.peer, why.code])).toEqual([['stranger', 'STAGE_NOT_APPROVED']])
    await expect(book.choose([offers[0]!], NEEDS)).rejects.toMatchObject({
      code: 'CHAIN_INCOMPLETE',
      message: expect.stringContaining('passed over: stranger (blocks 0–7)'),
    })
    // This node needs nobody's word for itself.
    expect(await peers([offer('me', 0, 8)])).toEqual(['me'])
  })

  it('H-19: a hundred strangers do not keep the one that may serve from being asked', async () => {
    const { peers, asked, clock } = membersOnly(new Set(['member']))
    const strangers = Array.from({ length: 100 }, (_, i) => offer(`stranger${i}`, 0, 8, cheap))
    const offers = [...strangers, offer('member', 0, 8)]
    expect(await peers(offers)).toEqual(['member'])
    asked.length = 0
    expect(await peers(offers)).toEqual(['member'])
    expect(asked).toEqual([])
    // When all are asked again, it comes first: what is known of it must not grow old behind strangers.
    await clock.advance(60_000)
    expect(await peers(offers)).toEqual(['member'])
    expect(asked[0]).toBe('member')
  })

  it('H-19: who is approved meanwhile is asked again soon', async () => {
    const members = new Set<string>()
    const { peers, clock } = membersOnly(members)
    await expect(peers([offer('new', 0, 8)])).rejects.toMatchObject({ code: 'CHAIN_INCOMPLETE' })
    members.add('new')
    await clock.advance(10_000)
    expect(await peers([offer('new', 0, 8)])).toEqual(['new'])
  })
})
