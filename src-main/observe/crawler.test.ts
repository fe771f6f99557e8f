import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { createCrawler } from './crawler'
import { serveMap } from './map-server'
import type { MonitorState, Observation } from './monitor-state'
import { createProbeMemory } from './probe-memory'

const PEER = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

function observation(rows: number): Observation {
  const server_rows = Array.from({ length: rows }, () => ({ peer_id: PEER, state: 'online' }))
  const report = { dht_prefix: 'm', state: 'healthy', server_rows }
  const state = {
    bootstrap_states: ['online'],
    model_reports: [report],
    last_updated: 1,
    update_duration: 0.5,
  } as unknown as MonitorState
  return { state, recordsRead: rows }
}

function crawling(looks: (Observation | Error)[]) {
  const clock = new FakeClock()
  let next = 0
  const crawler = createCrawler({
    async look() {
      const seen = looks[Math.min(next++, looks.length - 1)]
      if (seen instanceof Error || !seen) throw seen
      return seen
    },
    periodMs: 60_000,
    clock,
    log: createEventLog(clock, null),
  })
  return { clock, crawler, looked: () => next }
}

it('M-40: an empty or failed crawl keeps the last good one, and says since when; a full one replaces it', async () => {
  const { crawler } = crawling([observation(2), observation(0), new Error('timeout'), observation(1)])
  const rows = () => crawler.snapshot?.model_reports[0]?.server_rows.length
  await crawler.crawl()
  expect(crawler.snapshot).toMatchObject({ stale_since: null, crawls_held: 0 })
  await crawler.crawl()
  const staleSince = crawler.snapshot?.stale_since
  expect([rows(), crawler.snapshot?.crawls_held, typeof staleSince]).toEqual([2, 1, 'number'])
  await crawler.crawl()
  expect([rows(), crawler.snapshot?.crawls_held, crawler.snapshot?.stale_since]).toEqual([2, 2, staleSince])
  await crawler.crawl()
  expect([rows(), crawler.snapshot?.crawls_held, crawler.snapshot?.stale_since]).toEqual([1, 0, null])
})

it('crawls once a period, and not at all after its stop', async () => {
  const { clock, crawler, looked } = crawling([observation(1)])
  crawler.start()
  await clock.advance(180_000)
  expect(looked()).toBe(4)
  crawler.stop()
  expect(clock.pending).toBe(0)
})

it('servers are not called again while their answer is fresh', async () => {
  const clock = new FakeClock()
  const memory = createProbeMemory(clock, 2)
  memory.remember('a', null)
  memory.remember('b', 'gone')
  expect([memory.recall('a'), memory.recall('b'), memory.recall('c')]).toEqual([null, 'gone', undefined])
  await clock.advance(61_000)
  expect([memory.recall('a'), memory.recall('b')]).toEqual([null, undefined])
  await clock.advance(240_000)
  expect(memory.recall('a')).toBe(undefined)
  memory.remember('d', null)
  memory.remember('e', null)
  expect(memory.recall('a')).toBe(undefined)
})

it('M-18, M-21: serves the monitor’s shapes, conditionally, and dials a peer once for many questions', async () => {
  const { clock, crawler } = crawling([observation(2)])
  let dials = 0
  const server = await serveMap({
    snapshot: () => crawler.snapshot,
    async reach() {
      dials++
      throw new Error('refused')
    },
    host: '127.0.0.1',
    port: 0,
    clock,
  })
  try {
    const get = (path: string, headers = {}) => fetch(`${server.url}${path}`, { headers })
    expect((await get('/api/v1/state')).status).toBe(503)
    await crawler.crawl()
    const state = await get('/api/v1/state')
    expect(await state.json()).toMatchObject({ bootstrap_states: ['online'], crawls_held: 0 })
    const etag = state.headers.get('etag') ?? ''
    expect((await get('/api/v1/state', { 'if-none-match': etag })).status).toBe(304)
    for (let i = 0; i < 3; i++) {
      expect(await (await get(`/api/v1/is_reachable/${PEER}`)).json()).toEqual({
        success: false,
        message: 'refused',
        your_ip: '127.0.0.1',
      })
    }
    expect(dials).toBe(1)
    expect((await get('/api/v1/is_reachable/..%2f')).status).toBe(404)
    expect((await get('/elsewhere')).status).toBe(404)
    expect((await fetch(`${server.url}/api/v1/state`, { method: 'POST' })).status).toBe(405)
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toContain('espalier_map_servers{model="m",state="online"} 2')
    expect(metrics).toContain('espalier_map_bootstraps_online 1')
  } finally {
    await server.close()
  }
})
