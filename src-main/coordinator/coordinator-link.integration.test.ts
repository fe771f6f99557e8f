import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestCoordinator, type TestCoordinator } from '../../src-coordinator/test-coordinator'
import { systemClock } from '../../src-shared/clock'
import { jsonFile } from '../storage/atomic-file'
import { createCoordinatorApi } from './coordinator-api'
import { type CoordinatorLink, createCoordinatorLink } from './coordinator-link'
import type { LinkEvent } from './link-events'
import { type LinkMemory, LinkMemorySchema, type LinkStore } from './link-memory'

const INTERVAL_MS = 100
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startCoordinator(options: Parameters<typeof startTestCoordinator>[0] = {}): Promise<TestCoordinator> {
  const coordinator = await startTestCoordinator({
    timings: { heartbeatIntervalMs: INTERVAL_MS, offlineAfterMs: 400, sweepIntervalMs: 50 },
    ...options,
  })
  cleanups.push(() => coordinator.remove())
  return coordinator
}

interface Worker {
  link: CoordinatorLink
  events: LinkEvent[]
  store: LinkStore
  /** Calls that left this worker, as `METHOD /path`. */
  calls: string[]
}

interface WorkerOptions {
  id?: string
  isDemo?: boolean
  store?: LinkStore
  /** Sees each heartbeat before and after it was answered; throwing loses the request or the reply. */
  onBeat?: (when: 'before' | 'after') => void
}

function createWorker(url: string, options: WorkerOptions = {}): Worker {
  const events: LinkEvent[] = []
  const calls: string[] = []
  const observed: typeof fetch = async (input, init) => {
    const path = new URL(String(input)).pathname
    calls.push(`${init?.method} ${path}`)
    const isBeat = path === '/workers/heartbeat'
    if (isBeat) options.onBeat?.('before')
    const response = await fetch(input, init)
    if (isBeat) options.onBeat?.('after')
    return response
  }
  const store = options.store ?? memoryStore()
  const link = createCoordinatorLink({
    api: createCoordinatorApi({ baseUrl: url, fetch: observed, clock: systemClock }),
    clock: systemClock,
    store,
    registration: () => ({
      worker_id: options.id ?? 'w1',
      nickname: 'Rosa',
      hardware_type: 'cpu',
      device_name: 'test',
      vram_gb: 0,
      ...(options.isDemo === undefined ? {} : { x_demo: options.isDemo }),
    }),
    heartbeatIntervalMs: INTERVAL_MS,
    onEvent: (event) => events.push(event),
    apiFor: (baseUrl) => createCoordinatorApi({ baseUrl, fetch, clock: systemClock }),
  })
  cleanups.push(() => link.stop({ unregister: false }))
  return { link, events, store, calls }
}

function memoryStore(): LinkStore {
  let text = 'null'
  return {
    load: async () => LinkMemorySchema.nullable().parse(JSON.parse(text)),
    save: async (memory) => {
      text = JSON.stringify(memory)
    },
  }
}

const typesOf = ({ events }: Worker) => events.map(({ type }) => type)
const count = (worker: Worker, type: LinkEvent['type']) => typesOf(worker).filter((seen) => seen === type).length
const until = (condition: () => unknown) => expect.poll(async () => Boolean(await condition()), POLL).toBe(true)
const POLL = { timeout: 15_000, interval: 10 }

async function rowOf(coordinator: TestCoordinator, id = 'w1') {
  return (await coordinator.server.snapshot()).workers.find(({ worker_id }) => worker_id === id)
}

async function startApproved(coordinator: TestCoordinator, options: WorkerOptions = {}): Promise<Worker> {
  const worker = createWorker(coordinator.server.url, options)
  await worker.link.start()
  await until(() => count(worker, 'pending') === 1)
  await coordinator.approve(options.id ?? 'w1', 'welcome')
  await until(() => worker.link.state().assignment !== null)
  const { assignment } = worker.link.state()
  if (assignment) worker.link.setStatus('online', assignment)
  return worker
}

