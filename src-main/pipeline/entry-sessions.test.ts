import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { createEntrySessions, type EntryMembership, type OpenSessionOptions } from './entry-sessions'
import type { Frame, ResultFrame } from './frames'
import type { Link, Links } from './links'
import { RouteError } from './route-error'

const ROUTE = [
  { peer: 'first', start: 0, end: 4 },
  { peer: 'last', start: 4, end: 8 },
]

const OPEN_NETWORK: EntryMembership = {
  token: () => null,
  bind: async () => null,
  demand: async () => undefined,
}

function setUp(membership: Partial<EntryMembership> = {}, mends = false) {
  const sent: Frame[] = []
  /** Of those that do not end at once, by peer. */
  const dials = new Map<string, Promise<void>>()
  const writes = new Map<string, Promise<void>>()
  const heard: string[] = []
  const link = (peer: string): Link => ({
    ...{ peer, closed: false, mends, abort: () => undefined },
    async send(frame) {
      sent.push(frame)
      heard.push(`${peer} ${frame.type}`)
      await writes.get(peer)
    },
  })
  const links = new Map(['first', 'middle', 'last'].map((peer) => [peer, link(peer)]))
  const to = async (peer: string) => {
    await dials.get(peer)
    return links.get(peer) ?? link(peer)
  }
  const entry = createEntrySessions('me', () => ({ to }) as Pick<Links, 'to'> as Links, {
    ...OPEN_NETWORK,
    ...membership,
  })
  return { entry, sent, heard, dials, writes, link, first: link('first'), last: link('last') }
}

/** An entry that has sent three rows and waits for the answer to the last of them. */
async function waiting(change: Partial<OpenSessionOptions> = {}, mends = false) {
  const { entry, sent, heard, dials, writes, link, first, last } = setUp({}, mends)
  const asked = { root: 'r', route: ROUTE, contextTokens: 16, wantsLogits: false, vocabularySize: 100 }
  const opening = entry.open({ ...asked, ...change, signal: new AbortController().signal })
  await new Promise<void>((resolve) => setImmediate(resolve))
  const id = sent[0]?.session ?? ''
  let isOpen = false
  void opening.then(() => {
    isOpen = true
  })
  // Only the last stage has heard of it when all have.
  entry.onOpened(id, first)
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(isOpen).toBe(false)
  entry.onOpened(id, last)
  const session = await opening
  await session.send(Int32Array.of(1, 2, 3), 0, true)
  const answer = (result: Partial<ResultFrame>) =>
    entry.onResult(
      { ...{ type: 'result', session: id, position: 2, token: 7, computeMs: [], logits: null }, ...result },
      last,
    )
  return { session, answer, entry, id, first, last, heard, dials, writes, link }
}

describe('what an entry takes from the last stage', () => {
  it('is the answer that it waits for, once', async () => {
    const { session, answer } = await waiting()
    answer({})
    expect(await session.nextResult()).toMatchObject({ token: 7 })
    answer({})
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', peer: 'last' })
  })

  it.each<[string, Partial<OpenSessionOptions>, Partial<ResultFrame>]>([
    ['a token outside of the vocabulary', {}, { token: 4_000_000_000 }],
    ['the first token outside of the vocabulary', {}, { token: 100 }],
    ['an answer of another row', {}, { position: 1 }],
    ['a token where logits were asked for', { wantsLogits: true }, {}],
    ['too few logits', { wantsLogits: true }, { logits: new Float32Array(9) }],
    ['logits that are no numbers', { wantsLogits: true }, { logits: new Float32Array(100).fill(Number.NaN, 7, 8) }],
  ])('is never %s: that is a fault of that stage', async (_, change, result) => {
    const { session, answer } = await waiting(change)
    answer(result)
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', peer: 'last' })
  })

  it('knows who said something of another stage, and takes no marks from the words', async () => {
    const { session, entry, id, first } = await waiting()
    entry.onError(id, { code: 'STAGE_LOST', cause: 'gone\u202e', ...{ peer: 'last', start: 4, end: 8 } }, first)
    await expect(session.nextResult()).rejects.toMatchObject({
      ...{ peer: 'last', toldBy: 'first' },
      message: expect.not.stringContaining('\u202e'),
    })
  })
})

