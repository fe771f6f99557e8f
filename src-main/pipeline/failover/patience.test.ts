import { describe, expect, it } from 'vitest'
import type { StageProgress } from '../frames'
import { createPatience } from './patience'
import type { Sign } from './silence'

const ROUTE = [
  { peer: 'a', start: 0, end: 4 },
  { peer: 'b', start: 4, end: 8 },
]
const CHUNK = 128

const open = (received: number, computed = received, passed = computed): StageProgress => ({
  ...{ stands: 'open', received, computed, passed },
})

/** After how many seconds of waiting the stage is left for which nothing changes; null where it never is. */
function leftAfterS({
  signs,
  sentRows,
  ...options
}: {
  signs: readonly Sign[]
  sentRows: number
  isExact?: boolean
  paceMs?: number
}): number | null {
  const { isExact = false, paceMs } = options
  const patience = createPatience({ isExact, paceMs: () => paceMs ?? null, batchesUntil: (row) => row / CHUNK })
  for (let second = 0; second < 600; second++) {
    const outgoing = { sentRows, heldUpBy: null }
    const looked = { route: ROUTE, signs, outgoing, waitingSinceMs: 0, nowMs: second * 1_000 }
    if (typeof patience.judge(looked) !== 'string') return second
  }
  return null
}

describe('rows on their way to a stage are waited for', () => {
  // The second of nine chunks does not come to an end of its way, and the others wait for it on the same line.
  const sender: Sign = { progress: open(9 * CHUNK, 9 * CHUNK, 8 * CHUNK) }
  const behind = (passed: number): Sign[] => [
    { progress: open(passed + CHUNK, passed + CHUNK, passed) },
    { progress: open(passed) },
  ]

  it('0.1 s each, beside 10 s', () => {
    expect(leftAfterS({ signs: behind(0), sentRows: CHUNK })).toBe(23)
  })

  it('all of those that have not come, also where the stage before calls them passed on', () => {
    expect(leftAfterS({ signs: [sender, { progress: open(CHUNK) }], sentRows: 9 * CHUNK })).toBe(40)
    // What the next one has got more than that is no reason to hurry.
    const ahead = [{ progress: open(9, 9, 8) }, { progress: open(9, 9) }]
    expect(leftAfterS({ signs: ahead, sentRows: 9 })).toBe(11)
  })

  it('twice as long in single precision', () => {
    expect(leftAfterS({ signs: behind(0), sentRows: CHUNK, isExact: true })).toBe(36)
  })

  it('longer where other sessions share the line, whichever of the two says so', () => {
    for (const crowded of [0, 1]) {
      const signs = behind(0).map((sign, stage) => ({ ...sign, sessions: stage === crowded ? 2 : 1 }))
      expect(leftAfterS({ signs, sentRows: CHUNK })).toBe(36)
    }
    // Of the first stage only it tells; the line to it is the entry's own.
    const first = [{ progress: open(0), sessions: 2 }, { progress: open(0) }]
    expect(leftAfterS({ signs: first, sentRows: CHUNK })).toBe(36)
  })

  it('40 s at most', () => {
    const signs = behind(0).map((sign) => ({ ...sign, sessions: 65_536 }))
    expect(leftAfterS({ signs, sentRows: CHUNK, isExact: true })).toBe(40)
  })
})

describe('a stage that has its rows is waited for', () => {
  it.each([Number.POSITIVE_INFINITY, Number.MAX_VALUE, Number.NaN])(
    '40 s at most, also at a pace of %d ms',
    (paceMs) => {
      for (const computed of [0, CHUNK]) {
        const signs = [{ progress: open(CHUNK) }, { progress: open(CHUNK, computed) }]
        // Where it says that all is done nothing is left to take long.
        expect(leftAfterS({ signs, sentRows: CHUNK, paceMs })).toBe(computed === 0 ? 40 : 10)
      }
    },
  )
})
