import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openCoordinatorDatabase } from '../../src-coordinator/database/open-database'
import { transact } from '../../src-coordinator/database/transact'
import { createLease } from '../../src-coordinator/leases'
import { listMembers, pruneMembers } from '../../src-coordinator/members'
import { type CoordinatorServer, createCoordinatorServer } from '../../src-coordinator/server'
import { startTestCoordinator, TEST_MODEL, type TestCoordinator } from '../../src-coordinator/test-coordinator'
import { systemClock } from '../../src-shared/clock'
import { FakeClock } from '../fake-clock'
import { adminOf, beat, call, register } from './http'
import { createTestDatabase, describeOnEachDatabase } from './test-databases'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PEERS = [PEER, '12D3KooWRumK8zvcJMfYpsA4qBJYx7CGuw5eu19zbkn7xhxoANPP']
const ADDRESS = '/ip4/127.0.0.1/tcp/4100'
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describeOnEachDatabase('coordinator state', (dialect) => {
  async function start(options: Parameters<typeof startTestCoordinator>[0] = {}): Promise<TestCoordinator> {
    const coordinator = await startTestCoordinator({ dialect, ...options })
    cleanups.push(() => coordinator.remove())
    return coordinator
  }
  const peersOf = async ({ server }: TestCoordinator) =>
    (await call(server, 'GET', '/network/info')).body.bootstrap_peers

  it('H-09, H-38: test_relay_hub_sqlite: a member is persisted when it joins, and there again after a restart', async () => {
    const coordinator = await start()
    await register(coordinator.server, 'w1', { x_peer_id: PEER, x_multiaddrs: [ADDRESS] })
    expect(await peersOf(coordinator)).toEqual([])
    await coordinator.approve('w1')
    expect(await peersOf(coordinator)).toEqual([`${ADDRESS}/p2p/${PEER}`])
    await coordinator.restart()
    expect(await peersOf(coordinator)).toEqual([`${ADDRESS}/p2p/${PEER}`])
    await call(coordinator.server, 'DELETE', '/workers/w1')
    expect(await peersOf(coordinator)).toEqual([])
    await coordinator.restart()
    expect(await peersOf(coordinator)).toEqual([])
  })

  it('H-10, C-38: who is silent leaves the list at the sweep and is in it again with its next heartbeat', async () => {
    const clock = new FakeClock()
    const coordinator = await start({ clock })
    await register(coordinator.server, 'w1', { x_peer_id: PEER, x_multiaddrs: [ADDRESS] })
    await coordinator.approve('w1')
    await clock.advance(59_000)
    expect((await coordinator.server.sweep()).silent).toEqual([])
    expect(await peersOf(coordinator)).toHaveLength(1)
    await clock.advance(62_000)
    await coordinator.server.sweep()
    expect(await peersOf(coordinator)).toEqual([])
    await beat(coordinator.server, 'w1')
    await clock.advance(1_000)
    expect(await peersOf(coordinator)).toHaveLength(1)
  })

  it('H-10: pruning takes out all stale members or, when its transaction fails, none', async () => {
    const location = dialect === 'sqlite' ? ':memory:' : await postgresUrl()
    const database = await openCoordinatorDatabase(location)
    cleanups.push(() => database.close())
    for (let index = 0; index < 20; index += 1) {
      await database.queries
        .insertInto('members')
        .values({ node_id: `n${index}`, worker_id: `w${index}`, data: '{"multiaddrs":[]}', last_seen: index })
        .execute()
    }
    const failing = transact(database, async (db) => {
      expect(await pruneMembers(db, 10)).toHaveLength(10)
      throw new Error('killed here')
    })
    await expect(failing).rejects.toThrow('killed here')
    expect(await listMembers(database.queries)).toHaveLength(20)
    await transact(database, (db) => pruneMembers(db, 10))
    expect((await listMembers(database.queries)).map(({ lastSeenAt }) => lastSeenAt)).toEqual([
      19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
    ])
  })

  it('H-18: every decision is written down with who, when and why, and survives a restart', async () => {
    const clock = new FakeClock()
    const coordinator = await start({ clock })
    const admin = adminOf(coordinator)
    await register(coordinator.server, 'worker-one')
    await clock.advance(5)
    await coordinator.approve('worker-one', 'a friend')
    await coordinator.reject('worker-one', 'too loud')
    await call(coordinator.server, 'PUT', '/network/target-workers?count=4', undefined, admin)
    await call(coordinator.server, 'DELETE', '/workers/worker-one')
    const read = async () => (await call(coordinator.server, 'GET', '/decisions', undefined, admin)).body.decisions
    const before = await read()
    expect(before.map(({ decision, by }) => [decision, by])).toEqual([
      ['left', 'worker'],
      ['target-workers', 'the host'],
      ['rejected', 'the host'],
      ['approved', 'the host'],
      ['registered', 'worker'],
    ])
    expect(before[3]).toMatchObject({ worker_id: 'worker-one', at_ms: clock.now() })
    expect(before[3]?.reason).toContain('a friend')
    await coordinator.restart()
    expect(await read()).toEqual(before)
    const page = await call(coordinator.server, 'GET', `/decisions?limit=2&before=${before[1]?.decision_id}`)
    expect(page.body.decisions.map(({ decision, worker_id }) => [decision, worker_id])).toEqual([
      ['rejected', 'worker-o…'],
      ['approved', 'worker-o…'],
    ])
  })

  it('X-13, C-07: a delta counts once, whether sent again, at the same time, or after leaving and coming back', async () => {
    const coordinator = await start()
    const stats = async () => (await call(coordinator.server, 'GET', '/network/stats')).body
    const total = async () => (await stats()).total_tokens_served
    await register(coordinator.server, 'w1')
    await coordinator.approve('w1')
    const five = { tokens_served_since_last: 5, x_requests_served_since_last: 2, x_seq: 1 }
    await Promise.all(Array.from({ length: 20 }, () => beat(coordinator.server, 'w1', five)))
    expect(await total()).toBe(5)
    await beat(coordinator.server, 'w1', {
      tokens_served_since_last: 7,
      x_requests_served_since_last: 1,
      x_seq: 2,
    })
    expect(await total()).toBe(12)
    await call(coordinator.server, 'DELETE', '/workers/w1')
    const again = await register(coordinator.server, 'w1')
    expect(again.body.x_last_seq).toBe(2)
    await coordinator.approve('w1')
    await beat(coordinator.server, 'w1', { tokens_served_since_last: 7, x_seq: 2 })
    expect(await total()).toBe(12)
    // Who knows only the document's fields has no numbers: each report counts.
    await beat(coordinator.server, 'w1', { tokens_served_since_last: 3 })
    await beat(coordinator.server, 'w1', { tokens_served_since_last: 3 })
    expect(await total()).toBe(18)
    // Requests go with their delta; what the worker gave before it left is the network's, not its new row's.
    expect((await stats()).x_total_requests_served).toBe(3)
    await beat(coordinator.server, 'w1', { x_requests_served_since_last: 4, x_seq: 3 })
    const { workers } = (await call(coordinator.server, 'GET', '/workers')).body
    expect(workers[0]).toMatchObject({ tokens_served: 6, x_requests_served: 4 })
    await coordinator.server.sweep()
    expect((await stats()).x_total_requests_served).toBe(7)
  })

  it('C-17: twenty registrations at once are one worker, and one entry in the log', async () => {
    const coordinator = await start()
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(coordinator.server, 'w1')))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect((await call(coordinator.server, 'GET', '/workers')).body.workers).toHaveLength(1)
    expect((await call(coordinator.server, 'GET', '/decisions')).body.decisions).toHaveLength(1)
  })

  it('C-14: another quantization is for new assignments; who has blocks keeps them', async () => {
    const models = [TEST_MODEL, { ...TEST_MODEL, name: 'Tiny-Jargon-8-Q4', quantization: 'Q4_K_M' }]
    const coordinator = await start({ models })
    for (const id of ['w1', 'w2']) await register(coordinator.server, id)
    await coordinator.approve('w1')
    const put = (mode: string, headers: Record<string, string>) =>
      call(coordinator.server, 'PUT', `/network/quantization?mode=${mode}`, undefined, headers)
    expect((await put('Q4_K_M', {})).status).toBe(401)
    const unknown = await put('Q2_K', adminOf(coordinator))
    expect([unknown.status, unknown.body.error.cause]).toEqual([400, expect.stringContaining('hosted: F16, Q4_K_M')])
    expect((await put('q4_k_m', adminOf(coordinator))).body).toMatchObject({ quantization: 'Q4_K_M' })
    await coordinator.approve('w2')
    expect((await beat(coordinator.server, 'w1')).body).toMatchObject({ model_name: 'Tiny-Jargon-8', layers_start: 0 })
    expect((await beat(coordinator.server, 'w2')).body).toMatchObject({
      model_name: 'Tiny-Jargon-8-Q4',
      layers_start: 0,
    })
    expect((await call(coordinator.server, 'GET', '/network/info')).body).toMatchObject({
      quantization: 'Q4_K_M',
      model_name: 'Tiny-Jargon-8-Q4',
    })
  })

  it('C-09, C-21, C-22: users and usage', async () => {
    const coordinator = await start()
    const { server } = coordinator
    const made = await call(server, 'POST', '/users/register', { nickname: 'Ada \u001b[2J' })
    const userId = String(made.body.user_id)
    expect(made.body).toMatchObject({ nickname: 'Ada', requests: 0 })
    const report = { user_id: userId, prompt_tokens: 10, completion_tokens: 4, worker_ids: ['worker-one', 'w2'] }
    for (let index = 0; index < 20; index += 1) {
      expect((await call(server, 'POST', '/usage/log', { ...report, prompt_tokens: index })).status).toBe(200)
    }
    const once = { ...report, x_request_id: 'r1' }
    expect((await call(server, 'POST', '/usage/log', once)).body).toMatchObject({ status: 'ok', x_counted: true })
    expect((await call(server, 'POST', '/usage/log', once)).body).toMatchObject({ status: 'ok', x_counted: false })
    const recent = await call(server, 'GET', '/usage/recent?limit=15', undefined, adminOf(coordinator))
    expect(recent.body.usage).toHaveLength(15)
    expect(recent.body.usage[0]).toMatchObject({
      user_id: userId,
      prompt_tokens: 10,
      completion_tokens: 4,
      worker_ids: ['worker-one', 'w2'],
    })
    expect((await call(server, 'GET', '/usage/recent')).body.usage[0]).toMatchObject({
      user_id: `${userId.slice(0, 8)}…`,
    })
    expect((await call(server, 'GET', `/users/${userId}`)).body).toMatchObject({
      requests: 21,
      prompt_tokens: 200,
      completion_tokens: 84,
      total_tokens: 284,
    })
    expect((await call(server, 'GET', '/users/nobody')).body.error.code).toBe('COORDINATOR_UNKNOWN_USER')
    // Whoever knows an id can neither rename its user nor report for one that nobody registered, and a report has bounds.
    const rename = (headers = {}) =>
      call(server, 'POST', '/users/register', { user_id: userId, nickname: 'Eve' }, headers)
    expect((await rename()).body).toMatchObject({ user_id: userId, nickname: 'Ada' })
    expect((await rename(adminOf(coordinator))).body.nickname).toBe('Eve')
    const unknown = await call(server, 'POST', '/usage/log', { ...report, user_id: 'nobody' })
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'COORDINATOR_UNKNOWN_USER'])
    for (const wrong of [
      { ...report, prompt_tokens: -1 },
      { ...report, completion_tokens: 1_000_000_000 },
      { ...report, worker_ids: 'w1' },
      {},
    ]) {
      expect((await call(server, 'POST', '/usage/log', wrong)).status).toBe(400)
    }
  })

  it('C-26, C-28: the sweep gives blocks to whoever waits when another one has gone, and says so', async () => {
    const clock = new FakeClock()
    const coordinator = await start({ clock, maxReplicas: 1, targetWorkers: 2 })
    const { server } = coordinator
    for (const id of ['w1', 'w2', 'w3']) {
      await register(server, id)
      await coordinator.approve(id)
    }
    const standby = await beat(server, 'w3')
    expect(standby.body).toMatchObject({ worker_status: 'standby', is_idle: true, layers_start: null })
    expect(standby.body.x_assignment_reason).toContain('held in reserve')
    for (let beats = 0; beats < 3; beats += 1) {
      await clock.advance(29_000)
      for (const id of ['w1', 'w3']) await beat(server, id)
    }
    await server.sweep()
    expect((await beat(server, 'w3')).body).toMatchObject({ worker_status: 'online', layers_start: 4, layers_end: 8 })
    const { decisions } = (await call(server, 'GET', '/decisions')).body
    expect(decisions.slice(0, 2).map(({ decision }) => decision)).toEqual(['assigned', 'offline'])
    // Who comes back finds its blocks as they were, and nobody is sent away from them.
    expect((await beat(server, 'w2')).body).toMatchObject({ worker_status: 'online', layers_start: 4 })
  })

  it('a lease is held by one, renewed by it, and taken over when it ends', async () => {
    const clock = new FakeClock()
    const database = await openCoordinatorDatabase(dialect === 'sqlite' ? ':memory:' : await postgresUrl())
    cleanups.push(() => database.close())
    const leases = [1, 2].map(() => createLease({ database, clock, name: 'sweep' }))
    expect(await leases[0]!.take(1_000)).toBe(true)
    expect(await leases[1]!.take(1_000)).toBe(false)
    await clock.advance(900)
    expect(await leases[0]!.take(1_000)).toBe(true)
    await clock.advance(900)
    expect(await leases[1]!.take(1_000)).toBe(false)
    await clock.advance(100)
    expect(await leases[1]!.take(1_000)).toBe(true)
    await leases[1]!.release()
    expect(await leases[0]!.take(1_000)).toBe(true)
  })

  it('H-40: a database of a newer program is refused, left as it is, and copied aside where it is a file', async () => {
    const location = dialect === 'sqlite' ? join(await temporaryDirectory(), 'state.sqlite') : await postgresUrl()
    const database = await openCoordinatorDatabase(location)
    await database.queries
      .withTables<{ kysely_migration: { name: string; timestamp: string } }>()
      .insertInto('kysely_migration')
      .values({ name: '9999-from-the-future', timestamp: new Date(0).toISOString() })
      .execute()
    await database.close()
    await expect(openCoordinatorDatabase(location)).rejects.toMatchObject({ code: 'COORDINATOR_STATE_NEWER' })
    if (dialect === 'sqlite') expect((await stat(`${location}.newer`)).size).toBeGreaterThan(0)
  })

  async function temporaryDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'espalier-state-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    return directory
  }

  async function postgresUrl(): Promise<string> {
    const database = await createTestDatabase()
    cleanups.push(database.drop)
    return database.url
  }

  it.runIf(dialect === 'postgres')(
    'coordinators of one database name all their bootstrap peers, and tell each other’s to their own',
    async () => {
      const databaseUrl = await postgresUrl()
      const own = [1, 2].map((port) => `/ip4/192.0.2.${port}/tcp/31337/p2p/${PEERS[port - 1]}`)
      const told: string[][] = [[], []]
      const clock = new FakeClock()
      const open = async (index: number) => {
        const server = await createCoordinatorServer({
          ...{ directory: await temporaryDirectory(), databaseUrl, host: '127.0.0.1', port: 0, clock, demo: false },
          models: [TEST_MODEL],
          bootstrapPeers: () => own.slice(index, index + 1),
          onOtherBootstraps: (addresses) => void told[index]?.push(...addresses),
        })
        cleanups.push(() => server.close())
        return server
      }
      const named = async (server: CoordinatorServer) =>
        (await call(server, 'GET', '/network/info')).body.x_bootstrap_peers
      const [first, second] = [await open(0), await open(1)]
      expect(await named(second)).toEqual([own[1], own[0]])
      expect(told).toEqual([[], [own[0]]])
      await first.sweep()
      expect(await named(first)).toEqual(own)
      expect(told[0]).toEqual([own[1]])
      // One that leaves is not named any more.
      await second.close()
      await first.sweep()
      expect(await named(first)).toEqual([own[0]])
      // One that died is forgotten after three rounds.
      const database = await openCoordinatorDatabase(databaseUrl)
      const dead = { peer_id: PEERS[1] ?? '', addresses: JSON.stringify([own[1]]), seen_at: clock.now() }
      await database.queries.insertInto('bootstrap_peers').values(dead).execute()
      await database.close()
      await first.sweep()
      expect(await named(first)).toEqual(own)
      await clock.advance(91_000)
      await first.sweep()
      expect(await named(first)).toEqual([own[0]])
    },
  )

  it.runIf(dialect === 'postgres')(
    'three coordinators share one database: one roster, one sweep, no token twice',
    async () => {
      const databaseUrl = await postgresUrl()
      const servers: CoordinatorServer[] = []
      const first = await start()
      for (let index = 0; index < 3; index += 1) {
        servers.push(
          await createCoordinatorServer({
            directory: await temporaryDirectory(),
            databaseUrl,
            host: '127.0.0.1',
            port: 0,
            clock: systemClock,
            models: [TEST_MODEL],
            bootstrapPeers: () => [],
            demo: false,
            adminToken: 'the-admin-token-of-a-test-coordinator',
            security: { allowUnsigned: true, rateLimits: null },
          }),
        )
      }
      cleanups.push(async () => {
        await Promise.all(servers.map((server) => server.close()))
      })
      const [a, b, c] = servers as [CoordinatorServer, CoordinatorServer, CoordinatorServer]
      const admin = adminOf(first)
      const ids = Array.from({ length: 30 }, (_, index) => `w${index}`)
      await Promise.all(ids.map((id, index) => register(servers[index % 3]!, id)))
      await Promise.all(
        ids.map((id, index) => call(servers[(index + 1) % 3]!, 'POST', `/workers/${id}/approve`, {}, admin)),
      )
      // The same delta at all of them at once.
      const delta = { tokens_served_since_last: 10, x_requests_served_since_last: 2, x_seq: 1 }
      await Promise.all(ids.flatMap((id) => servers.map((server) => beat(server, id, delta))))
      for (const server of servers) {
        expect((await call(server, 'GET', '/network/stats')).body).toMatchObject({
          total_workers: 30,
          online_workers: 30,
          total_tokens_served: 300,
          x_total_requests_served: 60,
          coverage_percent: 100,
        })
      }
      // Approved at three places at once, still dealt out evenly: no block has far more servers than another.
      const { layers } = (await call(b, 'GET', '/network/health')).body as unknown as { layers: { workers: number }[] }
      const counts = layers.map(({ workers }) => workers)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      const sweeps = await Promise.all(servers.map((server) => server.sweep()))
      expect(sweeps.filter(({ isOurs }) => isOurs)).toHaveLength(1)
      await a.close()
      await b.close()
      expect((await c.sweep()).isOurs).toBe(true)
    },
  )
})
