import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { createEntrySessions, type OpenSessionOptions } from './entry-sessions'
import type { Frame, ResultFrame } from './frames'
import type { Link, Links } from './links'

const ROUTE = [
  { peer: 'first', start: 0, end: 4 },
  { peer: 'last', start: 4, end: 8 },
]

/** An entry that has sent three rows and waits for the answer to the last of them. */
async function waiting(change: Partial<OpenSessionOptions> = {}) {
  const sent: Frame[] = []
  const link = (peer: string): Link => ({
    ...{ peer, closed: false, mends: false, abort: () => undefined },
    send: async (frame) => void sent.push(frame),
  })
  const [first, last] = [link('first'), link('last')]
  const to = async (peer: string) => (peer === 'last' ? last : first)
  const entry = createEntrySessions(
    'me',
    () => ({ to }) as Pick<Links, 'to'> as Links,
    () => null,
  )
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
  return { session, answer, entry, id, first, last, link }
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
})
