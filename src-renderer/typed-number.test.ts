import { expect, it } from 'vitest'
import { typedDecimal, typedWhole } from './typed-number'

it('numbers are read as people write them, in digits of full width too', () => {
  expect(['12', ' 131,072 ', '131.072', '１２', '１３１，０７２', '　７　'].map(typedWhole)).toEqual([
    12, 131_072, 131_072, 12, 131_072, 7,
  ])
  expect(['', '4.5', '1e3', '-1', '2²', '①', 'zwölf'].map(typedWhole).every(Number.isNaN)).toBe(true)
  expect(['0,7', '.5', '０．７', '3'].map(typedDecimal)).toEqual([0.7, 0.5, 0.7, 3])
  expect(['', '1e3', '-1', '0.7.1'].map(typedDecimal).every(Number.isNaN)).toBe(true)
})
