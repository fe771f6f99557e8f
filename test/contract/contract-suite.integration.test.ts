import { afterEach, describe, expect, it } from 'vitest'
import { startTestCoordinator } from '../../src-coordinator/test-coordinator'
import { type ContractResult, runContractSuite } from '../../src-main/coordinator/contract/contract-suite'
import { systemClock } from '../../src-shared/clock'
import { type SeedOptions, startSeedCoordinator } from './seed-coordinator'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const run = (baseUrl: string, adminToken: string | null) =>
  runContractSuite({ baseUrl, adminToken, fetch, clock: systemClock })
const failuresOf = (results: readonly ContractResult[]) =>
  results.filter(({ verdict }) => verdict === 'fail').map(({ row, detail }) => `${row}: ${detail}`)

async function seed(options: SeedOptions = {}) {
  const coordinator = await startSeedCoordinator(options)
  cleanups.push(() => coordinator.close())
  return coordinator
}

describe('contract suite', () => {
  it('C-52: passes on our coordinator with the host’s powers, and leaves no worker behind', async () => {
    const coordinator = await startTestCoordinator()
    cleanups.push(() => coordinator.remove())
    const { url, adminToken } = coordinator.server
    const results = await run(url, adminToken)
    expect(failuresOf(results)).toEqual([])
    expect(results.every(({ verdict }) => verdict === 'pass')).toBe(true)
    expect((await coordinator.server.snapshot()).workers).toEqual([])
  })

  it('C-52: without the token approving and rejecting are left out, and nothing else', async () => {
    const coordinator = await startTestCoordinator()
    cleanups.push(() => coordinator.remove())
    const results = await run(coordinator.server.url, null)
    expect(failuresOf(results)).toEqual([])
    expect(results.filter(({ verdict }) => verdict === 'skip').map(({ row }) => row)).toEqual([
      'C-19, C-30',
      'C-19, C-29',
    ])
  })

  it('C-52: passes on a coordinator that knows only the document', async () => {
    const coordinator = await seed({ layersFor: () => [0, 4] })
    expect(failuresOf(await run(coordinator.url, 'any'))).toEqual([])
    expect(coordinator.workers.size).toBe(0)
    // X-14, C-42: nothing of the host's is asked for without the host's word.
    const asked = coordinator.calls.length
    await run(coordinator.url, null)
    const without = coordinator.calls.slice(asked).map(({ call }) => call)
    expect(without.filter((call) => /approve|reject|^PUT/.test(call))).toEqual([])
  })

  it.each<[string, string, NonNullable<SeedOptions['spoil']>]>([
    [
      'C-18, C-27',
      'worker_status',
      (call, body) => (call === 'POST /workers/heartbeat' ? { ...body, worker_status: 7 } : body),
    ],
    [
      'C-08, C-11',
      'coverage_percent',
      (call, body) => (call === 'GET /network/info' ? { ...body, coverage_percent: 120 } : body),
    ],
    ['C-17', '“online”', (call, body) => (call === 'POST /workers/register' ? { ...body, status: 'online' } : body)],
    ['C-16', 'body', (call, body) => (call === 'GET /workers' ? 'none' : body)],
    [
      'C-22',
      'entries',
      (call, body) => (call.startsWith('GET /usage/recent') ? { usage: new Array(40).fill({}) } : body),
    ],
  ])('C-52: names the row %s when %s is wrong', async (row, words, spoil) => {
    const coordinator = await seed({ spoil, layersFor: () => [0, 4] })
    const results = await run(coordinator.url, null)
    const failed = results.filter(({ verdict }) => verdict === 'fail')
    expect(failed.map((result) => result.row)).toContain(row)
    expect(failed.every(({ detail }) => detail.includes(words))).toBe(true)
  })

  it('C-52: an address where nobody is fails every row in plain words', async () => {
    const results = await run('http://127.0.0.1:1', null)
    expect(results.filter(({ verdict }) => verdict === 'pass')).toEqual([])
    expect(results[0]?.detail).toContain('GET /')
  })
})
