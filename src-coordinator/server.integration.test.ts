import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../src-shared/clock'
import { describeOnEachDatabase } from '../test/coordinator/test-databases'
import type { DialectName } from './database/tables'
import { createCoordinatorServer } from './server'
import { startTestCoordinator, TEST_MODEL, type TestCoordinator } from './test-coordinator'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** The fields that these tests look into; the others are compared as they are. */
type Body = Record<string, unknown> & {
  error: { code: string; cause: string }
  workers: Record<string, unknown>[]
  layers: { workers: number }[]
  models: { manifest_url: string }[]
  x_decision: { reason: string }
}

let dialect: DialectName = 'sqlite'

async function start(options: Parameters<typeof startTestCoordinator>[0] = {}): Promise<TestCoordinator> {
  const coordinator = await startTestCoordinator({ dialect, ...options })
  cleanups.push(() => coordinator.remove())
  return coordinator
}

function registration(workerId: string, more: Record<string, unknown> = {}) {
  return { worker_id: workerId, nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0, ...more }
}

async function call(coordinator: TestCoordinator, method: string, path: string, body?: unknown, headers = {}) {
  const response = await fetch(coordinator.server.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  })
  return { status: response.status, body: (await response.json()) as Body }
}
const register = (coordinator: TestCoordinator, workerId: string, more = {}) =>
  call(coordinator, 'POST', '/workers/register', registration(workerId, more))
const beat = (coordinator: TestCoordinator, workerId: string, more = {}) =>
  call(coordinator, 'POST', '/workers/heartbeat', {
    worker_id: workerId,
    tokens_served_since_last: 0,
    status: 'online',
    ...more,
  })

