import { expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import type { Host } from '../../network/host'
import { createEventLog } from '../../storage/event-log'
import { createRouter } from './router'

it('own blocks are waited for while other sessions have their turns there, as those of others are', async () => {
  for (const [activeSessions, fails] of [
    [1, true],
    [4, false],
  ] as const) {
    const clock = new FakeClock()
    const failed = Promise.withResolvers<never>()
    const router = createRouter({
      ...{ host: { peerId: { toString: () => 'me' } } as Host, clock, log: createEventLog(clock, null) },
      pipeline: {
        openSession: async ({ route }) => ({
          ...{ route, outgoing: { sentRows: 1, heldUpBy: null } },
          ...{ send: async () => undefined, close: async () => undefined },
          nextResult: () => failed.promise,
          fail: (error: EspalierError) => failed.reject(error),
        }),
        notify: () => undefined,
        progressOf: () => ({ stands: 'open', received: 1, computed: 0, passed: 0 }),
        activeSessions,
      },
    })
    // 40 ms a row: a chunk of each of three others takes 15 s.
    const own = { peer: 'me', start: 0, end: 4, announcedS: 0.04, cacheTokensLeft: null, pingsS: null }
    const request = router.request({ root: 'root', blockCount: 4, offers: async () => [own] }, 16)
    const signal = new AbortController().signal
    const session = await request.openSession({
      ...{ root: 'root', route: await request.route(signal), contextTokens: 16, wantsLogits: false, signal },
    })
    await session.send(Int32Array.of(1), 0, true)
    const answer = session.nextResult().catch((error: unknown) => error)
    await clock.advance(20_000)
    expect([activeSessions, router.scores.standing('me').incidents.length > 0]).toEqual([activeSessions, fails])
    session.fail(new EspalierError('CANCELLED'))
    await clock.advance(20_000)
    await answer
    await session.close()
  }
})
