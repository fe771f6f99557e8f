import { expect, it } from 'vitest'
import { STATUS_SHAPES } from '../../src-shared/status'
import { exitCodeOf } from './status'

it('M-28: status exits 0 only for what others see; with --answers for every node that says anything', () => {
  const codes = (answers: boolean) => STATUS_SHAPES.filter((shape) => exitCodeOf({ shape }, { answers }) === 0)
  expect(codes(false)).toEqual(['visible'])
  expect(codes(true)).toEqual(STATUS_SHAPES)
})
