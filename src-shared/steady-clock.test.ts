import { expect, it } from 'vitest'
import { watchSteadiness } from './steady-clock'

it('a wall clock that jumps, either way, begins its steadiness anew; corrections and time itself do not', () => {
  let [wall, passed] = [1e12, 0]
  const steadyMs = watchSteadiness({ now: () => wall + passed, monotonicMs: () => passed })
  expect(steadyMs()).toBe(0)
  passed = 3_600_000
  expect(steadyMs()).toBe(3_600_000)
  wall -= 2_000
  expect(steadyMs()).toBe(3_600_000)
  for (const jumpMs of [30 * 86_400_000, -30 * 86_400_000]) {
    wall += jumpMs
    passed += 1_000
    expect(steadyMs()).toBe(0)
    passed += 5_000
    expect(steadyMs()).toBe(5_000)
  }
})
