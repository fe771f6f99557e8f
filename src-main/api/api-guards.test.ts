import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createApiGuard } from './api-guards'

const KEY = 'sk-right'

function guard() {
  const check = createApiGuard({
    clock: new FakeClock(),
    key: KEY,
    port: 31_400,
    hostNames: ['127.0.0.1', 'localhost'],
  })
  const socket = { remoteAddress: '127.0.0.1' } as IncomingMessage['socket']
  return (headers: IncomingHttpHeaders): string => {
    try {
      check({ headers: { host: '127.0.0.1:31400', ...headers }, socket })
      return 'let in'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
}

const right = { authorization: `Bearer ${KEY}` }

it('no web page is answered, and however often one asks, programs are not shut out', () => {
  const ask = guard()
  for (let i = 0; i < 30; i++) {
    expect(ask({ 'sec-fetch-site': 'cross-site' })).toBe('API_WEB_PAGE')
    expect(ask({ 'sec-fetch-site': 'same-site', authorization: 'Bearer guess' })).toBe('API_WEB_PAGE')
    expect(ask({ origin: 'https://evil.example', authorization: 'Bearer guess' })).toBe('API_WEB_PAGE')
    expect(ask({ origin: 'null', ...right })).toBe('API_WEB_PAGE')
  }
  expect(ask({ authorization: 'Bearer guess' })).toBe('API_KEY_WRONG')
  expect(ask(right)).toBe('let in')
  expect(ask({ ...right, origin: 'http://localhost:31400', 'sec-fetch-site': 'same-origin' })).toBe('let in')
})

it('a missing key is no guess, wrong ones are counted, and the right one is always let in', () => {
  const ask = guard()
  for (let i = 0; i < 30; i++) expect(ask({})).toBe('API_KEY_WRONG')
  for (let i = 0; i < 10; i++) expect(ask({ authorization: `Bearer guess-${i}` })).toBe('API_KEY_WRONG')
  expect(ask({ authorization: 'Bearer guess' })).toBe('API_KEYS_TRIED')
  expect(ask(right)).toBe('let in')
})