describe('coordinator link', () => {
  it('C-18, C-24, C-30: registers, waits, is approved with reason and author, loads, and is seen online', async () => {
    const coordinator = await startCoordinator()
    const worker = createWorker(coordinator.server.url)
    await worker.link.start()
    await until(() => count(worker, 'heartbeat-ok') >= 2)
    expect(typesOf(worker).slice(0, 2)).toEqual(['registered', 'pending'])
    expect(worker.link.state().name).toBe('pending')

    await coordinator.approve('w1', 'welcome')
    await until(() => count(worker, 'approved') === 1)
    const approved = worker.events.find((event) => event.type === 'approved')
    expect(approved).toMatchObject({
      range: { start: 0, end: 3 },
      model: 'Tiny-Jargon-8',
      by: 'the host',
      reason: expect.stringContaining('welcome'),
      at: expect.any(Number),
      manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      evidence: { kind: 'coordinator', by: coordinator.server.url, value: expect.stringContaining('layers [0, 3)') },
    })
    expect(worker.link.state().name).toBe('approved_loading')
    await until(async () => (await rowOf(coordinator))?.x_reported_status === 'joining')
    expect((await coordinator.server.snapshot()).info.coverage_percent).toBe(0)

    worker.link.setStatus('online', { model: 'Tiny-Jargon-8', range: { start: 0, end: 3 } })
    expect(worker.link.state().name).toBe('online')
    await until(async () => (await rowOf(coordinator))?.x_serving)
  })

  it('C-50: a proof of other blocks than the assigned ones does not make it online', async () => {
    const coordinator = await startCoordinator()
    const worker = await startApproved(coordinator)
    worker.link.setStatus('online', { model: 'Tiny-Jargon-8', range: { start: 3, end: 6 } })
    expect(worker.link.state().name).toBe('approved_loading')
  })

  it('C-26: a coordinator that is away is reported with a deadline, and met again without a new approval', async () => {
    const coordinator = await startCoordinator()
    const worker = await startApproved(coordinator)
    await coordinator.restart({ downMs: 300 })
    await until(() => worker.events.at(-1)?.type === 'heartbeat-ok')
    const failed = worker.events.find((event) => event.type === 'heartbeat-failed')
    expect(failed).toMatchObject({ report: { code: 'COORDINATOR_UNREACHABLE' }, deadlineAt: expect.any(Number) })
    expect(count(worker, 'approved')).toBe(1)
    expect(count(worker, 'registered')).toBe(1)
    expect(worker.link.state().name).toBe('online')
    await until(async () => (await rowOf(coordinator))?.x_serving)
  })

  it('C-34: a coordinator that lost everything gets the same id, and the shard needs no loading', async () => {
    const coordinator = await startCoordinator()
    const worker = await startApproved(coordinator)
    await until(async () => (await rowOf(coordinator))?.x_serving)
    await coordinator.restart({ forgetful: true })
    // The network's id was in its memory: to the worker it is another network's coordinator until a person says so.
    await until(() => count(worker, 'register-failed') > 0)
    expect(worker.events.findLast(({ type }) => type === 'register-failed')).toMatchObject({
      report: { code: 'NETWORK_REPLACED' },
    })
    expect((await coordinator.server.snapshot()).workers).toEqual([])
    worker.link.reapply()
    await until(() => count(worker, 'registered') === 2)
    expect(typesOf(worker)).toContain('forgotten')
    expect(worker.link.state()).toMatchObject({ name: 'pending', loaded: { range: { start: 0, end: 3 } } })
    await coordinator.approve('w1')
    await until(() => worker.link.state().name === 'online')
    expect((await coordinator.server.snapshot()).workers).toHaveLength(1)
  })

  it('C-19: a rejection ends the heartbeats, survives a restart of the worker, and applying again works', async () => {
    const coordinator = await startCoordinator()
    const worker = createWorker(coordinator.server.url)
    await worker.link.start()
    await until(() => count(worker, 'pending') === 1)
    await coordinator.reject('w1', 'no room')
    await until(() => count(worker, 'rejected') === 1)
    expect(worker.events.find(({ type }) => type === 'rejected')).toMatchObject({ reason: 'no room', by: 'the host' })
    const callsThen = worker.calls.length
    await systemClock.sleep(5 * INTERVAL_MS)
    expect(worker.calls.length).toBe(callsThen)

    expect(await worker.link.stop()).toBe(false)
    const again = createWorker(coordinator.server.url, { store: worker.store })
    await again.link.start()
    await until(() => count(again, 'rejected') === 1)
    again.link.reapply()
    await until(() => again.link.state().name === 'pending')
    expect((await rowOf(coordinator))?.status).toBe('pending')
  })

  it('C-28: approved without layers is standby, and the heartbeats go on', async () => {
    const coordinator = await startCoordinator({ models: [] })
    const worker = createWorker(coordinator.server.url)
    await worker.link.start()
    await until(() => count(worker, 'pending') === 1)
    await coordinator.approve('w1')
    await until(() => count(worker, 'standby') === 1)
    const beats = count(worker, 'heartbeat-ok')
    await until(() => count(worker, 'heartbeat-ok') > beats + 1)
  })

  it('C-20: stop signs off; with the coordinator down it gives up quietly', async () => {
    const coordinator = await startCoordinator()
    const worker = await startApproved(coordinator)
    expect(await worker.link.stop()).toBe(true)
    expect(await rowOf(coordinator)).toBeUndefined()
    expect(worker.link.state().name).toBe('stopped')

    const second = await startApproved(coordinator, { id: 'w2' })
    await coordinator.stop()
    expect(await second.link.stop()).toBe(false)
    expect(second.link.state().name).toBe('stopped')
    expect(await second.link.stop()).toBe(false)
  })

  it('C-20: a sign-off that the coordinator did not hear is told later, from another network', async () => {
    const first = await startCoordinator({ timings: { heartbeatIntervalMs: INTERVAL_MS, offlineAfterMs: 60_000 } })
    const worker = await startApproved(first)
    const { url, port } = first.server
    await first.stop()
    const startedAt = performance.now()
    expect(await worker.link.stop()).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(await worker.store.load()).toMatchObject({ owed: [{ baseUrl: url, workerId: 'w1' }] })

    const deleted: string[] = []
    const listener = createServer((request, response) => {
      deleted.push(`${request.method} ${request.url}`)
      response.setHeader('content-type', 'application/json')
      response.end('{"status":"removed"}')
    })
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => listener.close(resolve)))
    const second = await startCoordinator()
    const again = createWorker(second.server.url, { store: worker.store })
    await again.link.start()
    await until(() => deleted.length > 0)
    expect(deleted).toEqual(['DELETE /workers/w1'])
    await until(async () => (await worker.store.load())?.owed.length === 0)
    // Its place at the second coordinator is its own.
    expect(await rowOf(second)).toBeDefined()
  })

  it('C-17: a lost answer to the registration leaves one row', async () => {
    const coordinator = await startCoordinator()
    let losses = 1
    const events: LinkEvent[] = []
    const lossy: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (String(input).endsWith('/register') && losses-- > 0) throw new TypeError('reply lost')
      return response
    }
    const link = createCoordinatorLink({
      api: createCoordinatorApi({ baseUrl: coordinator.server.url, fetch: lossy, clock: systemClock }),
      clock: systemClock,
      store: memoryStore(),
      registration: () => ({ worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }),
      heartbeatIntervalMs: INTERVAL_MS,
      onEvent: (event) => events.push(event),
    })
    cleanups.push(() => link.stop())
    await link.start()
    await until(() => link.state().name === 'pending')
    expect(events[0]).toMatchObject({ type: 'register-failed', report: { code: 'COORDINATOR_UNREACHABLE' } })
    expect((await coordinator.server.snapshot()).workers).toHaveLength(1)
  })

  it('C-40: a demo worker is kept from a real coordinator before it registers, and a real one from a demo', async () => {
    const real = await startCoordinator()
    const demoWorker = createWorker(real.server.url, { isDemo: true })
    await demoWorker.link.start()
    await until(() => count(demoWorker, 'register-failed') === 1)
    expect(demoWorker.events[0]).toMatchObject({ report: { code: 'DEMO_CONFINED' }, retryAt: null })
    expect(demoWorker.calls).toEqual(['GET /'])

    const demo = await startCoordinator({ demo: true })
    const realWorker = createWorker(demo.server.url)
    await realWorker.link.start()
    await until(() => count(realWorker, 'register-failed') === 1)
    expect(realWorker.events[0]).toMatchObject({ report: { code: 'DEMO_CONFINED' }, retryAt: null })
    expect((await demo.server.snapshot()).workers).toEqual([])
  })

  it('C-07, X-13: with one request and one reply in three lost, every token counts once', async () => {
    const coordinator = await startCoordinator()
    let beats = 0
    const worker = await startApproved(coordinator, {
      onBeat(when) {
        if (when === 'before') beats += 1
        if (beats % 3 === 0 && when === 'after') throw new TypeError('reply lost')
        if (beats % 3 === 1 && beats > 3 && when === 'before') throw new TypeError('request lost')
      },
    })
    let served = 0
    for (let round = 1; round <= 20; round += 1) {
      worker.link.reportTokens(round)
      served += round
      await systemClock.sleep(INTERVAL_MS / 4)
    }
    await until(async () => ((await rowOf(coordinator))?.tokens_served ?? 0) >= served)
    const beatsThen = beats
    await until(() => beats > beatsThen + 3)
    expect((await rowOf(coordinator))?.tokens_served).toBe(served)
    expect(count(worker, 'heartbeat-failed')).toBeGreaterThan(0)
  })

  it('C-31: a worker that dies before the answer counts its tokens once after it is back', async () => {
    const coordinator = await startCoordinator()
    const directory = await mkdtemp(join(tmpdir(), 'espalier-link-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    const store = jsonFile(join(directory, 'coordinator.json'), LinkMemorySchema)
    let isDead = false
    let memoryAtDeath: Promise<LinkMemory | null> | null = null
    const worker = await startApproved(coordinator, {
      store,
      onBeat(when) {
        // What a kill at the moment of sending would leave on disk.
        if (isDead && when === 'before') memoryAtDeath ??= store.load()
        if (isDead && when === 'after') throw new TypeError('reply lost')
      },
    })
    isDead = true
    worker.link.reportTokens(11)
    await until(async () => (await rowOf(coordinator))?.tokens_served === 11)
    await worker.link.stop({ unregister: false })
    const left = await memoryAtDeath
    expect(left).toMatchObject({ ledger: { inFlight: { tokens: 11 } } })
    if (left) await store.save(left)

    const again = createWorker(coordinator.server.url, { store })
    await again.link.start()
    again.link.reportTokens(4)
    await until(async () => ((await rowOf(coordinator))?.tokens_served ?? 0) > 11)
    await until(async () => (await store.load())?.ledger.settled === 15)
    expect((await rowOf(coordinator))?.tokens_served).toBe(15)
    // Known and approved there: no second wait.
    expect(again.events.find(({ type }) => type === 'approved')).toMatchObject({ range: { start: 0, end: 3 } })
  })

  it('X-12, X-13, C-53: a coordinator that knows only the documented fields is served too', async () => {
    const said = { status: 'pending', tokens: 0 }
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        const body = text === '' ? {} : JSON.parse(text)
        said.tokens += body.tokens_served_since_last ?? 0
        const layers = { layers_start: 2, layers_end: 4, model_name: 'M', initial_peers: ['/p2p/QmBootstrap'] }
        const field = request.url === '/workers/register' ? 'status' : 'worker_status'
        const answer = request.url === '/' ? { status: 'ok' } : { ...layers, is_idle: false, [field]: said.status }
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(answer))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    let losses = 1
    const worker = createWorker(`127.0.0.1:${(server.address() as AddressInfo).port}`, {
      onBeat(when) {
        if (when === 'after' && worker.link.state().name === 'approved_loading' && losses-- > 0) {
          throw new TypeError('reply lost')
        }
      },
    })
    await worker.link.start()
    await until(() => count(worker, 'heartbeat-ok') > 0)
    // Layers beside "pending" are no approval.
    expect(worker.link.state()).toMatchObject({ name: 'pending', assignment: null })
    said.status = 'hibernating'
    await until(() => count(worker, 'unknown-status') === 1)
    expect(worker.link.state()).toMatchObject({ name: 'pending', unknownWord: 'hibernating' })
    said.status = 'online'
    await until(() => count(worker, 'approved') === 1)
    worker.link.reportTokens(5)
    const beats = count(worker, 'heartbeat-ok')
    await until(() => count(worker, 'heartbeat-ok') > beats + 2)
    expect(count(worker, 'heartbeat-failed')).toBe(1)
    expect(said.tokens).toBe(5)
    expect(worker.events.find(({ type }) => type === 'initial-peers')).toMatchObject({ peers: ['/p2p/QmBootstrap'] })
  })
})
