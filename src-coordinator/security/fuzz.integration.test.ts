import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomOf } from '../../test/membership/malformed'
import { startTestCoordinator, type TestCoordinator } from '../test-coordinator'

const CASES = 10_000
/** For endpoints that take no body: there are not so many ways to write an address. */
const ADDRESS_CASES = 500
/** Names that every row of the seed's protocol may carry: valid, so that single fields are broken one at a time. */
const VALID: Record<string, object> = {
  'POST /workers/register': {
    ...{ worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0, requested_layers: 3 },
    ...{ x_peer_id: 'peer', x_multiaddrs: ['/ip4/127.0.0.1/tcp/1'], x_demo: false, x_reapply: true, x_invite: 'a.b.c' },
  },
  'POST /workers/heartbeat': { worker_id: 'w1', tokens_served_since_last: 1, status: 'online', x_seq: 1 },
  'POST /workers/{id}/approve': { reason: 'welcome' },
  'POST /workers/{id}/reject': { reason: 'no room' },
  'POST /users/register': { user_id: 'u1', nickname: 'n' },
  'POST /usage/log': { user_id: 'u1', prompt_tokens: 1, completion_tokens: 1, worker_ids: ['w1'], x_request_id: 'r1' },
  'POST /invites': { label: 'for Ada', expires_in_s: 3600 },
  'POST /invites/check': { invite: 'a.b.c' },
  'POST /tokens/check': { token: 'hntoken://v1/a.b.c', subject: 'peer', model: 'Tiny-Jargon-8' },
}
const QUERIES = ['count', 'mode', 'limit', 'before', 'worker_id', 'days']
/** Never ends by itself; its own tests are beside it. */
const STREAMS = ['/events']

let coordinator: TestCoordinator
const unexpected: string[] = []
beforeAll(async () => {
  coordinator = await startTestCoordinator({
    log: {
      write(level, code, message) {
        if (level === 'error') unexpected.push(`${code}: ${message}`)
      },
    },
  })
  for (const id of ['w1', 'w2']) {
    await coordinator.server.inject({
      method: 'POST',
      url: '/workers/register',
      payload: { ...VALID['POST /workers/register'], worker_id: id, x_invite: undefined },
    })
  }
})
afterAll(() => coordinator.remove())

async function endpoints(): Promise<{ method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string }[]> {
  const { paths } = (await coordinator.server.inject('/openapi.json')).json<{ paths: Record<string, object> }>()
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((method) => {
      const name = method.toUpperCase()
      return name === 'GET' || name === 'POST' || name === 'PUT' || name === 'DELETE' ? [{ method: name, path }] : []
    }),
  )
}

describe('malformed requests', () => {
  it('D-T01, C-45: 10,000 to each endpoint: a typed error or an answer, never a failure of ours', {
    timeout: 900_000,
  }, async () => {
    const all = (await endpoints()).filter(({ path }) => !STREAMS.includes(path))
    expect(all.length).toBeGreaterThan(20)
    expect(Object.keys(VALID).filter((name) => !all.some(({ method, path }) => `${method} ${path}` === name))).toEqual(
      [],
    )
    const admin = { authorization: `Bearer ${coordinator.server.adminToken}` }
    for (const [index, { method, path }] of all.entries()) {
      const random = randomOf(0xf022 + index)
      const name = `${method} ${path}`
      const isReading = method === 'GET'
      for (let i = 0; i < (name in VALID ? CASES : ADDRESS_CASES); i++) {
        const url = path.replaceAll(/\{\w+\}/g, () => random.pathPart()) + random.query(QUERIES)
        const headers = random.chance(0.5) ? admin : {}
        const body = isReading ? null : random.body(VALID[name] ?? {})
        const answer = await coordinator.server.inject({
          method,
          url,
          headers: { ...headers, ...random.headers(), ...(body ? { 'content-type': body.type } : {}) },
          ...(body ? { payload: body.bytes } : {}),
        })
        const what = `${name}, case ${i}: ${url.slice(0, 80)} ${body?.bytes.toString('utf8').slice(0, 120) ?? ''} → ${answer.statusCode} ${answer.body.slice(0, 200)}`
        if (answer.statusCode >= 500 && !answer.body.includes('BRIDGE_PAGE_MISSING')) throw new Error(what)
        if (answer.statusCode >= 400) {
          const { error } = answer.json<{ error?: unknown }>()
          const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : error
          if (typeof code !== 'string' || !/^[A-Za-z_]+$/.test(code)) throw new Error(what)
        }
      }
    }
    expect(unexpected).toEqual([])
    expect((await coordinator.server.inject('/network/info')).statusCode).toBe(200)
  })

  it('C-45: half a surrogate pair is refused everywhere: it would end the process when it is read back', async () => {
    for (const [name, valid] of Object.entries(VALID)) {
      const [method, path = ''] = name.split(' ')
      for (const field of Object.keys(valid)) {
        const payload = JSON.stringify({ ...valid, [field]: 'a\ud800b' })
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${coordinator.server.adminToken}` }
        const url = path.replace('{id}', 'w2')
        const answer = await coordinator.server.inject({
          method: method === 'POST' ? 'POST' : 'PUT',
          url,
          headers,
          payload,
        })
        expect([answer.statusCode, answer.body], `${name} ${field}`).toEqual([
          400,
          expect.stringContaining('surrogate'),
        ])
      }
    }
  })

  it('X-14: nicknames with markup, escapes, bidirectional controls or 10,000 characters are stored harmless', async () => {
    const nasty = [
      '<script>alert(1)</script>',
      '\u001b[2J\u001b]0;title\u0007',
      'a\u202egnp.exe',
      '\u2066\u200b\ufeffx',
      'a\nb\r\nc',
      '🙂'.repeat(60),
      `a${'🙂'.repeat(60)}`,
    ]
    for (const [index, nickname] of nasty.entries()) {
      const payload = {
        ...VALID['POST /workers/register'],
        worker_id: `nasty-${index}`,
        nickname,
        device_name: nickname,
        x_invite: undefined,
      }
      const answer = await coordinator.server.inject({ method: 'POST', url: '/workers/register', payload })
      expect(answer.statusCode, nickname).toBe(200)
    }
    const long = {
      ...VALID['POST /workers/register'],
      worker_id: 'long',
      nickname: 'x'.repeat(10_000),
      x_invite: undefined,
    }
    expect(
      (await coordinator.server.inject({ method: 'POST', url: '/workers/register', payload: long })).statusCode,
    ).toBe(400)
    const { workers } = (await coordinator.server.inject('/workers')).json<{
      workers: { nickname: string; device_name: string }[]
    }>()
    for (const { nickname, device_name } of workers) {
      for (const text of [nickname, device_name]) {
        expect(text.length).toBeLessThanOrEqual(120)
        expect(text.isWellFormed()).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left.
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/)
      }
    }
    // Markup is text: it stays what was written, and every page shows it as text.
    expect(workers.map(({ nickname }) => nickname)).toContain('<script>alert(1)</script>')
  })
})
