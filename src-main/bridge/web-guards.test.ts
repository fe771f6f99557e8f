import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createAddressCheck, createFailureLimit, createTokenCheck, newToken } from './web-guards'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('tokens', () => {
  it('tells operator, reader and nobody apart', () => {
    const operatorToken = newToken()
    const readToken = newToken()
    const scopesOf = createTokenCheck({ operatorToken, readToken })
    expect(scopesOf(operatorToken)).toEqual(new Set(['read', 'operate']))
    expect(scopesOf(readToken)).toEqual(new Set(['read']))
    for (const wrong of ['', operatorToken.slice(1), `${operatorToken}x`, newToken()])
      expect(scopesOf(wrong)).toBeNull()
  })

  it('does not start with a token that can be guessed, or with one token for both', () => {
    expect(() => createTokenCheck({ operatorToken: '' })).toThrow(/token/)
    expect(() => createTokenCheck({ operatorToken: 'short' })).toThrow(/token/)
    expect(() => createTokenCheck({ operatorToken: `${newToken()},x` })).toThrow(/token/)
    const same = newToken()
    expect(() => createTokenCheck({ operatorToken: same, readToken: same })).toThrow(/differ/)
  })
})

describe('addresses', () => {
  const check = createAddressCheck(4100, ['127.0.0.1', 'localhost', '::1'])
  it.each(['127.0.0.1:4100', 'localhost:4100', 'LOCALHOST:4100', '[::1]:4100'])('answers to %s', (host) => {
    expect(check.isOurHost(host)).toBe(true)
    expect(check.isOurOrigin(`http://${host}`)).toBe(true)
  })
  it.each([undefined, '', '127.0.0.1', '127.0.0.1:4101', 'evil.example:4100', '127.0.0.1:4100.evil.example'])(
    'does not answer to %s',
    (host) => {
      expect(check.isOurHost(host)).toBe(false)
      expect(check.isOurOrigin(host === undefined ? undefined : `http://${host}`)).toBe(false)
    },
  )
  it('does not take another scheme, a null origin or a path for an origin', () => {
    for (const origin of ['https://127.0.0.1:4100', 'null', 'http://127.0.0.1:4100/', 'file://']) {
      expect(check.isOurOrigin(origin)).toBe(false)
    }
  })
})

describe('wrong tokens', () => {
  it('block an address after the burst, and let it in again with time', () => {
    const limit = createFailureLimit(systemClock, 3, 1_000)
    for (let i = 0; i < 3; i += 1) {
      expect(limit.isBlocked('a')).toBe(false)
      limit.countFailure('a')
    }
    expect(limit.isBlocked('a')).toBe(true)
    expect(limit.isBlocked('b')).toBe(false)
    vi.advanceTimersByTime(1_001)
    expect(limit.isBlocked('a')).toBe(false)
  })
})
