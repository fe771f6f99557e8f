import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../test/models/random'
import { logitDifference, probeTolerance, residualDifference } from './probe'

const ROWS = 8
const LENGTH = 64
const random = seededRandom(6)
const noise = (reach: number) => Float32Array.from({ length: ROWS * LENGTH }, () => reach * (random() * 2 - 1))
const plus = (a: Float32Array, b: Float32Array) => a.map((value, index) => value + (b[index] ?? 0))

const input = noise(10)
const work = noise(1)
const expected = plus(input, work)
const off = (actual: Float32Array) => residualDifference(expected, actual, input, LENGTH)

describe('S-06: how far an answer is off, in units of what the blocks do', () => {
  const { residual } = probeTolerance('Q8_0')

  it('blocks that do nothing, or something else of the same size, do not pass, however little blocks change', () => {
    expect(off(expected)).toBe(0)
    expect(off(input)).toBeCloseTo(1, 5)
    expect(off(plus(input, noise(1)))).toBeGreaterThan(1)
    expect(off(plus(expected, noise(0.02)))).toBeLessThan(residual / 2)
  })

  it('one row through another expert does not fail the others; half of them do', () => {
    const flipped = (rows: number) => expected.map((value, index) => (index < rows * LENGTH ? value + 1 : value))
    expect(off(flipped(2))).toBeLessThan(residual)
    expect(off(flipped(4))).toBeGreaterThan(residual)
  })

  it('large values that are passed on, and their rounding, do not drown what is done to the others', () => {
    const massive = input.map((value, index) => (index < LENGTH ? value * 1_000 : value))
    const wanted = plus(massive, work)
    const rounded = wanted.map((value, index) => (index < LENGTH ? value * (1 + 2 ** -12) : value))
    expect(residualDifference(wanted, rounded, massive, LENGTH)).toBeLessThan(residual)
    expect(residualDifference(wanted, massive, massive, LENGTH)).toBeGreaterThan(0.9)
  })

  it('other lengths, and anything that is not finite, are infinitely wrong', () => {
    expect(off(expected.slice(LENGTH))).toBe(Number.POSITIVE_INFINITY)
    expect(residualDifference(expected, expected, input.slice(1), LENGTH)).toBe(Number.POSITIVE_INFINITY)
    expect(residualDifference(new Float32Array(), new Float32Array(), new Float32Array(), LENGTH)).toBe(
      Number.POSITIVE_INFINITY,
    )
    const broken = expected.slice()
    broken[70] = Number.NaN
    expect(off(broken)).toBe(Number.POSITIVE_INFINITY)
  })

  it('logits count in units of how much the blocks change the row before them', () => {
    const row = input.slice(-LENGTH)
    const after = expected.slice(-LENGTH)
    const logits = noise(3).slice(0, 32)
    const near = logits.map((value) => value * 1.01)
    const strong = logitDifference(
      logits,
      near,
      row,
      row.map((value) => -value),
    )
    const weak = logitDifference(logits, near, row, after)
    expect(strong).toBeCloseTo(0.01, 4)
    expect(weak).toBeGreaterThan(5 * strong)
    expect(logitDifference(logits, logits, row, after)).toBe(0)
    expect(logitDifference(logits, logits.slice(1), row, after)).toBe(Number.POSITIVE_INFINITY)
  })
})
