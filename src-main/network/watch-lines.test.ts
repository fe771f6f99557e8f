import type { Connection, Libp2p, Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { expect, it } from 'vitest'
import type { Clock } from '../../src-shared/clock'
import { FakeClock } from '../../test/fake-clock'
import { watchLines } from './watch-lines'

const INTERVAL_MS = 2_000

/** A connection whose other side answers after `roundTripMs`, or never. */
function watched(clock: FakeClock, roundTripMs: () => number | null, shown: Clock = clock) {
  const streams: Stream[] = []
  const arrivals = new EventTarget()
  const figures = { pings: 0, abortedAtMs: null as number | null }
  const arrive = () => arrivals.dispatchEvent(new Event('message'))
  const muxer = {
    streams,
    ping() {
      figures.pings++
      const ms = roundTripMs()
      return new Promise<void>((resolve) => {
        if (ms === null) return
        clock.after(ms, () => {
          arrive()
          resolve()
        })
      })
    },
  }
  const connection = {
    status: 'open',
    streams,
    remotePeer: 'peer',
    abort() {
      connection.status = 'aborted'
      figures.abortedAtMs = clock.monotonicMs()
    },
  }
  const watch = watchLines(shown, INTERVAL_MS)
  const factory = { createStreamMuxer: () => muxer as unknown as StreamMuxer }
  watch
    .muxer(() => factory as unknown as StreamMuxerFactory)({})
    .createStreamMuxer(arrivals as never)
  const stop = watch.start({
    getConnections: () => [connection as unknown as Connection],
  } as Pick<Libp2p, 'getConnections'>)
  return { figures, connection, arrive, stop }
}

it('D-T30: a line that says nothing is dropped within a few seconds, and one that answers late is not', async () => {
  const clock = new FakeClock()
  let roundTripMs: number | null = 20
  const { figures, connection } = watched(clock, () => roundTripMs)
  await clock.advance(60_000)
  expect(connection).toMatchObject({ status: 'open', rtt: 20 })
  // Slower and slower, as under load: each answer earns the next one time.
  for (const slower of [300, 2_500, 4_000, 8_000]) {
    roundTripMs = slower
    await clock.advance(30_000)
    expect(connection).toMatchObject({ status: 'open', rtt: slower })
  }
  roundTripMs = 20
  await clock.advance(120_000)
  roundTripMs = null
  const deadSinceMs = clock.monotonicMs()
  await clock.advance(30_000)
  expect(connection.status).toBe('aborted')
  expect(figures.abortedAtMs! - deadSinceMs).toBeLessThanOrEqual(INTERVAL_MS + 3_000)
})

it('D-T30: as long as anything arrives nobody is dropped, and who talks anyway is hardly ever pinged', async () => {
  const clock = new FakeClock()
  let answers = true
  const { figures, connection, arrive } = watched(clock, () => (answers ? 20 : null))
  const stopTalking = clock.every(500, arrive)
  await clock.advance(60_000)
  expect(figures.pings).toBe(3)
  answers = false
  await clock.advance(60_000)
  expect(connection.status).toBe('open')
  stopTalking()
  await clock.advance(10_000)
  expect(connection.status).toBe('aborted')
})

it('D-T30: what this process was too busy to read is not held against the other side', async () => {
  const clock = new FakeClock()
  let lateMs = 0
  const busy: Clock = { ...pick(clock), monotonicMs: () => clock.monotonicMs() + lateMs }
  let roundTripMs = 20
  const { connection } = watched(clock, () => roundTripMs, busy)
  await clock.advance(10_000)
  // The ping goes out at 12 s; its answer is read at 16 s, after a timer that should have come at 15 s.
  roundTripMs = 4_000
  await clock.advance(2_100)
  lateMs = 1_000
  await clock.advance(3_000)
  expect(connection.status).toBe('open')
  await clock.advance(10_000)
  expect(connection.status).toBe('open')
})

it('D-T30: a process that is late every time drops a silent line in the end', async () => {
  const clock = new FakeClock()
  let lateMs = 0
  const busy: Clock = {
    ...pick(clock),
    monotonicMs: () => clock.monotonicMs() + lateMs,
    after: (ms, run) =>
      clock.after(ms, () => {
        lateMs += 1_000
        run()
      }),
  }
  const { connection } = watched(clock, () => null, busy)
  await clock.advance(15_000)
  expect(connection.status).toBe('open')
  await clock.advance(15_000)
  expect(connection.status).toBe('aborted')
})

it('D-T30: one quick answer does not take back the time that a slow one earned, and none earns more than ten seconds', async () => {
  const clock = new FakeClock()
  const trips: (number | null)[] = [2_400, 20, 6_000, 8_000, null]
  const { figures, connection } = watched(clock, () => trips.shift() ?? null)
  const nextAnswer = async (rtt: number) => {
    for (let step = 0; step < 100 && Reflect.get(connection, 'rtt') !== rtt; step += 1) await clock.advance(200)
    expect(connection).toMatchObject({ status: 'open', rtt })
  }
  for (const rtt of [2_400, 20, 6_000, 8_000]) await nextAnswer(rtt)
  const silentSinceMs = clock.monotonicMs()
  await clock.advance(60_000)
  const tookMs = (figures.abortedAtMs ?? Number.POSITIVE_INFINITY) - silentSinceMs
  expect(tookMs).toBeGreaterThan(9_000)
  expect(tookMs).toBeLessThanOrEqual(2 * INTERVAL_MS + 10_000)
})

it('D-T30: a line that is silent from the beginning is dropped, and nothing waits after the end', async () => {
  const clock = new FakeClock()
  const { connection, stop } = watched(clock, () => null)
  await clock.advance(INTERVAL_MS + 5_000)
  expect(connection.status).toBe('aborted')
  const other = watched(clock, () => null)
  await clock.advance(INTERVAL_MS + 100)
  stop()
  other.stop()
  expect(clock.pending).toBe(0)
})

function pick(clock: FakeClock): Clock {
  return { now: clock.now, monotonicMs: clock.monotonicMs, after: clock.after, every: clock.every, sleep: clock.sleep }
}
