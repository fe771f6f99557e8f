import { expect, it } from 'vitest'
import { growthPerSample } from './trend'

const series = (values: readonly number[]) => values.map((handles) => ({ handles }))

it('D-T24: what is kept in each round shows as a growth, whatever the first rounds did', () => {
  expect(growthPerSample(series([90, 20, 50, 10, 12, 14, 16, 18, 20]))).toEqual({ handles: 2 })
})

it('D-T24: what comes and goes, or came once while warming up, is no growth', () => {
  expect(growthPerSample(series([1, 9, 30, 30, 90, 30, 30, 30, 90]))).toEqual({ handles: 0 })
})

it('D-T24: one connection more at a single look is no growth, so fewer samples than nine are no trend', () => {
  expect(growthPerSample(series([52, 52, 52, 52, 52, 52, 52, 56, 52]))).toEqual({ handles: 0 })
  expect(() => growthPerSample(series([52, 52, 52, 52, 56, 52, 52, 52]))).toThrow(RangeError)
})
