import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { PIPELINE_PROTOCOLS } from '../../pipeline/protocols'
import { PROFILES } from '../profiles'
import { createCallBudget } from './call-budget'
import { CALL_LIMITS, callLimitsFor } from './limits'

it('O-05: a look at a network of a thousand peers is no flood, from the first call to the last', async () => {
  const clock = new FakeClock()
  const limits = callLimitsFor(PROFILES.espalier)
  const streams = createCallBudget(clock, limits.streams)
  const kad = createCallBudget(clock, { ...limits.protocol, ...limits.protocols[PROFILES.espalier.kadProtocol] })
  for (let call = 0; call < 1_000; call++) {
    expect(streams.admit('observer') && kad.admit('observer')).toBe(true)
    await clock.advance(20)
  }
})

it('O-05: a neighbour that pings every two seconds is answered in any flood', async () => {
  const clock = new FakeClock()
  const streams = createCallBudget(clock, CALL_LIMITS.streams)
  for (let second = 0; second < 120; second += 2) {
    for (let call = 0; call < 2_000; call++) streams.admit(`peer ${call % 50}`)
    expect(streams.admit('neighbour')).toBe(true)
    await clock.advance(2_000)
  }
})

it.each(PIPELINE_PROTOCOLS)(
  'O-05: %s: 16 sessions that wait are answered for as long as they ask',
  async (protocol) => {
    const clock = new FakeClock()
    const limits = callLimitsFor(PROFILES.espalier)
    const budgets = [limits.streams, { ...limits.protocol, ...limits.protocols[protocol] }].map((rates) =>
      createCallBudget(clock, rates),
    )
    for (let second = 0; second < 600; second += 3) {
      for (let session = 0; session < 16; session++) expect(budgets.every((budget) => budget.admit('entry'))).toBe(true)
      await clock.advance(3_000)
    }
  },
)

it.each(PIPELINE_PROTOCOLS)('O-05: %s: one peer opens ten streams a second at most', async (protocol) => {
  const clock = new FakeClock()
  const budget = createCallBudget(clock, { ...CALL_LIMITS.protocol, ...CALL_LIMITS.protocols[protocol] })
  let admitted = 0
  for (let tenth = 0; tenth < 600; tenth++) {
    for (let stream = 0; stream < 10; stream++) if (budget.admit('stranger')) admitted++
    await clock.advance(100)
  }
  expect(admitted).toBeLessThan(600)
})

it('O-05: a session of KwaaiNet may ask for 30 tokens a second, for as long as it likes', async () => {
  const clock = new FakeClock()
  const limits = callLimitsFor(PROFILES.kwaai)
  const budgets = [limits.streams, { ...limits.protocol, ...limits.protocols['/kwaai/inference/1.0.0'] }].map((rates) =>
    createCallBudget(clock, rates),
  )
  for (let token = 0; token < 3_000; token++) {
    expect(budgets.every((budget) => budget.admit('client'))).toBe(true)
    await clock.advance(1_000 / 30)
  }
})

it('O-05: networks on one computer have the same bursts, and are sixty times as fast', () => {
  const [real, local] = [callLimitsFor({ ...PROFILES.local, loopbackOnly: false }), callLimitsFor(PROFILES.local)]
  const { burst, perSecond } = real.streams.shared
  expect(local.streams.shared).toEqual({ burst, perSecond: 60 * perSecond })
  expect(local.protocols['/espalier/witness/1']?.peer).toEqual({ perSecond: 12, burst: 10 })
  expect(local.waiting).toEqual(real.waiting)
})
