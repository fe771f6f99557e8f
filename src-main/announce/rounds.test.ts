import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { NO_DETAILS, type ServerInfo, type ServerState } from '../hivemind/server-info'
import { createEventLog } from '../storage/event-log'
import type { Announcement } from './announcement'
import { createAnnouncer } from './announcer'
import type { RecordWriter } from './record-writer'

const MINUTE_MS = 60_000

function saying(state: ServerState): Announcement {
  const range = { startBlock: 0, endBlock: 3 }
  const info: ServerInfo = { state, throughput: 1, ...range, publicName: 'pear', version: '1', ...NO_DETAILS }
  return { model: { dhtPrefix: 'M', blockCount: 8, repository: null }, range: { start: 0, end: 3 }, info: () => info }
}

/** An announcer whose writes end when the test says so, or when they are told to. */
function setUp(joiningAfterMs?: number) {
  const clock = new FakeClock()
  const startMs = clock.monotonicMs()
  const writes: { state: string; atMs: number; wasCut: boolean; end(): void }[] = []
  const rounds: string[] = []
  const writer: RecordWriter = {
    form: 'kademlia',
    roundTimeoutMs: MINUTE_MS,
    write: (_, info, report, { signal }) =>
      new Promise<void>((resolve, reject) => {
        const write = { state: info.state, atMs: clock.monotonicMs() - startMs, wasCut: false, end: resolve }
        writes.push(write)
        report.readBack = { by: 'another', found: 1, asked: 1 }
        signal.addEventListener('abort', () => {
          write.wasCut = true
          reject(signal.reason)
        })
      }),
  }
  const announcer = createAnnouncer({
    forms: [{ writer, intervalMs: MINUTE_MS, ...(joiningAfterMs === undefined ? {} : { joiningAfterMs }) }],
    clock,
    log: createEventLog(clock, null),
    random: () => 0,
    onRound: ({ state, error }) => rounds.push(`${state} ${error?.code ?? 'ok'}`),
  })
  return { clock, announcer, writes, rounds }
}

it('a round is cut short when something else is said, and nothing is reported of it', async () => {
  const { clock, announcer, writes, rounds } = setUp()
  void announcer.announce(saying('joining'))
  await clock.advance(1_000)
  void announcer.announce(saying('online'))
  await clock.advance(1_000)
  expect(writes.map(({ state, wasCut }) => [state, wasCut])).toEqual([
    ['joining', true],
    ['online', false],
  ])
  writes[1]?.end()
  await clock.advance(1)
  expect(rounds).toEqual(['online ok'])
  announcer.stop()
})

it('a round is not cut short by the next one that says the same', async () => {
  const { clock, announcer, writes } = setUp()
  void announcer.announce(saying('online'))
  await clock.advance(1_000)
  announcer.refresh()
  await clock.advance(1_000)
  expect(writes.map(({ wasCut }) => wasCut)).toEqual([false, false])
  announcer.stop()
})

it('JOINING that is over soon is not said where that is so wished, and what is served is said at once', async () => {
  const { clock, announcer, writes } = setUp(10_000)
  void announcer.announce(saying('joining'))
  await clock.advance(5_000)
  expect(writes).toHaveLength(0)
  void announcer.announce(saying('online'))
  await clock.advance(1)
  expect(writes.map(({ state, atMs }) => [state, atMs])).toEqual([['online', 5_000]])
  writes[0]?.end()
  // Others know of us now: that it is served no longer has to be said at once.
  void announcer.announce(saying('joining'))
  await clock.advance(1)
  expect(writes.map(({ state }) => state)).toEqual(['online', 'joining'])
  announcer.stop()
})

it('JOINING that lasts is said, when it has lasted', async () => {
  const { clock, announcer, writes } = setUp(10_000)
  void announcer.announce(saying('joining'))
  await clock.advance(11_000)
  expect(writes.map(({ state, atMs }) => [state, atMs])).toEqual([['joining', 10_000]])
  announcer.stop()
})
