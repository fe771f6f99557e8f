import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createSteps } from './steps'
import { doubtAfterSleep, type Wake, watchWake } from './wake'

function setUp() {
  const clock = new FakeClock()
  const wakes: Wake[] = []
  let asleepMs = 0
  let addresses = ['192.168.1.5']
  const stop = watchWake({
    // Time that passes while no timer fires.
    clock: { ...clock, now: () => clock.now() + asleepMs },
    addresses: () => addresses,
    onWake: (wake) => void wakes.push(wake),
  })
  return {
    clock,
    wakes,
    stop,
    sleep(ms: number) {
      asleepMs += ms
    },
    move(to: string[]) {
      addresses = to
    },
  }
}

it.each([60_000, 30 * 60_000, 8 * 3_600_000])(
  'D-T06: a sleep of %i ms is noticed within 5 s of waking, once',
  async (ms) => {
    const { clock, wakes, stop, sleep } = setUp()
    await clock.advance(60_000)
    expect(wakes).toEqual([])
    sleep(ms)
    await clock.advance(5_000)
    expect(wakes).toEqual([{ kind: 'slept', forMs: ms }])
    await clock.advance(3_600_000)
    expect(wakes).toHaveLength(1)
    stop()
    expect(clock.pending).toBe(0)
  },
)

it('D-T06: another network is noticed, also when it came during a sleep; a busy second is not', async () => {
  const { clock, wakes, sleep, move } = setUp()
  sleep(4_000)
  await clock.advance(60_000)
  expect(wakes).toEqual([])
  move(['10.0.0.7'])
  await clock.advance(5_000)
  expect(wakes).toEqual([{ kind: 'network-changed', addresses: ['10.0.0.7'] }])
  move([])
  sleep(60_000)
  await clock.advance(10_000)
  expect(wakes.map(({ kind }) => kind)).toEqual(['network-changed', 'slept'])
})

it.each([60_000, 20 * 86_400_000])('a clock that is set back by %i ms is noticed, once', async (ms) => {
  const { clock, wakes, sleep } = setUp()
  await clock.advance(60_000)
  sleep(-ms)
  await clock.advance(5_000)
  expect(wakes).toEqual([{ kind: 'clock-set-back', byMs: ms }])
  sleep(-500)
  await clock.advance(3_600_000)
  expect(wakes).toHaveLength(1)
})

it('D-T06: what was tested and approved before a sleep is doubted for the sleep, and nothing else is touched', () => {
  const steps = createSteps(new FakeClock(), () => undefined)
  const evidence = { kind: 'measurement' as const, by: 'probe', at: 1, value: 'within 1 %' }
  for (const step of ['prove', 'load'] as const) steps.done(step, [evidence])
  steps.waiting('approve', { what: 'The host has been told' })
  doubtAfterSleep(steps, new EspalierError('STALE_AFTER_SLEEP', 'slept for 60 s').report())
  expect(steps.get('prove')).toMatchObject({ state: 'degraded', blocker: { code: 'STALE_AFTER_SLEEP' } })
  expect([steps.isDone('load'), steps.get('approve')?.state]).toEqual([true, 'waiting'])
})
