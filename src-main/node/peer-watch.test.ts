import { afterEach, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { watchPeers } from './peer-watch'

const MODEL = { dhtPrefix: 'M', blockCount: 8 }
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A watch, and when it asked the DHT, in seconds from its start. */
function watching(longestMs?: number) {
  const clock = new FakeClock()
  const startMs = clock.now()
  const asked: number[] = []
  const swarm = { isComplete: false, fails: false, takesMs: 0 }
  const { stop } = watchPeers({
    host: { peerId: { toString: () => 'self' } } as never,
    records: {
      form: 'hivemind',
      readModels: async () => [],
      async readServers() {
        asked.push((clock.now() - startMs) / 1000)
        if (swarm.takesMs > 0) await clock.sleep(swarm.takesMs)
        if (swarm.fails) throw new Error('nobody answers')
        return { spans: [], recordCount: 0 }
      },
    },
    model: MODEL,
    isComplete: () => swarm.isComplete,
    longestMs,
    local: null,
    clock,
    log: createEventLog(clock, null),
    onView: () => undefined,
  })
  stops.push(stop)
  return { clock, asked, swarm, stop }
}

it('S-02: asks every 2 s while incomplete, backs off to 30 s when complete, and is at 2 s again when a shard goes', async () => {
  const { clock, asked, swarm } = watching()
  await clock.advance(10_000)
  expect(asked).toEqual([0, 2, 4, 6, 8, 10])
  swarm.isComplete = true
  await clock.advance(150_000)
  expect(asked.slice(6)).toEqual([12, 16, 24, 40, 70, 100, 130, 160])
  await clock.advance(5_000)
  swarm.isComplete = false
  await clock.advance(6_000)
  expect(asked.slice(14)).toEqual([166, 168, 170])
})

it('S-02: a look that fails is followed by the next one', async () => {
  const { clock, asked, swarm } = watching()
  swarm.fails = true
  await clock.advance(4_000)
  expect(asked).toEqual([0, 2, 4])
})

it('S-02: where a look takes long the next ones leave time between them, at most 8 s', async () => {
  const { clock, asked, swarm } = watching()
  swarm.takesMs = 1_000
  await clock.advance(11_000)
  expect(asked).toEqual([0, 2, 7])
  swarm.takesMs = 5_000
  await clock.advance(26_000)
  expect(asked.slice(3)).toEqual([12, 25])
})

it('S-02: the longest pause can be shorter, and nothing is asked after the end', async () => {
  const { clock, asked, swarm, stop } = watching(8_000)
  swarm.isComplete = true
  await clock.advance(40_000)
  expect(asked).toEqual([0, 4, 12, 20, 28, 36])
  stop()
  await clock.advance(60_000)
  expect(asked).toHaveLength(6)
  expect(clock.pending).toBe(0)
})
