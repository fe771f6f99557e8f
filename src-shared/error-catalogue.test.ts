import { describe, expect, it } from 'vitest'
import { ERROR_CATALOGUE, ERROR_CODES } from './error-catalogue'
import { EspalierError, reportOf } from './errors'

describe('H-46: no failure is invisible', () => {
  it.each(ERROR_CODES)(
    'H-46: %s says what happened and what to do, in sentences that fit where they are shown',
    (code) => {
      const { cause, action } = ERROR_CATALOGUE[code]
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/)
      // A cause is the beginning of a sentence that its particulars complete; an action is whole ones.
      expect(cause).toMatch(/^(\p{Lu}|llama\.cpp).*[^.!?:]$/u)
      // A command at the end stands without a full stop, so that it can be copied.
      expect(action).toMatch(/^\p{Lu}.*(\.|: espalier \w+)$/u)
      expect(cause).not.toMatch(/!|\bplease\b/i)
      expect(action).not.toMatch(/!|\bplease\b/i)
      expect(cause.length).toBeLessThanOrEqual(120)
      expect(action.length).toBeLessThanOrEqual(300)
    },
  )

  it('H-46: what was not foreseen has a code, a cause and an action too', () => {
    expect(reportOf(new TypeError('x is not a function'))).toMatchObject({
      code: 'INTERNAL',
      cause: expect.stringContaining('x is not a function'),
      action: expect.stringMatching(/\.$/),
    })
    expect(reportOf(new EspalierError('PORT_TAKEN', '4001')).cause).toBe('The port cannot be used: 4001')
  })
})
