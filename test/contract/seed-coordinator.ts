import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

// A coordinator as the document describes it, faults included: pending first, layers beside `pending`, every worker
// listed at the coordinator's own host and DHT_PORT + 1, a bootstrap peer whose id is none, no authentication, a
// memory that a restart empties. For tests of what a worker makes of such a one.

export interface SeedWorker {
  worker_id: string
  nickname: string
  hardware_type: string
  device_name: string
  vram_gb: number
  requested_layers: number | null
  status: 'pending' | 'online' | 'standby' | 'rejected' | 'offline'
  layers_start: number | null
  layers_end: number | null
  tokens_served: number
}

export interface SeedOptions {
  modelName?: string
  totalLayers?: number
  /** Blocks that the next worker gets on approval; null puts it on standby. */
  layersFor?: (workerId: string) => [number, number] | null
  /** Names the blocks in its replies before anybody has approved (C-53). */
  tellsLayersWhilePending?: boolean
  publicHost?: string
  dhtPort?: number
  /** Real multiaddrs, beside the one that is always there. */
  peers?: () => readonly string[]
  /** The manifest of its model; the document knows none, and without one a node of ours can't verify a slice. */
  manifest?: { json: string; sha256: string }
  /** Changes a good reply into a broken one. */
  spoil?: (call: string, body: Record<string, unknown>) => unknown
}

export interface SeedCoordinator {
  readonly url: string
  readonly port: number
  readonly workers: Map<string, SeedWorker>
  /** `METHOD /path` with query, and the body, in order. */
  readonly calls: { call: string; body: unknown; at: number }[]
  quantization: string
  approve(workerId: string): Promise<void>
  reject(workerId: string): Promise<void>
  assign(workerId: string, layers: [number, number] | null): void
  /** What a restart does to it. */
  forget(): void
  close(): Promise<void>
}

