import { describe, expect, it } from 'vitest'
import type { StageProgress } from '../frames'
import { findStall } from './stall'

const open = (received: number, computed = received, passed = computed): StageProgress => ({
  ...{ stands: 'open', received, computed, passed },
})
const OPENING: StageProgress = { stands: 'opening', received: 0, computed: 0, passed: 0 }
const UNKNOWN: StageProgress = { ...OPENING, stands: 'unknown' }

/** Sent rows, who the entry itself waits for, what the stages say; who it is, and on whose word beside its own. */
const CASES: [what: string, number, number | null, (StageProgress | null)[], [number, number | null] | null][] = [
  ['a first stage that computes nothing', 9, null, [open(9, 5), open(5), open(5)], [0, null]],
  ['one in the middle', 9, null, [open(9), open(9, 5), open(5)], [1, null]],
  [
    'the last one, though others wait for room before it',
    90,
    0,
    [open(80, 70, 60), open(60, 50), open(40, 8)],
    [2, null],
  ],
  ['a last one that has computed and sends nothing', 9, null, [open(9), open(9), open(9, 9, 8)], [2, null]],
  ['a last one that says that all is done', 9, null, [open(9), open(9), open(9)], [2, null]],
  ['a stage that takes nothing', 90, null, [open(90, 90, 80), open(80), open(80)], [1, 0]],
  ['rows that got lost between two', 9, null, [open(9), open(8), open(8)], [1, 0]],
  ['rows that do not come to the first one', 9, null, [open(8), open(8), open(8)], [0, null]],
  ['a stage that opens nothing', 0, null, [open(0), OPENING, UNKNOWN], [1, null]],
  ['one that has the rows before it and does not open', 9, null, [open(9, 9, 0), OPENING, open(9)], [1, null]],
  ['one that was not told of the session, or says so', 0, null, [open(0), UNKNOWN, UNKNOWN], [1, 0]],
  ['a first one that does not know the session', 0, null, [UNKNOWN, UNKNOWN], [0, null]],
  ['a first stage that has room and does not say so', 9, 0, [open(9), open(9)], [0, null]],
  ['nobody, where the first one that has no room says nothing', 90, 0, [null, null], null],
  ['nobody, where only those behind it say that they have all', 90, 0, [null, open(90)], null],
  ['one behind a first one that says nothing and has no room', 90, 0, [null, open(90, 80)], [1, null]],
  ['rows that got lost behind a first one that says nothing', 90, 0, [null, open(90), open(80)], [2, 1]],
  ['nobody, where a replacement says nothing', 9, 1, [open(9), null, open(9)], null],
  [
    'a stage that shall say how far it is, while the one before it is replaced',
    9,
    2,
    [open(9), UNKNOWN, open(8)],
    [2, null],
  ],
  ['one that admits it, among others that say nothing', 9, null, [null, open(9, 5), null], [1, null]],
  ['nobody, where none says anything', 9, null, [null, null], null],
  ['nobody, where it may be the one in between that says nothing', 9, null, [open(9), null, open(8)], null],
  ['nobody, where the last one says nothing', 9, null, [open(9), null], null],
  ['nobody, where the one before says nothing', 0, null, [null, UNKNOWN], null],
  ['the last one, where those before it say nothing and it has got all', 9, null, [null, open(9)], [1, null]],
]

describe('a session waits for', () => {
  it.each(CASES)('%s', (_, sentRows, heldUpBy, reports, expected) => {
    const stall = findStall(reports, { sentRows, heldUpBy })
    expect(stall && [stall.stage, stall.teller]).toEqual(expected)
  })
})
