import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createPlaces, morePatience, PATIENCE_MS, type PlaceHolder, RANK, type Rank } from './places'

interface Held extends PlaceHolder {
  name: string
  usedAtMs: number
  idleSinceMs: number | null
  patienceMs: number
}

/** A stage with some places, whose holders bring a row when they are told to. */
function stage(count: number) {
  const clock = new FakeClock(0)
  const places = createPlaces(clock)
  const held: Held[] = []
  const gone: string[] = []
  let made = 0
  const ask = (asker: string, rank: Rank = RANK.guest): boolean => {
    const who = { asker, rank }
    if (!places.mayTakeFree(who, held)) {
      places.refused(who)
      return false
    }
    if (held.length === count) {
      const leaving = places.whoGivesWay(who, held)
      if (!leaving) {
        places.refused(who)
        return false
      }
      gone.push(`${leaving.holder.name}: ${leaving.why}`)
      held.splice(held.indexOf(leaving.holder), 1)
    }
    places.admitted(who)
    const nowMs = clock.monotonicMs()
    held.push({
      ...{ ...who, name: `${asker}${++made}`, openedAtMs: nowMs, usedAtMs: nowMs },
      ...{ idleSinceMs: nowMs, patienceMs: PATIENCE_MS },
    })
    return true
  }
  return {
    ...{ clock, held, gone, ask },
    /** Each brings a row, which takes no time. */
    rows(whose = held) {
      const nowMs = clock.monotonicMs()
      for (const one of whose) {
        one.patienceMs = morePatience(one.patienceMs - (nowMs - (one.idleSinceMs ?? nowMs)), 1)
        one.usedAtMs = nowMs
        one.idleSinceMs = nowMs
      }
    },
    of: (asker: string) => held.filter((one) => one.asker === asker),
    shares: () =>
      [...new Set(held.map(({ asker }) => asker))].map((asker) => held.filter((one) => one.asker === asker).length),
    leave(asker: string) {
      const at = held.findIndex((one) => one.asker === asker)
      if (at >= 0) held.splice(at, 1)
    },
  }
}

describe('places in the cache, when there are not enough', () => {
  it('H-52: one peer that had them all keeps its share, and each of many gets one', () => {
    const { ask, shares, of, gone } = stage(4)
    for (let i = 0; i < 4; i++) expect(ask('hog')).toBe(true)
    expect(ask('hog')).toBe(false)
    expect(ask('ann')).toBe(true)
    expect(ask('ann')).toBe(true)
    expect(shares()).toEqual([2, 2])
    // Half for each of two is fair.
    expect(ask('ann')).toBe(false)
    expect([ask('bob'), ask('cid'), ask('dot')]).toEqual([true, true, false])
    expect(shares()).toEqual([1, 1, 1, 1])
    expect(of('hog')).toHaveLength(1)
    expect(gone[0]).toContain('more than its share')
  })

  it('H-52: the one that has rested longest goes first, and of a peer’s own the same', () => {
    const { ask, rows, held, clock, gone } = stage(3)
    for (let i = 0; i < 3; i++) ask('hog')
    return clock.advance(4_000).then(() => {
      rows(held.slice(0, 1))
      ask('ann')
      expect(gone).toEqual([expect.stringContaining('hog2: its peer had more')])
    })
  })

  it('H-52: a session in our own hands is taken only when there is none beside it', () => {
    const { ask, held, gone } = stage(2)
    for (let i = 0; i < 2; i++) ask('hog')
    held[0]!.idleSinceMs = null
    ask('ann')
    expect(gone).toEqual([expect.stringContaining('hog2')])
  })

  it('H-52: who brings less than a row in two seconds gives way to who has none; who brings them does not', async () => {
    const { ask, rows, of, clock, gone } = stage(2)
    ask('slow')
    ask('quick')
    for (let s = 0; s < 18; s += 2) {
      await clock.advance(2_000)
      rows(of('quick'))
      if (s % 6 === 4) rows(of('slow'))
    }
    expect(ask('ann')).toBe(true)
    expect(gone).toEqual([expect.stringMatching(/^slow1: it was slow/)])
    expect(ask('bob')).toBe(false)
    expect(of('quick')).toHaveLength(1)
  })

  it('H-52: ten identities at full pace hold four places for a turn, and no longer while somebody waits', async () => {
    const { ask, rows, clock } = stage(4)
    const strangers = Array.from({ length: 10 }, (_, i) => `stranger${i}`)
    let waitedS = 0
    for (const stranger of strangers) ask(stranger)
    for (; waitedS < 600; waitedS++) {
      await clock.advance(1_000)
      rows()
      if (ask('ann')) break
      // The others come before, whenever they can.
      for (const stranger of strangers) ask(stranger)
    }
    expect(waitedS).toBeGreaterThan(60)
    expect(waitedS).toBeLessThan(400)
  })

  it('H-52: whoever has waited longest has the turn, not whoever asks oftenest', async () => {
    const { ask, rows, of, clock } = stage(1)
    ask('quick')
    let names = 0
    for (let s = 0; s < 121; s++) {
      // New names are as cheap as more requests.
      if (s > 0) for (let i = 0; i < 3; i++) expect(ask(`hog${names++}`)).toBe(false)
      if (ask('ann')) break
      await clock.advance(1_000)
      rows()
    }
    expect(of('ann')).toHaveLength(1)
  })

  it('H-52: a place that becomes free is kept for who was refused and comes again, and only for a moment', async () => {
    const { ask, leave, clock } = stage(2)
    ask('hog')
    ask('quick')
    expect(ask('ann')).toBe(false)
    await clock.advance(1_000)
    expect(ask('ann')).toBe(false)
    leave('quick')
    await clock.advance(500)
    // It has one already, or is new.
    expect([ask('hog'), ask('bob')]).toEqual([false, false])
    expect(ask('ann')).toBe(true)
    leave('ann')
    await clock.advance(4_001)
    expect(ask('cid')).toBe(true)
  })

  it('H-52: the own user comes first, then members; neither is sent away for a guest', async () => {
    const { ask, rows, of, clock } = stage(2)
    for (const guest of ['a', 'b']) ask(guest)
    expect(ask('member', RANK.member)).toBe(true)
    expect(ask('me', RANK.own)).toBe(true)
    expect([of('a'), of('b')]).toEqual([[], []])
    for (let s = 0; s < 180; s++) {
      await clock.advance(1_000)
      rows()
      expect([ask('a'), ask('b')]).toEqual([false, false])
    }
    expect(ask('me', RANK.own)).toBe(true)
    expect(of('member')).toEqual([])
  })
})
