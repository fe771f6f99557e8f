import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import type { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { EntrySession } from './entry-sessions'
import { generate, prefillChunkTokens } from './generate'

describe('the chunks of a prompt', () => {
  it('are as large as may be where there is one stage to compute them', () => {
    expect([1, 128, 5000].map((tokens) => prefillChunkTokens(tokens, 1))).toEqual([128, 128, 128])
  })

  it('are four for each stage of a chain, neither tiny nor huge', () => {
    expect(prefillChunkTokens(512, 2)).toBe(64)
    expect(prefillChunkTokens(512, 3)).toBe(48)
    expect(prefillChunkTokens(7, 2)).toBe(32)
    expect(prefillChunkTokens(100_000, 2)).toBe(128)
  })
})

it.each([
  ['and its answer are longer than the context', { prompt: Int32Array.of(1, 2), maxTokens: 15 }, 'PROMPT_TOO_LONG'],
  [
    'fills the context, and leaves no room for an answer',
    { prompt: new Int32Array(16), maxTokens: null },
    'PROMPT_TOO_LONG',
  ],
  ['has no tokens', { prompt: new Int32Array(0), maxTokens: 1 }, 'BAD_ARGUMENT'],
])('a prompt that %s is refused before anybody is asked', async (_, asked, code) => {
  const openSession = () => expect.unreachable('a session was opened')
  const asking = generate({
    ...{ pipeline: { openSession }, clock: systemClock, root: 'r', route: [], contextTokens: 16, ...asked },
    vocabulary: { tokenize: async () => new Int32Array(0), piece: async () => new Uint8Array(0), endOfText: null },
    signal: new AbortController().signal,
    onToken: () => undefined,
  })
  await expect(asking).rejects.toMatchObject({ code })
})

it('waits 30 s for an answer from a chain of which nothing is seen, and on where it is seen to go on', async () => {
  for (const goesOnUntilMs of [null, 60_000]) {
    const clock = new FakeClock()
    const startedAtMs = clock.monotonicMs()
    const failed = Promise.withResolvers<never>()
    const session: EntrySession = {
      ...{ route: [], send: async () => undefined, nextResult: () => failed.promise, close: async () => undefined },
      get goesOnAtMs() {
        return Math.min(clock.monotonicMs(), startedAtMs + (goesOnUntilMs ?? 0))
      },
      fail: (error: EspalierError) => failed.reject(error),
    }
    let endedAfterMs: number | null = null
    const asking = generate({
      ...{ pipeline: { openSession: async () => session }, clock, root: 'r', route: [], contextTokens: 16 },
      vocabulary: { tokenize: async () => new Int32Array(0), piece: async () => new Uint8Array(0), endOfText: null },
      ...{ prompt: Int32Array.of(1), maxTokens: 1, signal: new AbortController().signal, onToken: () => undefined },
    }).catch((error: unknown) => {
      endedAfterMs = clock.monotonicMs() - startedAtMs
      return error
    })
    await clock.advance(120_000)
    expect(await asking).toMatchObject({ code: 'TIMED_OUT' })
    expect(endedAfterMs).toBe(30_000 + (goesOnUntilMs ?? 0))
  }
})

it('waits anew after this computer slept: it heard nobody meanwhile', async () => {
  const clock = new FakeClock()
  const failed = Promise.withResolvers<never>()
  let isOver = false
  const session: EntrySession = {
    ...{ route: [], send: async () => undefined, nextResult: () => failed.promise, close: async () => undefined },
    fail(error: EspalierError) {
      isOver = true
      failed.reject(error)
    },
  }
  const asking = generate({
    ...{ pipeline: { openSession: async () => session }, clock, root: 'r', route: [], contextTokens: 16 },
    vocabulary: { tokenize: async () => new Int32Array(0), piece: async () => new Uint8Array(0), endOfText: null },
    ...{ prompt: Int32Array.of(1), maxTokens: 1, signal: new AbortController().signal, onToken: () => undefined },
  }).catch((error: unknown) => error)
  await clock.advance(10_500)
  clock.fallAsleep(3_600_000)
  await clock.advance(29_000)
  expect(isOver).toBe(false)
  await clock.advance(2_000)
  expect(await asking).toMatchObject({ code: 'TIMED_OUT' })
  expect(clock.pending).toBe(0)
})
