import { expect, it } from 'vitest'
import { checkThreads, threadsFor } from './threads'

it('H-46: threads are never more than the cores, and a wish for more is refused with the number', () => {
  expect([threadsFor(null, 8), threadsFor(null, 1), threadsFor(undefined, 2)]).toEqual([7, 1, 1])
  expect([threadsFor(3, 8), threadsFor(8, 8), threadsFor(512, 2)]).toEqual([3, 8, 2])
  expect(() => checkThreads(8, 8)).not.toThrow()
  expect(() => checkThreads(512, 2)).toThrow(
    expect.objectContaining({
      code: 'MORE_THAN_THERE_IS',
      message: expect.stringContaining('2 processor cores for 512'),
    }),
  )
})
