import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { createCoordinatorApi } from './coordinator-api'

const beat = { worker_id: 'w1', tokens_served_since_last: 0, status: 'pending' }
const assigned = {
  worker_status: 'online',
  layers_start: 0,
  layers_end: 3,
  model_name: 'Tiny-Jargon-8',
  initial_peers: [],
  is_idle: false,
}

function apiAnswering(body: BodyInit | null, init: ResponseInit = {}) {
  const headers = { 'content-type': 'application/json', ...init.headers }
  const fetch = (async () => new Response(body, { ...init, headers })) as typeof globalThis.fetch
  return createCoordinatorApi({ baseUrl: 'http://127.0.0.1:8000', fetch, clock: systemClock })
}

async function failureOf(work: Promise<unknown>): Promise<EspalierError> {
  try {
    await work
  } catch (error) {
    if (error instanceof EspalierError) return error
    throw error
  }
  throw new Error('it succeeded')
}

/** A port where nobody listens: it is assigned to no service, and no system hands it out, as it may one that was free. */
const NOBODYS_PORT = 4

const json = (value: unknown) => JSON.stringify(value)
const broken: [string, string][] = [
  ['nothing', ''],
  ['blank', '   '],
  ['a web page', '<!doctype html><title>Sign in</title>'],
  ['a web page after a byte order mark', '\ufeff<html></html>'],
  ['truncated JSON', json(assigned).slice(0, 40)],
  ['JSON with a comma too many', '{"worker_status":"online",}'],
  ['two JSON values', '{}{}'],
  ['NaN', '{"worker_status":"online","layers_start":NaN,"layers_end":3}'],
  ['null', 'null'],
  ['a number', '42'],
  ['a text', '"online"'],
  ['an array', '[]'],
  ['an empty object', '{}'],
  ['binary', '\u0000\u0001\u0002'],
  ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['only the other endpoint’s status', json({ ...assigned, worker_status: undefined, status: 'online' })],
  ['a numeric status', json({ ...assigned, worker_status: 1 })],
  ['an empty status', json({ ...assigned, worker_status: '' })],
  ['a status of 10,000 characters', json({ ...assigned, worker_status: 'x'.repeat(10_000) })],
  ['a null status', json({ ...assigned, worker_status: null })],
  ['end before start', json({ ...assigned, layers_start: 5, layers_end: 2 })],
  ['an empty range', json({ ...assigned, layers_start: 4, layers_end: 4 })],
  ['a negative start', json({ ...assigned, layers_start: -1, layers_end: 3 })],
  ['negative both', json({ ...assigned, layers_start: -3, layers_end: -1 })],
  ['more than 10,000 layers', json({ ...assigned, layers_end: 10_001 })],
  ['a huge number', '{"worker_status":"online","layers_start":0,"layers_end":1e308}'],
  ['a number beyond any', '{"worker_status":"online","layers_start":0,"layers_end":1e999}'],
  ['an unsafe integer', '{"worker_status":"online","layers_start":0,"layers_end":9007199254740993}'],
  ['a fraction of a layer', json({ ...assigned, layers_end: 2.5 })],
  ['layers as text', json({ ...assigned, layers_start: '0', layers_end: '3' })],
  ['a start without an end', json({ ...assigned, layers_end: null })],
  ['an end without a start', json({ ...assigned, layers_start: undefined })],
  ['peers as a text', json({ ...assigned, initial_peers: '/ip4/127.0.0.1/tcp/1' })],
  ['peers as an object', json({ ...assigned, initial_peers: { 0: 'x' } })],
  ['20,000 peers', json({ ...assigned, initial_peers: new Array(20_000).fill('x') })],
  ['idle as a text', json({ ...assigned, is_idle: 'false' })],
  ['a model that is a number', json({ ...assigned, model_name: 7 })],
  ['a model name of 10,000 characters', json({ ...assigned, model_name: 'm'.repeat(10_000) })],
]

