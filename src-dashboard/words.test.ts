import { expect, it } from 'vitest'
import { complete, crowd, empty, orchard } from '../e2e/support/dashboard-fixtures'
import { baseUrlOf } from './coordinator-api'
import type { FeedLoad } from './feed'
import { loadWords, mayCancelLoad, maySendLoad } from './load-words'
import { decisionLine, networkHeadline, preparingWords, whyWords, workerState } from './words'
import { filterWorkers, sortWorkers, WORKER_COLUMNS } from './worker-order'

it('C-12, C-13: the headline says whether a prompt gets through, and what is missing', () => {
  const { network, workers } = orchard(0)
  expect(networkHeadline(network, workers).headline).toBe('Blocks 12–19 are missing')
  expect(networkHeadline(network, workers).sentence).toContain('2 workers wait for the host')
  expect(preparingWords(network)).toBe('Blocks 12–19: assigned, not served yet.')
  const whole = complete(0)
  expect(networkHeadline(whole.network, whole.workers)).toMatchObject({ shape: 'visible' })
  const none = empty(0)
  expect(networkHeadline(none.network, none.workers)).toMatchObject({
    shape: 'waiting',
    headline: 'Nobody serves a block yet',
  })
  const unassigned = { ...network, layers: network.layers.map((layer) => ({ ...layer, assigned: layer.workers })) }
  expect(networkHeadline(unassigned, workers)).toMatchObject({ shape: 'degraded' })
})

it('a worker is green only when it reports that it serves, and one that has nothing says why', () => {
  expect(workerState({ status: 'online', x_serving: false })).toMatchObject({ shape: 'working' })
  expect(workerState({ status: 'online', x_serving: true })).toMatchObject({ shape: 'visible' })
  expect(workerState({ status: 'dreaming' })).toEqual({ word: 'Dreaming', shape: 'degraded' })
  for (const worker of orchard(0).workers) expect(whyWords(worker), worker.nickname).not.toBe('')
})

it('one worker serves, and one that was never approved is not told that it is not needed', () => {
  const { network, workers } = complete(0)
  const [only] = workers.filter(({ x_serving }) => x_serving)
  expect(networkHeadline(network, only ? [only] : []).sentence).toMatch(/^One worker serves the whole model,/)
  expect(networkHeadline(network, workers).sentence).toMatch(/^\d+ workers serve the whole model,/)
  const gone = { ...workers[0]!, status: 'offline', layers_start: null, layers_end: null, x_assignment_reason: null }
  expect(whyWords({ ...gone, x_decision: null })).toBe('Not approved; it went away before.')
  const removed = { id: 1, worker_id: 'w', nickname: null, decision: 'removed', reason: '', by: 'the host', at: 0 }
  expect(decisionLine(removed).words).toBe('removed by the host')
})

it('S-10: what became of LOAD_SHARD is said, with what can be done now', () => {
  const load = { state: 'sending', attempt: 1, attempts: 7, at: 0, isAsked: true }
  const trouble = { code: 'SHARD_NOT_ASSIGNED', cause: 'The command is about other blocks: blocks 0–7', action: '' }
  const said = (more: Partial<FeedLoad>, isServing = false) => {
    const worker = { x_load: { ...load, ...more }, x_serving: isServing }
    return [loadWords(worker), maySendLoad(worker) ? 'send' : '', mayCancelLoad(worker) ? 'cancel' : ''].filter(Boolean)
  }
  expect(said({})).toEqual(['Sending LOAD_SHARD…', 'cancel'])
  expect(said({ attempt: 3, trouble })).toEqual([
    'Sending LOAD_SHARD, try 3 of 7: the command is about other blocks: blocks 0–7',
    'cancel',
  ])
  expect(said({ state: 'answered', answer: 'downloading', done: 2e6, total: 9e6 })).toEqual([
    'LOAD_SHARD answered: it is fetching, 2.00\u00a0MB of 9.00\u00a0MB',
    'send',
    'cancel',
  ])
  expect(said({ state: 'answered', answer: 'already_loaded' }, true)).toEqual([
    'LOAD_SHARD answered: its blocks are loaded',
    'send',
  ])
  expect(said({ state: 'answered', answer: 'loading', isAsked: false }, true)).toEqual(['send'])
  expect(said({ state: 'refused', trouble })[0]).toMatch(/^LOAD_SHARD refused: the command/)
  expect(said({ state: 'refused', trouble: { ...trouble, code: 'TIMED_OUT' } })[0]).toMatch(/^LOAD_SHARD did not reach/)
  expect(said({ state: 'cancelling' })).toEqual(['Asking it to stop loading…'])
  expect(said({ state: 'cancelled' })).toEqual(['Loading was cancelled', 'send'])
  expect(said({ state: 'uncancelled', trouble })[0]).toMatch(/^The cancellation did not get through: the/)
  expect(said({ state: 'of a later version' })[0]).toBe('LOAD_SHARD: of a later version')
})

it('C-16: a thousand workers are sorted and found in any order without losing one', () => {
  const { workers } = crowd(0)
  for (const column of WORKER_COLUMNS) {
    for (const isDescending of [false, true]) {
      const sorted = sortWorkers(workers, { column, isDescending })
      expect(new Set(sorted.map(({ key }) => key)).size).toBe(workers.length)
    }
  }
  expect(filterWorkers(workers, 'TREE-0777 ').map(({ nickname }) => nickname)).toEqual(['tree-0777'])
  const withoutBlocks = sortWorkers(workers, { column: 'blocks', isDescending: true }).slice(-3)
  expect(withoutBlocks.every(({ layers_start }) => layers_start === null)).toBe(true)
})

it('finds the coordinator’s endpoints from the page’s own address, also behind a proxy', () => {
  for (const [page, base] of [
    ['http://127.0.0.1:8000/dashboard', 'http://127.0.0.1:8000/'],
    ['http://127.0.0.1:8000/dashboard/', 'http://127.0.0.1:8000/'],
    ['https://example.org/net/dashboard?x#y', 'https://example.org/net/'],
  ] as const) {
    expect(baseUrlOf(page)).toBe(base)
  }
})
