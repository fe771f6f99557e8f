import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type CoordinatorApi, createCoordinatorApi } from './coordinator-api'
import { createCoordinatorLink } from './coordinator-link'
import { verdictOf } from './worker-state'

// 10,000 malformed replies an endpoint: made from good ones by seeded damage, and from nothing at all.

const RUNS = 10_000
const good = {
  status: 'online',
  worker_status: 'online',
  layers_start: 0,
  layers_end: 3,
  model_name: 'Tiny',
  total_layers: 8,
  initial_peers: ['/ip4/127.0.0.1/tcp/31337/p2p/QmBootstrap'],
  bootstrap_peers: ['/ip4/127.0.0.1/tcp/31337/p2p/QmBootstrap'],
  is_idle: false,
  models: [],
  x_last_seq: 3,
  x_decision: { reason: 'yes', by: 'host', at: 5 },
}
const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(1e308, -1, 0.5, 2 ** 53 + 2, '', ' ', '\u001b[2J', '\u202e', 'x'.repeat(5_000), null),
  fc.constantFrom<unknown>([], {}, [[]], { __proto__: null }, 'online', 'pending', 'NaN', true),
)
const damaged = fc.dictionary(fc.constantFrom(...Object.keys(good)), nasty).map((damage) => {
  const body: Record<string, unknown> = { ...good, ...damage }
  return JSON.stringify(body)
})
const cut = fc.tuple(damaged, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)))
const bodies = fc.oneof(
  { weight: 6, arbitrary: damaged },
  { weight: 2, arbitrary: cut },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)
const statuses = fc.constantFrom(200, 200, 200, 200, 201, 204, 302, 400, 404, 409, 422, 429, 500, 503)
const types = fc.constantFrom(
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
  'text/html',
  null,
)

const registration = { worker_id: 'w', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
const beat = { worker_id: 'w', tokens_served_since_last: 0, status: 'online' }
const endpoints: [string, (api: CoordinatorApi) => Promise<unknown>][] = [
  ['GET /', (api) => api.health()],
  ['GET /network/info', (api) => api.networkInfo()],
  ['POST /workers/register', (api) => api.register(registration)],
  ['POST /workers/heartbeat', (api) => api.heartbeat(beat)],
  ['DELETE /workers/{id}', (api) => api.unregister('w')],
  ['GET /models', (api) => api.models()],
  ['GET /models/{name}/manifest', (api) => api.manifest('m')],
]

function respond(status: number, body: string, type: string | null): Response {
  const headers = new Headers(type === null ? {} : { 'content-type': type })
  return new Response([204, 304].includes(status) ? null : new TextEncoder().encode(body), { status, headers })
}

function apiAnswering(next: () => Response): CoordinatorApi {
  return createCoordinatorApi({ baseUrl: 'http://127.0.0.1:8000', fetch: async () => next(), clock: systemClock })
}

describe('malformed replies', () => {
  it.each(endpoints)(
    'C-06, C-27, D-T01: 10,000 at %s are an answer that is checked, or a typed error in plain words',
    async (_name, ask) => {
      let next = respond(200, '{}', null)
      const api = apiAnswering(() => next)
      let errors = 0
      await fc.assert(
        fc.asyncProperty(statuses, bodies, types, async (status, body, type) => {
          next = respond(status, body, type)
          try {
            await ask(api)
          } catch (error) {
            errors += 1
            if (!(error instanceof EspalierError)) throw error
            if (error.code === 'INTERNAL') throw error
            if (error.message.length > 600 || /\p{Cc}|[\u202a-\u202e]/u.test(error.message))
              throw new Error(error.message)
          }
        }),
        { numRuns: RUNS, seed: 6 },
      )
      expect(errors).toBeGreaterThan(RUNS / 10)
    },
    120_000,
  )

  it('C-27: whatever a heartbeat is answered, the state stays a state and no assignment is half taken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(statuses, bodies, types), { minLength: 1, maxLength: 5 }), async (replies) => {
        const queue = [...replies]
        let isOver: () => void = () => undefined
        const over = new Promise<void>((resolve) => {
          isOver = resolve
        })
        const api = apiAnswering(() => {
          const [status, body, type] = queue.shift() ?? [404, '{}', null]
          if (queue.length === 0) isOver()
          return respond(status, body, type)
        })
        const link = createCoordinatorLink({
          api,
          clock: { ...systemClock, after: (_ms, run) => systemClock.after(0, run) },
          store: { load: async () => null, save: async () => undefined },
          registration: () => registration,
          heartbeatIntervalMs: 30_000,
          onEvent(event) {
            if (event.type !== 'approved' && event.type !== 'assignment-changed') return
            if (event.range.end <= event.range.start || event.range.start < 0 || event.model === '')
              throw new Error('half')
          },
        })
        await link.start()
        await Promise.race([over, systemClock.sleep(200)])
        const { name, assignment } = link.state()
        const isServing = name === 'approved_loading' || name === 'online'
        if (isServing && assignment === null) throw new Error(`${name} without blocks`)
        await link.stop({ unregister: false })
      }),
      { numRuns: 500, seed: 27 },
    )
  }, 120_000)

  it('C-27: 100,000 words and combinations have a verdict', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('online', 'pending', 'standby', 'rejected', 'offline', 'approved')),
        fc.option(fc.boolean()),
        fc.boolean(),
        (status, isIdle, hasLayers) => {
          const assignment = hasLayers ? { model: 'M', range: { start: 0, end: 1 } } : null
          const verdict = verdictOf({ status, isIdle, assignment })
          if (verdict.kind === 'assigned' && verdict.assignment === null) throw new Error('assigned nothing')
        },
      ),
      { numRuns: 100_000, seed: 27 },
    )
  })
})
