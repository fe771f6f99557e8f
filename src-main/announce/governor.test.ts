import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { seededRandom } from '../../test/models/random'
import { type GovernorFile, GovernorSchema, MIN_GAP_MS, openGovernor } from './governor'

const INTERVAL_MS = 120_000
const MINUTE_MS = 60_000

function memoryFile(): GovernorFile {
  let text: string | null = null
  return {
    load: async () => (text === null ? null : GovernorSchema.parse(JSON.parse(text))),
    async save(state) {
      text = JSON.stringify(state)
    },
  }
}

const unexpected = (error: unknown) => expect.unreachable(String(error))

describe('the announce governor', () => {
  it.each([
    ['with farewells', true],
    ['killed', false],
  ])('O-04, D-T19: 100 restarts in ten minutes, %s, make at most 20 rounds', async (_, leaves) => {
    const clock = new FakeClock()
    const file = memoryFile()
    let rounds = 0
    for (let i = 0; i < 100; i++) {
      const governor = await openGovernor({ clock, file, onTrouble: unexpected })
      if (governor.waitMs('hivemind', INTERVAL_MS) === 0) {
        await governor.charge('hivemind')
        rounds++
        if (leaves) {
          await governor.charge('hivemind', 'farewell')
          rounds++
        }
      }
      await clock.advance(6_000)
    }
    expect(rounds).toBeGreaterThan(5)
    expect(rounds).toBeLessThanOrEqual(20)
  })

  it('O-19: a silence that a clock far ahead wrote down ends an hour after the clock is right, over restarts', async () => {
    const clock = new FakeClock()
    const file = memoryFile()
    const ahead = { ...clock, now: () => clock.now() + 30 * 86_400_000 }
    await (await openGovernor({ clock: ahead, file, onTrouble: unexpected })).overloaded()
    for (let minute = 0; minute < 60; minute += 20) {
      const governor = await openGovernor({ clock, file, onTrouble: unexpected })
      expect(governor.mode().name).toBe('overload')
      await clock.advance(20 * MINUTE_MS)
    }
    const governor = await openGovernor({ clock, file, onTrouble: unexpected })
    expect(governor.mode().name).toBe('probation')
    // The same clock, set right while the node runs.
    const running = await openGovernor({ clock, file: null, onTrouble: unexpected })
    await running.overloaded(30 * 86_400_000)
    expect(running.mode().name).toBe('overload')
    await clock.advance(61 * MINUTE_MS)
    expect(running.mode().name).toBe('probation')
  })

  it('O-04: a node that changes all the time keeps 30 s between rounds and 20 in every ten minutes', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: unexpected })
    const at: number[] = []
    const end = clock.now() + 3_600_000
    while (clock.now() < end) {
      if (governor.waitMs('hivemind', INTERVAL_MS) === 0) {
        await governor.charge('hivemind')
        at.push(clock.now())
      }
      await clock.advance(1_000)
    }
    for (const [i, time] of at.entries()) {
      if (i > 0) expect(time - at[i - 1]!).toBeGreaterThanOrEqual(MIN_GAP_MS)
      expect(at.filter((other) => other >= time && other < time + 10 * MINUTE_MS).length).toBeLessThanOrEqual(20)
    }
  })

  it('O-04: a long rest saves up no more rounds than a short one', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: unexpected })
    await governor.charge('hivemind')
    await clock.advance(24 * 3_600_000)
    let rounds = 0
    while (governor.waitMs('hivemind', INTERVAL_MS) === 0 && rounds < 100) {
      await governor.charge('hivemind')
      rounds++
      await clock.advance(MIN_GAP_MS)
    }
    expect(rounds).toBeLessThanOrEqual(20)
  })

  it('O-04: the ordinary pace is never held back', async () => {
    const clock = new FakeClock()
    const governor = await openGovernor({ clock, file: null, onTrouble: unexpected })
    const random = seededRandom(7)
    for (let i = 0; i < 200; i++) {
      expect(governor.waitMs('hivemind', INTERVAL_MS)).toBe(0)
      await governor.charge('hivemind')
      await clock.advance(INTERVAL_MS * (0.9 + 0.1 * random()))
    }
  })

  it('O-19: overload is 15 minutes of silence, then half the rate for 30 minutes, over restarts', async () => {
    const clock = new FakeClock()
    const file = memoryFile()
    await (await openGovernor({ clock, file, onTrouble: unexpected })).overloaded(1_000)
    const governor = await openGovernor({ clock, file, onTrouble: unexpected })
    expect(governor.mode().name).toBe('overload')
    expect(governor.waitMs('hivemind', INTERVAL_MS)).toBe(15 * MINUTE_MS)
    await clock.advance(15 * MINUTE_MS)
    let rounds = 0
    for (const end = clock.now() + 30 * MINUTE_MS - 1; clock.now() < end; await clock.advance(1_000)) {
      expect(governor.mode().name).toBe('probation')
      if (governor.waitMs('hivemind', INTERVAL_MS) > 0) continue
      await governor.charge('hivemind')
      rounds++
    }
    expect(rounds).toBeLessThanOrEqual((30 * MINUTE_MS) / INTERVAL_MS / 2 + 1)
    await clock.advance(2_000)
    expect(governor.mode().name).toBe('normal')
  })

  it('O-04: a clock that was set back does not silence the node', async () => {
    const clock = new FakeClock()
    const file = memoryFile()
    await (await openGovernor({ clock, file, onTrouble: unexpected })).charge('hivemind')
    const earlier = new FakeClock(clock.now() - 86_400_000)
    const governor = await openGovernor({ clock: earlier, file, onTrouble: unexpected })
    expect(governor.waitMs('hivemind', INTERVAL_MS)).toBeLessThanOrEqual(MIN_GAP_MS)
  })
})