describeOnEachDatabase('coordinator server', (current) => {
  beforeEach(() => {
    dialect = current
  })

  it('C-17, C-27, C-30: register is pending, approval assigns blocks, the heartbeat tells them', async () => {
    const coordinator = await start({ bootstrapPeers: () => [`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`] })
    const registered = await register(coordinator, 'w1')
    expect(registered.status).toBe(200)
    expect(registered.body).toMatchObject({
      status: 'pending',
      layers_start: null,
      layers_end: null,
      model_name: 'Tiny-Jargon-8',
      initial_peers: [`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`],
      is_idle: true,
    })
    expect((await beat(coordinator, 'w1')).body.worker_status).toBe('pending')

    for (const id of ['w2', 'w3']) await register(coordinator, id)
    for (const id of ['w1', 'w2', 'w3']) expect((await coordinator.approve(id, 'welcome')).status).toBe(200)
    const answers = await Promise.all(['w1', 'w2', 'w3'].map((id) => beat(coordinator, id)))
    expect(answers.map(({ body }) => [body.worker_status, body.layers_start, body.layers_end])).toEqual([
      ['online', 0, 3],
      ['online', 3, 6],
      ['online', 6, 8],
    ])
    expect(answers[0]!.body.x_decision).toMatchObject({ by: 'the host', reason: expect.stringContaining('welcome') })

    const info = (await call(coordinator, 'GET', '/network/info')).body
    expect(info).toMatchObject({
      model_name: 'Tiny-Jargon-8',
      total_layers: 8,
      online_workers: 3,
      coverage_percent: 100,
      ready_for_inference: true,
      quantization: 'F16',
      target_workers: 3,
    })
  })

  it('C-08, C-12: blocks that are assigned but not loaded do not count as covered', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1')
    await coordinator.approve('w1')
    await beat(coordinator, 'w1', { status: 'joining' })
    const before = (await call(coordinator, 'GET', '/network/info')).body
    expect(before).toMatchObject({ online_workers: 1, coverage_percent: 0, ready_for_inference: false })
    await beat(coordinator, 'w1', { status: 'online' })
    const health = (await call(coordinator, 'GET', '/network/health')).body
    expect(health.coverage_percent).toBe(37.5)
    expect(health.layers.map((layer) => layer.workers)).toEqual([1, 1, 1, 0, 0, 0, 0, 0])
  })

  it('C-17: registering twice makes one row and keeps the blocks', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1')
    await coordinator.approve('w1')
    const again = await register(coordinator, 'w1', { nickname: 'renamed' })
    expect(again.body).toMatchObject({ status: 'online', layers_start: 0, layers_end: 3 })
    const { workers } = (await call(coordinator, 'GET', '/workers')).body
    expect(workers).toHaveLength(1)
    expect(workers[0]?.nickname).toBe('renamed')
  })

  it('C-34: a restart on the same directory loses nothing', async () => {
    const coordinator = await start()
    for (const id of ['w1', 'w2', 'w3']) await register(coordinator, id)
    await coordinator.approve('w1', 'first')
    await coordinator.reject('w2', 'no room')
    await beat(coordinator, 'w1', { tokens_served_since_last: 7, x_seq: 1 })
    const admin = { authorization: `Bearer ${coordinator.server.adminToken}` }
    await call(coordinator, 'PUT', '/network/target-workers?count=5', undefined, admin)
    const token = coordinator.server.adminToken
    const before = await coordinator.server.snapshot()
    await coordinator.restart()
    expect(await coordinator.server.snapshot()).toEqual(before)
    expect(coordinator.server.adminToken).toBe(token)
    expect((await call(coordinator, 'GET', '/network/target-workers')).body.target_workers).toBe(5)
    const repeat = await beat(coordinator, 'w1', { tokens_served_since_last: 7, x_seq: 1 })
    expect(repeat.body.layers_end).toBe(3)
    expect((await call(coordinator, 'GET', '/network/stats')).body.total_tokens_served).toBe(7)
  })

  it('C-42, X-14: only the admin token approves, rejects and sets the target', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1')
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: coordinator.server.adminToken }]) {
      for (const [method, path] of [
        ['POST', '/workers/w1/approve'],
        ['POST', '/workers/w1/reject'],
        ['PUT', '/network/target-workers?count=1'],
      ] as const) {
        const { status, body } = await call(coordinator, method, path, undefined, headers)
        expect([status, body.error.code]).toEqual([401, 'COORDINATOR_ADMIN_ONLY'])
      }
    }
    expect((await beat(coordinator, 'w1')).body.worker_status).toBe('pending')
  })

  it('C-19, C-29: a rejection stays, takes the blocks back, and ends when the worker applies again', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1')
    await coordinator.approve('w1')
    await coordinator.reject('w1', 'too slow')
    const told = (await beat(coordinator, 'w1')).body
    expect(told).toMatchObject({ worker_status: 'rejected', layers_start: null, x_decision: { reason: 'too slow' } })
    expect((await register(coordinator, 'w1')).body.status).toBe('rejected')
    expect((await register(coordinator, 'w1', { x_reapply: true })).body.status).toBe('pending')
  })

  it('C-20: DELETE removes the row; the next heartbeat is 404', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1')
    expect((await call(coordinator, 'DELETE', '/workers/w1')).status).toBe(200)
    expect((await call(coordinator, 'GET', '/workers')).body.workers).toEqual([])
    const unknown = await beat(coordinator, 'w1')
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'COORDINATOR_UNKNOWN_WORKER'])
    expect((await call(coordinator, 'DELETE', '/workers/w1')).status).toBe(404)
  })

  it('C-26: silent workers go offline, their blocks go to the next one, and a heartbeat brings them back', async () => {
    const coordinator = await start({ timings: { offlineAfterMs: 150, sweepIntervalMs: 40 } })
    await register(coordinator, 'w1')
    await coordinator.approve('w1')
    await expect
      .poll(async () => (await call(coordinator, 'GET', '/workers')).body.workers[0]?.status, { timeout: 10_000 })
      .toBe('offline')
    await register(coordinator, 'w2')
    await coordinator.approve('w2')
    expect((await beat(coordinator, 'w2')).body).toMatchObject({ layers_start: 0, layers_end: 3 })
    expect((await beat(coordinator, 'w1')).body).toMatchObject({ worker_status: 'online', layers_start: 0 })
  })

  it('C-28: no room for the worker means standby, with the reason', async () => {
    const coordinator = await start({ models: [{ ...TEST_MODEL, period: 4 }] })
    await register(coordinator, 'w1', { requested_layers: 2 })
    await coordinator.approve('w1')
    const { body } = await beat(coordinator, 'w1')
    expect(body).toMatchObject({ worker_status: 'standby', is_idle: true, layers_start: null })
    expect(body.x_decision.reason).toContain('every 4 blocks')
  })

  it('X-09: peers get the worker’s own addresses, and nobody speaks for another peer', async () => {
    const coordinator = await start()
    const other = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
    const x_multiaddrs = [
      '/ip4/127.0.0.1/tcp/4100',
      `/ip4/127.0.0.1/tcp/4101/p2p/${PEER}`,
      `/ip4/127.0.0.1/tcp/4102/p2p/${other}`,
      '/ip4/0.0.0.0/tcp/4103',
      'nonsense',
    ]
    await register(coordinator, 'w1', { x_peer_id: PEER, x_multiaddrs })
    expect((await call(coordinator, 'GET', '/network/info')).body.bootstrap_peers).toEqual([])
    await coordinator.approve('w1')
    const expected = [`/ip4/127.0.0.1/tcp/4100/p2p/${PEER}`, `/ip4/127.0.0.1/tcp/4101/p2p/${PEER}`]
    expect((await call(coordinator, 'GET', '/network/info')).body.bootstrap_peers).toEqual(expected)
    expect((await register(coordinator, 'w2')).body.initial_peers).toEqual(expected)
    expect((await beat(coordinator, 'w1')).body.initial_peers).toEqual([])
  })

  it('C-49: a known worker id under another peer id is refused', async () => {
    const coordinator = await start()
    await register(coordinator, 'w1', { x_peer_id: PEER })
    const thief = await register(coordinator, 'w1', { x_peer_id: 'somebody-else' })
    expect([thief.status, thief.body.error.code]).toEqual([409, 'WORKER_ID_TAKEN'])
  })

  it('C-40: demo and real do not mix, and a demo does not leave 127.0.0.1', async () => {
    const demo = await start({ demo: true })
    const real = await start()
    expect((await register(demo, 'w1')).body.error.code).toBe('DEMO_CONFINED')
    expect((await register(real, 'w1', { x_demo: true })).body.error.code).toBe('DEMO_CONFINED')
    expect((await register(demo, 'w1', { x_demo: true })).body).toMatchObject({ status: 'pending', x_demo: true })
    const open = startTestCoordinator({ demo: true, host: '0.0.0.0' })
    await expect(open).rejects.toMatchObject({ code: 'DEMO_CONFINED' })
  })

  it('C-05, C-45: bad requests are refused with the field’s name', async () => {
    const coordinator = await start()
    const bad: [string, unknown, number, string][] = [
      ['/workers/register', registration('w1', { vram_gb: -1 }), 400, 'vram_gb'],
      ['/workers/register', registration('w1', { requested_layers: 0 }), 400, 'requested_layers'],
      ['/workers/register', registration('../x'), 400, 'worker_id'],
      ['/workers/register', registration('w1', { nickname: 'x'.repeat(10_000) }), 400, 'nickname'],
      ['/workers/register', [], 400, 'body'],
      ['/workers/register', registration('w1', { padding: 'x'.repeat(70_000) }), 413, ''],
      ['/workers/heartbeat', { worker_id: 'w1', tokens_served_since_last: -5, status: 'online' }, 400, 'tokens'],
      ['/workers/heartbeat', { worker_id: 'w1', tokens_served_since_last: 0.5, status: 'online' }, 400, 'tokens'],
    ]
    for (const [path, body, status, mentions] of bad) {
      const answer = await call(coordinator, 'POST', path, body)
      expect(answer.status, JSON.stringify(body).slice(0, 80)).toBe(status)
      expect(answer.body.error).toMatchObject({ code: 'BAD_ARGUMENT', cause: expect.stringContaining(mentions) })
    }
    const truncated = await fetch(`${coordinator.server.url}/workers/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"worker_id":',
    })
    expect(truncated.status).toBe(400)
    // Some programs always say that they send JSON, also when they send nothing.
    await register(coordinator, 'w9')
    const admin = { authorization: `Bearer ${coordinator.server.adminToken}`, 'content-type': 'application/json' }
    for (const path of ['POST /workers/w9/approve', 'POST /invites', 'DELETE /workers/w9']) {
      const [method = '', route = ''] = path.split(' ')
      const empty = await fetch(coordinator.server.url + route, { method, headers: admin })
      expect(empty.ok, path).toBe(true)
    }
    const plain = await fetch(`${coordinator.server.url}/workers/register`, { method: 'POST', body: '{}' })
    expect(plain.status).toBe(415)
    expect((await call(coordinator, 'GET', '/nothing')).status).toBe(404)
    const nickname = 'a\u001b[2Jb'
    for (const vram_gb of [0, 999]) await register(coordinator, `v${vram_gb}`, { vram_gb, nickname })
    const { workers } = (await call(coordinator, 'GET', '/workers')).body
    expect(workers.map((worker) => worker.vram_gb)).toEqual([0, 999])
    expect(workers[0]?.nickname).toBe('a b')
  })

  it('a page that points its own name at loopback is refused', async () => {
    const coordinator = await start()
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' }
      httpRequest(`${coordinator.server.url}/workers`, { headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(400)
  })

  it('serves the manifest byte for byte, with its hash in the list', async () => {
    const coordinator = await start({ models: [{ ...TEST_MODEL, name: 'owner/name' }] })
    const { models } = (await call(coordinator, 'GET', '/models')).body
    expect(models[0]).toMatchObject({ name: 'owner/name', total_layers: 8, period: 1 })
    const manifest = await fetch(coordinator.server.url + models[0]?.manifest_url)
    expect(await manifest.text()).toBe(TEST_MODEL.manifestJson)
    expect((await call(coordinator, 'GET', '/models/other/manifest')).body.error.code).toBe('MANIFEST_MISSING')
  })

  it('a damaged database is reported and left alone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'espalier-coordinator-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    const path = join(directory, 'coordinator.sqlite')
    await writeFile(path, Buffer.alloc(8192, 7))
    const opening = createCoordinatorServer({
      directory,
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      models: [],
      bootstrapPeers: () => [],
      demo: false,
    })
    await expect(opening).rejects.toMatchObject({ code: 'COORDINATOR_STATE_DAMAGED' })
    expect(await readFile(path)).toEqual(Buffer.alloc(8192, 7))
  })
})
