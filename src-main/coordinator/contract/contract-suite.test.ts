import { expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { runContractSuite } from './contract-suite'

it('what is ended early leaves no worker at the coordinator', async () => {
  const workers = new Set<string>()
  const ending = new AbortController()
  const answer = (body: unknown, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
  const results = await runContractSuite({
    baseUrl: 'http://127.0.0.1:8000',
    clock: systemClock,
    adminToken: null,
    signal: ending.signal,
    async fetch(input, init) {
      const { pathname } = new URL(String(input))
      if (init?.method === 'DELETE') workers.delete(pathname.split('/').at(-1) ?? '')
      if (pathname !== '/workers/register') return answer({})
      workers.add(JSON.parse(String(init?.body)).worker_id)
      // Ctrl-C in the middle of a row.
      ending.abort()
      return answer({ status: 'pending' })
    },
  })
  expect(results.at(-1)?.row).toBe('C-17')
  expect(workers).toEqual(new Set())
})