it('says when it asks the first stage, and not while it still dials', async () => {
  const { entry, dials, heard } = setUp()
  const dialed = Promise.withResolvers<void>()
  dials.set('first', dialed.promise)
  const asked: string[] = []
  const ending = new AbortController()
  const opening = entry.open({
    ...{ root: 'r', route: ROUTE, contextTokens: 16, wantsLogits: false, signal: ending.signal },
    onAsked: () => void asked.push(...heard, 'asked'),
  })
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(asked).toEqual([])
  dialed.resolve()
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect([asked, heard]).toEqual([['asked'], ['first open']])
  ending.abort(new EspalierError('CANCELLED'))
  await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
})

describe('who may say what about a session', () => {
  const error = { code: 'STAGE_LOST' as const, cause: 'gone', peer: 'last', start: 4, end: 8 }

  it('answers come from the last stage alone', async () => {
    const { session, entry, id, first } = await waiting()
    entry.onResult({ type: 'result', session: id, position: 2, token: 9, computeMs: [], logits: null }, first)
    session.fail(new EspalierError('CANCELLED'))
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('errors come through the first stage, and speak of a stage of the route or of whoever brings them', async () => {
    const { session, entry, id, first, last, link } = await waiting()
    entry.onError(id, error, last)
    entry.onPart(id, error, last)
    entry.onPart(id, { ...error, peer: 'stranger' }, first)
    entry.onLinkEnd(link('stranger'), 'gone')
    entry.onError(id, { ...error, peer: 'stranger' }, first)
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'STAGE_LOST', peer: 'first', toldBy: null })
  })

  it('a stage of the route that is gone ends the waiting, and so does our own end', async () => {
    const lost = await waiting()
    lost.entry.onLinkEnd(lost.last, 'gone')
    await expect(lost.session.nextResult()).rejects.toMatchObject({ code: 'STAGE_LOST', peer: 'last' })
    const stopped = await waiting()
    const answer = stopped.session.nextResult()
    stopped.entry.stop()
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('after our own end nothing more is asked, by a session that moves either', async () => {
    const { entry, id, first, session, heard } = await waiting()
    entry.stop()
    entry.onError(id, error, first)
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'CANCELLED' })
    const before = [...heard]
    const asked = { root: 'r', route: ROUTE, contextTokens: 16, wantsLogits: false }
    await expect(entry.open({ ...asked, signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(heard).toEqual(before)
  })
})

describe('whoever asks goes away', () => {
  const asked = { root: 'r', route: ROUTE, contextTokens: 16, wantsLogits: false }
  const never = new Promise<never>(() => undefined)

  it.each(['first', 'last'])('while the %s stage is dialled: nobody waits for the dial', async (slow) => {
    for (const end of ['the signal', 'this node stops'] as const) {
      const { entry, heard, dials } = setUp()
      dials.set(slow, never)
      const ending = new AbortController()
      const opening = entry.open({ ...asked, signal: ending.signal })
      opening.catch(() => undefined)
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (end === 'the signal') ending.abort(new EspalierError('CANCELLED'))
      else entry.stop()
      await expect(opening, end).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(heard).toEqual([])
    }
  })

  it('while a neighbour reads nothing: a step that waits for it is not waited for, nor is the close', async () => {
    const { session, writes, heard } = await waiting()
    writes.set('first', never)
    const sending = session.send(Int32Array.of(4), 3, true)
    const chunk = session.send(Int32Array.of(5), 4, false)
    for (const one of [sending, chunk]) one.catch(() => undefined)
    session.fail(new EspalierError('CANCELLED'))
    await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(chunk).rejects.toMatchObject({ code: 'CANCELLED' })
    await session.close()
    expect(heard.at(-1)).toBe('first close')
  })

  it('while a lost stage is replaced: the dial of the new one, and all that follows, is over', async () => {
    const { session, entry, dials, heard, id, last } = await waiting({ keeps: true }, true)
    entry.onLinkEnd(last, 'gone')
    await expect(session.nextResult()).rejects.toMatchObject({ peer: 'last' })
    dials.set('middle', never)
    const [first] = ROUTE
    const route = [first!, { peer: 'middle', start: 4, end: 8 }]
    const mending = session.mend?.({ route, replaced: 1, step: () => null })
    mending?.catch(() => undefined)
    await new Promise<void>((resolve) => setImmediate(resolve))
    heard.length = 0
    session.fail(new EspalierError('CANCELLED'))
    await expect(mending).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(session.nextResult()).rejects.toMatchObject({ code: 'CANCELLED' })
    expect([id.length, heard]).toEqual([32, []])
  })
})

describe('in a network for members only', () => {
  const asked = { root: 'r', route: ROUTE, contextTokens: 16, wantsLogits: false }

  it('H-19: nothing goes out, no token either, before every stage has shown that it may serve', async () => {
    const demanded = Promise.withResolvers<void>()
    const { entry, heard } = setUp({ token: () => 'mine', demand: () => demanded.promise })
    const opening = entry.open({ ...asked, signal: new AbortController().signal })
    opening.catch(() => undefined)
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
    demanded.reject(new RouteError('STAGE_NOT_APPROVED', 'no token', 'last'))
    await expect(opening).rejects.toMatchObject({ code: 'STAGE_NOT_APPROVED', peer: 'last' })
    expect(heard).toEqual([])
  })

  it('H-19: who may not ask sends nothing', async () => {
    const { entry, heard } = setUp({ bind: () => Promise.reject(new EspalierError('TOKEN_MISSING')) })
    const opening = entry.open({ ...asked, signal: new AbortController().signal })
    await expect(opening).rejects.toMatchObject({ code: 'TOKEN_MISSING' })
    expect(heard).toEqual([])
  })

  it('H-19: its signature is of this session and this route, and goes with the token', async () => {
    const signed: unknown[] = []
    const { entry, sent } = setUp({
      token: () => 'mine',
      async bind(session) {
        signed.push(session)
        return { expiresAt: 1, signature: 's' }
      },
    })
    const ending = new AbortController()
    entry.open({ ...asked, signal: ending.signal }).catch(() => undefined)
    await new Promise<void>((resolve) => setImmediate(resolve))
    const [frame] = sent
    expect(signed).toEqual([{ id: frame?.session, entry: 'me', root: 'r', contextTokens: 16, route: ROUTE }])
    expect(frame).toMatchObject({ type: 'open', body: { token: 'mine', binding: { expiresAt: 1, signature: 's' } } })
    ending.abort(new EspalierError('CANCELLED'))
  })
})

describe('a stage that another one accuses', () => {
  it('is told that the session is over, and so are those that stay', async () => {
    const { session, entry, id, first, heard } = await waiting()
    entry.onError(id, { code: 'STAGE_LOST', cause: 'gone', ...{ peer: 'last', start: 4, end: 8 } }, first)
    await expect(session.nextResult()).rejects.toMatchObject({ peer: 'last', toldBy: 'first' })
    heard.length = 0
    await session.close()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(new Set(heard)).toEqual(new Set(['first close', 'last close']))
  })

  it('is not called where this node itself saw it go', async () => {
    const { session, entry, heard } = await waiting()
    entry.onLinkEnd({ peer: 'last' } as Link, 'reset')
    await expect(session.nextResult()).rejects.toMatchObject({ peer: 'last', toldBy: null })
    heard.length = 0
    await session.close()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(new Set(heard)).toEqual(new Set(['first close']))
  })
})
