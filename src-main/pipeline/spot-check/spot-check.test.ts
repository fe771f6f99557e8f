import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import type { Host } from '../../network/host'
import { createEventLog } from '../../storage/event-log'
import type { EntrySession, OpenSessionOptions } from '../entry-sessions'
import type { Offer } from '../routing/route-book'
import { createRouter } from '../routing/router'
import type { Sample } from './spot-check'

const TOKEN = 3
const SAMPLE: Sample = {
  ...{ promptTokens: Int32Array.of(1, 2), tokens: [TOKEN], schedule: [2], vocabularySize: 8 },
  route: [
    { peer: 'first', start: 0, end: 4 },
    { peer: 'served', start: 4, end: 8 },
  ],
}

/** Logits with one token far before the others. */
const choosing = (token: number) => Float32Array.from({ length: 8 }, (_, i) => (i === token ? 9 : i / 8))

/** A router that checks a stage of an answer (the last one) on these replicas, each with the logits that come of it. */
function checker(replicas: Record<string, Float32Array>, stage: 0 | 1 = 1) {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const opened: OpenSessionOptions[] = []
  const draws: number[] = [stage]
  const openSession = async (asked: OpenSessionOptions): Promise<EntrySession> => {
    opened.push(asked)
    const logits = replicas[asked.route[stage]?.peer ?? ''] ?? null
    return {
      route: asked.route,
      send: async () => undefined,
      nextResult: async () => ({
        ...{ type: 'result', session: '', position: 1, token: TOKEN, computeMs: [], logits },
      }),
      fail: () => undefined,
      close: async () => undefined,
    }
  }
  const router = createRouter({
    ...{ host: { peerId: { toString: () => 'me' } } as Host, clock, log },
    pipeline: { openSession, notify: () => undefined },
    // The last of two stages, and then the first replica of it.
    draw: () => draws.shift() ?? 0,
  })
  const offers = Object.keys(replicas).map((peer): Offer => {
    return { peer, start: 4 * stage, end: 4 * stage + 4, announcedS: 1, cacheTokensLeft: null, pingsS: null }
  })
  const incidents = (peer: string) =>
    router.scores.standing(peer).incidents.map(({ code, weight }) => [code, weight] as const)
  return {
    opened,
    incidents,
    check: (sample = SAMPLE) => router.checkAnswer({ root: 'root', blockCount: 8, offers: async () => offers }, sample),
  }
}

describe('what confirms an answer', () => {
  it('D-T44: logits with which the given token is the likeliest, and which are as many as there are tokens', async () => {
    const { check, incidents, opened } = checker({ good: choosing(TOKEN) })
    await check()
    expect(opened[0]).toMatchObject({ wantsLogits: true, vocabularySize: 8 })
    expect([incidents('served'), incidents('good')]).toEqual([[], []])
  })

  const NAN = choosing(TOKEN).fill(Number.NaN)
  it.each<[string, Float32Array]>([
    ['all the same', new Float32Array(8)],
    ['so close that any token would pass', Float32Array.from({ length: 8 }, (_, i) => i / 100)],
    ['not a number', NAN],
    ['not a number, of all but the given token', NAN.slice().fill(5, TOKEN, TOKEN + 1)],
    ['infinite', choosing(TOKEN).fill(Number.POSITIVE_INFINITY, 5, 6)],
    ['too few', choosing(TOKEN).slice(0, 5)],
    ['too many', new Float32Array([...choosing(TOKEN), 0])],
    ['none', new Float32Array()],
  ])('D-T44: none that are %s: that counts against who gave them, and against nobody else', async (_, logits) => {
    const { check, incidents } = checker({ liar: logits, good: choosing(5) })
    await check()
    expect(incidents('liar')).toEqual([['PROTOCOL_VIOLATION', 1]])
    expect([incidents('served'), incidents('first'), incidents('good')]).toEqual([[], [], []])
  })

  it('D-T44: a third that gives such logits convicts neither of two that disagree', async () => {
    const { check, incidents } = checker({ other: choosing(5), liar: new Float32Array(8) })
    await check()
    expect(incidents('liar')).toEqual([['PROTOCOL_VIOLATION', 1]])
    expect(incidents('served')).toEqual([['SPOT_CHECK_DISAGREED', 0.5]])
    expect(incidents('other')).toEqual([['SPOT_CHECK_DISAGREED', 0.5]])
  })

  it('D-T44: logits with which most tokens would pass show nothing, of anybody', async () => {
    const logits = Float32Array.from({ length: 8 }, (_, i) => (i === 0 ? -5 : 1 + i / 20))
    const { check, incidents } = checker({ vague: logits, liar: choosing(5) })
    await check()
    expect([incidents('vague'), incidents('served'), incidents('liar')]).toEqual([[], [], []])
  })

  it('D-T44: a replica in the middle that sends zeros convicts neither itself nor the last stage, which only computed on', async () => {
    const { check, incidents, opened } = checker({ lazy: new Float32Array(8) }, 0)
    await check()
    expect(opened[0]?.route.map(({ peer }) => peer)).toEqual(['lazy', 'served'])
    expect([incidents('first'), incidents('served'), incidents('lazy')]).toEqual([[], [], []])
  })
})