export async function startSeedCoordinator(options: SeedOptions = {}): Promise<SeedCoordinator> {
  const { modelName = 'Tiny-Jargon-8', totalLayers = 8, publicHost = '127.0.0.1', dhtPort = 31_337 } = options
  const workers = new Map<string, SeedWorker>()
  const registry = new Set<string>()
  const users = new Map<string, Record<string, unknown>>()
  const usage: Record<string, unknown>[] = []
  const calls: SeedCoordinator['calls'] = []
  let targetWorkers = 1
  const address = (port: number, peer: string) => `/ip4/${publicHost}/tcp/${port}/p2p/${peer}`
  const peers = () => [
    address(dhtPort, 'QmBootstrap'),
    ...[...registry].map((id) => address(dhtPort + 1, id)),
    ...(options.peers?.() ?? []),
  ]
  const layersOf = (worker: SeedWorker) => {
    const planned = options.tellsLayersWhilePending ? (options.layersFor?.(worker.worker_id) ?? null) : null
    const isPending = worker.status === 'pending'
    const start = isPending ? (planned?.[0] ?? null) : worker.layers_start
    const end = isPending ? (planned?.[1] ?? null) : worker.layers_end
    return { layers_start: start, layers_end: end, is_idle: start === null }
  }
  const answer = (worker: SeedWorker, field: 'status' | 'worker_status') => ({
    ...layersOf(worker),
    model_name: modelName,
    initial_peers: peers(),
    [field]: worker.status,
    ...(options.manifest ? { x_manifest_sha256: options.manifest.sha256 } : {}),
  })
  const online = () => [...workers.values()].filter(({ status }) => status === 'online')
  const coverage = () => {
    const counts = new Array<number>(totalLayers).fill(0)
    for (const { layers_start: start, layers_end: end } of online()) {
      for (let layer = start ?? 0; layer < (end ?? 0); layer += 1) counts[layer] = (counts[layer] ?? 0) + 1
    }
    return counts
  }
  const network = () => {
    const covered = coverage().filter((count) => count > 0).length
    return {
      model_name: modelName,
      total_layers: totalLayers,
      online_workers: online().length,
      coverage_percent: (100 * covered) / totalLayers,
      ready_for_inference: covered === totalLayers,
      quantization: server.quantization,
      target_workers: targetWorkers,
    }
  }

  function decide(id: string, status: 'approved' | 'rejected'): [number, unknown] {
    const worker = workers.get(id)
    if (!worker) return [404, { detail: 'Worker not found' }]
    if (status === 'rejected') {
      Object.assign(worker, { status, layers_start: null, layers_end: null })
      registry.delete(id)
      return [200, { status: 'rejected', worker_id: id }]
    }
    server.assign(id, options.layersFor?.(id) ?? null)
    return [200, { status: 'approved', worker_id: id, ...layersOf(worker) }]
  }

  function reply(method: string, url: URL, body: Record<string, unknown>): [number, unknown] {
    const path = decodeURIComponent(url.pathname)
    const [, first, second, third] = path.split('/')
    switch (`${method} ${path}`) {
      case 'GET /':
        return [200, { status: 'online', message: 'Coordinator running' }]
      case 'GET /network/info':
        return [200, { ...network(), bootstrap_peers: peers() }]
      case 'GET /network/health':
        return [200, { ...network(), layers: coverage().map((count, layer) => ({ layer, workers: count })) }]
      case 'GET /network/stats':
        return [200, { ...network(), total_workers: workers.size, total_tokens: 0 }]
      case 'PUT /network/quantization':
        server.quantization = url.searchParams.get('mode') ?? server.quantization
        return [200, { quantization: server.quantization }]
      case 'PUT /network/target-workers':
        targetWorkers = Number(url.searchParams.get('count'))
        return [200, { target_workers: targetWorkers }]
      case 'GET /network/target-workers':
        return [200, { target_workers: targetWorkers }]
      case 'GET /workers':
        return [200, { workers: [...workers.values()] }]
      case 'POST /workers/register':
        return register(body)
      case 'POST /workers/heartbeat':
        return heartbeat(body)
      case 'POST /users/register': {
        if (typeof body.user_id !== 'string') return missing('user_id')
        users.set(body.user_id, { ...body, total_tokens: 0 })
        return [200, { ...body, status: 'registered' }]
      }
      case 'POST /usage/log':
        if (typeof body.user_id !== 'string') return missing('user_id')
        usage.unshift(body)
        return [200, { status: 'logged' }]
      case 'GET /usage/recent':
        return [200, { usage: usage.slice(0, Number(url.searchParams.get('limit') ?? 15)) }]
      case 'GET /models':
        return options.manifest ? [200, { models: [] }] : [404, { detail: 'Not Found' }]
    }
    if (method === 'GET' && first === 'models' && third === 'manifest' && options.manifest) {
      return [200, JSON.parse(options.manifest.json)]
    }
    if (method === 'GET' && first === 'users' && second) {
      const user = users.get(second)
      return user ? [200, user] : [404, { detail: 'User not found' }]
    }
    if (first === 'workers' && second && method === 'POST' && third === 'approve') return decide(second, 'approved')
    if (first === 'workers' && second && method === 'POST' && third === 'reject') return decide(second, 'rejected')
    if (first === 'workers' && second && method === 'DELETE') {
      registry.delete(second)
      return workers.delete(second) ? [200, { status: 'unregistered' }] : [404, { detail: 'Worker not found' }]
    }
    return [404, { detail: 'Not Found' }]
  }

  function register(body: Record<string, unknown>): [number, unknown] {
    for (const field of ['worker_id', 'nickname', 'hardware_type', 'device_name', 'vram_gb']) {
      if (body[field] === undefined) return missing(field)
    }
    const id = String(body.worker_id)
    const worker: SeedWorker = {
      worker_id: id,
      nickname: String(body.nickname),
      hardware_type: String(body.hardware_type),
      device_name: String(body.device_name),
      vram_gb: Number(body.vram_gb),
      requested_layers: typeof body.requested_layers === 'number' ? body.requested_layers : null,
      status: 'pending',
      layers_start: null,
      layers_end: null,
      tokens_served: 0,
    }
    if (!workers.has(id)) workers.set(id, worker)
    return [200, answer(workers.get(id) ?? worker, 'status')]
  }

  function heartbeat(body: Record<string, unknown>): [number, unknown] {
    if (body.worker_id === undefined) return missing('worker_id')
    const worker = workers.get(String(body.worker_id))
    if (!worker) return [404, { detail: 'Worker not found' }]
    worker.tokens_served += Number(body.tokens_served_since_last ?? 0)
    return [200, { ...answer(worker, 'worker_status'), status: 'ok' }]
  }

  const http = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const body = await bodyOf(request)
    const call = `${request.method} ${url.pathname}${url.search}`
    calls.push({ call, body, at: performance.now() })
    if (call === 'GET /dashboard') {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>Dashboard</title>')
      return
    }
    const [status, said] = body === null ? missing('body') : reply(request.method ?? 'GET', url, body)
    const spoilt = status < 400 && options.spoil ? options.spoil(call, said as Record<string, unknown>) : said
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(spoilt))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const server: SeedCoordinator = {
    url: `http://127.0.0.1:${port}`,
    port,
    workers,
    calls,
    quantization: 'none',
    approve: async (id) => void decide(id, 'approved'),
    reject: async (id) => void decide(id, 'rejected'),
    assign(id, layers) {
      const worker = workers.get(id)
      if (!worker) throw new Error(`no worker ${id}`)
      const [start, end] = layers ?? [null, null]
      Object.assign(worker, { status: layers ? 'online' : 'standby', layers_start: start, layers_end: end })
      registry.add(id)
    },
    forget() {
      workers.clear()
      registry.clear()
    },
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections()
        http.close(() => resolve())
      }),
  }
  return server
}

/** As FastAPI says it. */
function missing(field: string): [number, unknown] {
  return [422, { detail: [{ loc: ['body', field], msg: 'field required', type: 'value_error.missing' }] }]
}

/** Null for what is not a JSON object; an empty object where there is no body. */
async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  if (text === '') return {}
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}
