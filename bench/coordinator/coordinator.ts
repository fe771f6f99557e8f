import * as z from 'zod'
import { type CalledChild, startCalledChild } from '../child-calls'
import { type Row, rowOf, type Say } from '../report'
import { median, spread } from '../statistics'
import { load, quantile } from './load'
import { ADMIN_TOKEN, StartedSchema, UsedSchema } from './servers'

const WORKERS = 200
/** As many as report in the same moment when a thousand workers report in 30 s and the server pauses for 2 s. */
const CONNECTIONS = 64

interface Run {
  perSecond: number
  p99Ms: number
  cpuUsPerRequest: number
}

/** Heartbeats a second, each written to the database before it is answered, beside a bare server of the same library. */
export async function measureCoordinator({
  repetitions,
  quick,
  say,
}: {
  repetitions?: number
  quick: boolean
  say: Say
}): Promise<Row[]> {
  const rounds = repetitions ?? (quick ? 2 : 7)
  const durationMs = quick ? 1_000 : 3_000
  const [ours, bare] = [startCalledChild('coordinator'), startCalledChild('bare-fastify')]
  try {
    const { port } = await ours.call('start', {}, StartedSchema)
    await enrol(port)
    const sequence = new Array<number>(WORKERS).fill(0)
    let counted = 0
    // Each worker speaks on one connection only, one report after the other, as workers do.
    const turns = new Array<number>(CONNECTIONS).fill(0)
    const body = (connection: number) => {
      const own = Math.ceil((WORKERS - connection) / CONNECTIONS)
      const turn = turns[connection] ?? 0
      turns[connection] = turn + 1
      const worker = connection + CONNECTIONS * (turn % own)
      sequence[worker] = (sequence[worker] ?? 0) + 1
      counted += 3
      return heartbeatOf(worker, sequence[worker] ?? 0)
    }
    const answer: unknown = await (await post(port, '/workers/heartbeat', body(0))).json()
    const { port: barePort } = await bare.call('start', { answer }, StartedSchema)
    const measure = async (child: CalledChild, at: number): Promise<Run> => {
      const before = await child.call('cpuMs', {}, UsedSchema)
      const { requests, elapsedMs, latencies } = await load(at, '/workers/heartbeat', {
        connections: CONNECTIONS,
        durationMs,
        body,
      })
      const after = await child.call('cpuMs', {}, UsedSchema)
      return {
        perSecond: (requests / elapsedMs) * 1000,
        p99Ms: quantile(latencies, 0.99),
        cpuUsPerRequest: ((after.cpuMs - before.cpuMs) * 1000) / requests,
      }
    }
    // Once each, unmeasured: both are compiled then.
    await measure(ours, port)
    await measure(bare, barePort)
    counted = 0
    const before = await tokensOf(port)
    const results: { ours: Run; bare: Run }[] = []
    let wanted = 0
    for (let round = 0; round < rounds; round += 1) {
      counted = 0
      const mine = await measure(ours, port)
      wanted += counted
      const theirs = await measure(bare, barePort)
      results.push({ ours: mine, bare: theirs })
      say(
        `round ${round + 1} of ${rounds}: ${mine.perSecond.toFixed(0)} heartbeats/s, bare ${theirs.perSecond.toFixed(0)}`,
      )
    }
    const isExact = (await tokensOf(port)) - before === wanted
    const of = (side: 'ours' | 'bare', field: keyof Run) => results.map((result) => result[side][field])
    const size = JSON.stringify(answer).length
    return [
      rowOf(
        {
          name: 'heartbeat-rps',
          ours: median(of('ours', 'perSecond')),
          reference: median(of('bare', 'perSecond')),
          referenceIs: `a bare Fastify server that answers the same ${size} bytes and keeps nothing`,
          unit: '1/s',
          better: 'higher',
          target: 0.5,
          detail: [
            `${WORKERS} workers on ${CONNECTIONS} connections; ours ${spread(of('ours', 'perSecond'), 0)}, bare ${spread(of('bare', 'perSecond'), 0)}`,
            `p99 ${spread(of('ours', 'p99Ms'))} ms, bare ${spread(of('bare', 'p99Ms'))} ms`,
            `processor time per request ${spread(of('ours', 'cpuUsPerRequest'), 0)} µs, bare ${spread(of('bare', 'cpuUsPerRequest'), 0)} µs`,
            isExact ? `${wanted} tokens sent, all counted once` : `TOKENS DO NOT ADD UP: ${wanted} were sent`,
          ].join('; '),
        },
        isExact,
      ),
    ]
  } finally {
    await Promise.all([ours.stop(), bare.stop()])
  }
}

function heartbeatOf(worker: number, seq: number): string {
  return `{"worker_id":"worker-${worker}","tokens_served_since_last":3,"status":"online","x_seq":${seq}}`
}

async function enrol(port: number): Promise<void> {
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const registration = {
      worker_id: `worker-${worker}`,
      nickname: `worker ${worker}`,
      hardware_type: 'cuda',
      device_name: 'measured',
      vram_gb: 24,
    }
    await post(port, '/workers/register', JSON.stringify(registration))
    await post(port, `/workers/worker-${worker}/approve`, '{}')
  }
}

async function tokensOf(port: number): Promise<number> {
  const stats: unknown = await (await fetch(`http://127.0.0.1:${port}/network/stats`)).json()
  return z.object({ total_tokens_served: z.number() }).parse(stats).total_tokens_served
}

async function post(port: number, path: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response
}