describe('coordinator answers', () => {
  it('has at least 30 malformed bodies', () => expect(broken.length).toBeGreaterThanOrEqual(30))

  it.each(broken)('C-06, C-27: %s is COORDINATOR_NOT_ONE, with words for people', async (_name, body) => {
    const error = await failureOf(apiAnswering(body).heartbeat(beat))
    expect(error.code).toBe('COORDINATOR_NOT_ONE')
    expect(error.message.length).toBeLessThan(600)
    expect([...error.message].filter((character) => character < ' ')).toEqual([])
  })

  it('C-06: a good answer becomes a range, and evidence quotes it', async () => {
    const { value, evidence } = await apiAnswering(json(assigned)).heartbeat(beat)
    expect(value).toMatchObject({ status: 'online', range: { start: 0, end: 3 }, modelName: 'Tiny-Jargon-8' })
    expect(evidence).toMatchObject({ kind: 'coordinator', by: 'http://127.0.0.1:8000' })
    expect(evidence.value).toContain('HTTP 200')
    expect(evidence.value).toContain('layers [0, 3)')
  })

  it('X-10: peers are handed over as they are, entries that are no text left out', async () => {
    const initial_peers = ['/ip4/1.2.3.4/tcp/31337/p2p/QmBootstrap', 7, null, 'x'.repeat(600), 'junk']
    const { value } = await apiAnswering(json({ ...assigned, initial_peers })).heartbeat(beat)
    expect(value.initialPeers).toEqual(['/ip4/1.2.3.4/tcp/31337/p2p/QmBootstrap', 'junk'])
  })

  it('a server that knows only the documented fields is enough, and nonsense in ours is dropped', async () => {
    const bare = await apiAnswering(json({ worker_status: 'pending' })).heartbeat(beat)
    expect(bare.value).toMatchObject({ status: 'pending', range: null, initialPeers: null, lastSeq: null })
    const odd = { x_decision: 'yes', x_heartbeat_interval_ms: -5, x_last_seq: 'many', x_manifest_sha256: '../..' }
    const { value } = await apiAnswering(json({ ...assigned, ...odd })).heartbeat(beat)
    expect(value).toMatchObject({ decision: null, heartbeatIntervalMs: null, lastSeq: null, manifestSha256: null })
  })

  it('C-28: layers 0 to 0 say “none”', async () => {
    const { value } = await apiAnswering(json({ ...assigned, layers_end: 0 })).heartbeat(beat)
    expect(value.range).toBeNull()
  })

  it('C-08: network info shows with missing and with extra fields', async () => {
    const sparse = await apiAnswering(json({ model_name: 'M', total_layers: 8, surprise: [1] })).networkInfo()
    expect(sparse.value).toMatchObject({ modelName: 'M', totalLayers: 8, onlineWorkers: null, bootstrapPeers: [] })
    const odd = await apiAnswering(json({ model_name: 'M', total_layers: 8, coverage_percent: 'lots' })).networkInfo()
    expect(odd.value.coveragePercent).toBeNull()
  })

  it('shown words lose control characters', async () => {
    const x_decision = { reason: '\u001b[31mno\nroom\u202e', by: 'x'.repeat(500), at: 5 }
    const { value } = await apiAnswering(json({ ...assigned, x_decision })).heartbeat(beat)
    expect(value.decision?.reason).toBe('no room')
    expect(value.decision?.by.length).toBe(80)
  })

  it.each([
    [404, json({ detail: 'Worker not found' }), 'COORDINATOR_UNKNOWN_WORKER'],
    [404, json({ error: { code: 'COORDINATOR_UNKNOWN_WORKER', cause: 'gone' } }), 'COORDINATOR_UNKNOWN_WORKER'],
    [404, json({ error: { code: 'BAD_ARGUMENT', cause: 'no such path' } }), 'COORDINATOR_REFUSED'],
    [404, '<html>nginx</html>', 'COORDINATOR_NOT_ONE'],
    [403, json({ error: { code: 'DEMO_CONFINED', cause: 'demo only' } }), 'DEMO_CONFINED'],
    [403, json({ error: { code: 'INTERNAL', cause: 'x' } }), 'COORDINATOR_REFUSED'],
    [403, '<html>Forbidden</html>', 'COORDINATOR_NOT_ONE'],
    [422, json({ detail: [{ msg: 'field required' }] }), 'COORDINATOR_REFUSED'],
    [500, 'Internal Server Error', 'COORDINATOR_REFUSED'],
    [502, '<html>Bad gateway</html>', 'COORDINATOR_UNREACHABLE'],
  ])('HTTP %i with %s is %s', async (status, body, code) => {
    expect((await failureOf(apiAnswering(body, { status }).heartbeat(beat))).code).toBe(code)
  })

  it('X-12: the coordinator’s reason reaches people', async () => {
    const api = apiAnswering(json({ detail: 'the pool\nis full' }), { status: 409 })
    expect((await failureOf(api.heartbeat(beat))).message).toContain('the pool is full')
  })

  it('a 404 on registering means a wrong address', async () => {
    const body = { worker_id: 'w', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
    const error = await failureOf(apiAnswering(json({ detail: 'Not Found' }), { status: 404 }).register(body))
    expect(error.code).toBe('COORDINATOR_NOT_ONE')
  })

  it('a redirect is reported, not followed', async () => {
    const headers = { location: 'http://169.254.169.254/' }
    const error = await failureOf(apiAnswering(null, { status: 307, headers }).health())
    expect(error.code).toBe('COORDINATOR_NOT_ONE')
    expect(error.message).toContain('169.254.169.254')
  })

  it('an answer beyond 1 MiB is cut off, announced or not', async () => {
    let sentBytes = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sentBytes += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(32))
      },
    })
    expect((await failureOf(apiAnswering(endless).health())).code).toBe('COORDINATOR_NOT_ONE')
    expect(sentBytes).toBeLessThan(2 * 1024 * 1024)
    const announced = apiAnswering('{}', { headers: { 'content-length': '99999999' } })
    expect((await failureOf(announced.health())).code).toBe('COORDINATOR_NOT_ONE')
  })

  it('C-10: down, slow and a web page are three messages', async () => {
    const down = createCoordinatorApi({ baseUrl: `127.0.0.1:${NOBODYS_PORT}`, fetch, clock: systemClock })
    const slow = createCoordinatorApi({
      baseUrl: '127.0.0.1:8000',
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
      clock: systemClock,
    })
    const messages = [
      (await failureOf(down.health({ timeoutMs: 60_000 }))).message,
      (await failureOf(slow.health({ timeoutMs: 20 }))).message,
      (await failureOf(apiAnswering('<html></html>').health())).message,
    ]
    expect(messages[0]).toContain('refused')
    expect(messages[1]).toContain('no answer within 0.02 s')
    expect(messages[2]).toContain('a web page')
  })
})
