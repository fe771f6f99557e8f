import { describe, expect, it } from 'vitest'
import { isErrorCode } from '../../src-shared/errors'
import { normaliseCoordinatorUrl } from './coordinator-url'

describe('coordinator address', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:8000',
    'http://127.0.0.1',
    'http://127.0.0.1:8000',
    'http://127.0.0.1:8000/',
    '  HTTP://127.0.0.1:08000//  ',
    '//127.0.0.1:8000',
    'http://127.0.0.1:8000/dashboard',
    'http://127.0.0.1/#/workers',
  ])('C-02: %j is the same coordinator', (typed) => {
    expect(normaliseCoordinatorUrl(typed)).toBe('http://127.0.0.1:8000')
  })

  it.each([
    ['coordinator.example.org', 'https://coordinator.example.org:8000'],
    ['https://coordinator.example.org', 'https://coordinator.example.org'],
    ['https://coordinator.example.org:443/', 'https://coordinator.example.org'],
    ['https://coordinator.example.org:8443/pool/', 'https://coordinator.example.org:8443/pool'],
    ['https://coordinator.example.org/pool/dashboard/', 'https://coordinator.example.org/pool'],
    ['http://localhost:80', 'http://localhost:80'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['localhost/pool', 'http://localhost:8000/pool'],
  ])('C-02: %j becomes %j', (typed, expected) => {
    expect(normaliseCoordinatorUrl(typed)).toBe(expected)
  })

  it('C-44, X-14: http:// to another computer needs a wish', () => {
    expect(() => normaliseCoordinatorUrl('http://192.168.1.5:8000')).toThrow(
      expect.objectContaining({ code: 'COORDINATOR_INSECURE' }),
    )
    expect(() => normaliseCoordinatorUrl('http://localhost.example.org')).toThrow(
      expect.objectContaining({ code: 'COORDINATOR_INSECURE' }),
    )
    expect(normaliseCoordinatorUrl('http://192.168.1.5', { allowInsecure: true })).toBe('http://192.168.1.5:8000')
  })

  it.each([
    '',
    '   ',
    'ftp://host',
    'file:///etc/passwd',
    'http:host',
    'http://',
    'http://user:secret@localhost:8000',
    'http://localhost:8000/?token=1',
    'http://localhost:99999',
    'ho st',
    'a'.repeat(500),
  ])('%j is refused', (typed) => {
    try {
      normaliseCoordinatorUrl(typed)
      expect.fail('taken')
    } catch (error) {
      expect(isErrorCode(error, 'BAD_ARGUMENT'), String(error)).toBe(true)
    }
  })
})
