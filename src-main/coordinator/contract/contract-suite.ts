import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../src-shared/clock'
import { messageOf } from '../../../src-shared/errors'
import { type ContractCaller, createContractCaller } from './contract-caller'
import {
  AnyObject,
  Assignment,
  BeatAnswer,
  bodyAs,
  expectRefusal,
  expectThat,
  Network,
  UsageList,
  WorkerList,
} from './contract-shapes'

export interface ContractResult {
  /** The requirement that the row checks. */
  row: string
  title: string
  verdict: 'pass' | 'fail' | 'skip'
  /** What was seen, or why not. */
  detail: string
}

interface ContractRow {
  row: string
  title: string
  /** Needs the host's powers: approving, rejecting, changing the network's settings. */
  isHosts?: boolean
  /** Resolves to what was seen; throws an Error that says what is not as documented. */
  check(context: ContractContext): Promise<string>
}

interface ContractContext {
  call: ContractCaller
  /** Throw-away ids: nobody else has them, and every one is removed at the end. */
  worker: ReturnType<typeof registrationOf>
  second: ReturnType<typeof registrationOf>
  neverRegistered: string
}

export interface ContractOptions {
  baseUrl: string
  fetch: typeof fetch
  clock: Clock
  /** Null leaves the rows out that need the host's powers. */
  adminToken: string | null
  /** Of a throw-away identity, where the coordinator wants signed requests. */
  workerIds?: readonly [first: string, second: string, neverRegistered: string]
  onResult?: (result: ContractResult) => void
  /** Ends it after the row under way; its workers are removed all the same. */
  signal?: AbortSignal
}

const registrationOf = (worker_id: string) => ({
  worker_id,
  nickname: worker_id.slice(0, 40),
  hardware_type: 'cpu',
  device_name: 'contract suite',
  vram_gb: 0,
})
const beatOf = (worker_id: string) => ({ worker_id, tokens_served_since_last: 0, status: 'pending' })

const ROWS: readonly ContractRow[] = [
  {
    row: 'C-10',
    title: 'GET / answers within 3 s',
    async check({ call }) {
      const answer = await call('GET', '/', undefined, { timeoutMs: 3_000 })
      bodyAs(answer, AnyObject)
      return `HTTP ${answer.status} after ${Math.round(answer.tookMs)} ms`
    },
  },
  {
    row: 'C-08, C-11',
    title: 'GET /network/info says model, layers, peers, workers, coverage and readiness',
    async check({ call }) {
      const info = bodyAs(await call('GET', '/network/info'), Network)
      return `${info.model_name ?? 'no model'}, ${info.total_layers} layers, ${info.bootstrap_peers.length} peers`
    },
  },
  {
    row: 'C-12',
    title: 'GET /network/health',
    check: async ({ call }) => fieldsOf(bodyAs(await call('GET', '/network/health'), AnyObject)),
  },
  {
    row: 'C-13',
    title: 'GET /network/stats',
    check: async ({ call }) => fieldsOf(bodyAs(await call('GET', '/network/stats'), AnyObject)),
  },
  {
    row: 'C-16',
    title: 'GET /workers is a list',
    check: async ({ call }) => `${bodyAs(await call('GET', '/workers'), WorkerList).length} workers`,
  },
  {
    row: 'C-17',
    title: 'POST /workers/register answers with the documented fields, first as pending',
    async check({ call, worker }) {
      const { status } = bodyAs(await call('POST', '/workers/register', worker), Assignment)
      expectThat(status === 'pending', `the status of a new worker is “${status.slice(0, 40)}”, not “pending”`)
      return 'pending'
    },
  },
  {
    row: 'C-17',
    title: 'registering again with the same id leaves one worker',
    async check({ call, worker }) {
      bodyAs(await call('POST', '/workers/register', worker), Assignment)
      const workers = bodyAs(await call('GET', '/workers'), WorkerList)
      const rows = workers.filter(({ nickname }) => nickname === worker.nickname).length
      expectThat(rows === 1, `${rows} workers after two registrations of one`)
      return 'one row'
    },
  },
  {
    row: 'C-05',
    title: 'a registration without its fields is refused',
    async check({ call, worker }) {
      const answer = await call('POST', '/workers/register', { worker_id: worker.worker_id })
      expectRefusal(answer)
      return `HTTP ${answer.status}`
    },
  },
  {
    row: 'C-18, C-27',
    title: 'POST /workers/heartbeat answers with worker_status, still pending',
    async check({ call, worker }) {
      const answer = await call('POST', '/workers/heartbeat', beatOf(worker.worker_id))
      const { worker_status } = bodyAs(answer, BeatAnswer)
      expectThat(worker_status === 'pending', `worker_status is “${worker_status.slice(0, 40)}”, not “pending”`)
      return 'pending'
    },
  },
  {
    row: 'C-34',
    title: 'a heartbeat of an unknown worker is a 404',
    async check({ call, neverRegistered }) {
      const answer = await call('POST', '/workers/heartbeat', beatOf(neverRegistered))
      expectRefusal(answer, 404)
      return 'HTTP 404'
    },
  },
  {
    row: 'C-15',
    title: 'GET /network/target-workers',
    check: async ({ call }) => fieldsOf(bodyAs(await call('GET', '/network/target-workers'), AnyObject)),
  },
  {
    row: 'C-22',
    title: 'GET /usage/recent?limit=15 is a list of at most 15',
    async check({ call }) {
      const list = bodyAs(await call('GET', '/usage/recent?limit=15'), UsageList)
      expectThat(list.length <= 15, `${list.length} entries`)
      return `${list.length} entries`
    },
  },
  {
    row: 'C-09',
    title: 'usage without a user is refused',
    async check({ call }) {
      const answer = await call('POST', '/usage/log', { prompt_tokens: 1 })
      expectRefusal(answer)
      return `HTTP ${answer.status}`
    },
  },
  {
    row: 'C-21',
    title: 'an unknown user is a 404',
    async check({ call }) {
      expectRefusal(await call('GET', `/users/contract-${randomUUID()}`), 404)
      return 'HTTP 404'
    },
  },
  {
    row: 'C-23',
    title: 'GET /dashboard is a page',
    async check({ call }) {
      const { status, contentType } = await call('GET', '/dashboard')
      expectThat(
        status === 200 && /html/i.test(contentType),
        `HTTP ${status}, ${contentType.slice(0, 60) || 'no content type'}`,
      )
      return 'HTML'
    },
  },
  {
    row: 'C-19, C-30',
    title: 'an approved worker hears of it with its next heartbeat',
    isHosts: true,
    async check({ call, worker }) {
      bodyAs(await call('POST', `/workers/${worker.worker_id}/approve`, {}, { asHost: true }), AnyObject)
      const answer = bodyAs(await call('POST', '/workers/heartbeat', beatOf(worker.worker_id)), BeatAnswer)
      const { worker_status: status, layers_start: start = null, layers_end: end = null } = answer
      expectThat(['online', 'standby'].includes(status), `worker_status is “${status.slice(0, 40)}”`)
      // C-28: approved without layers means standby.
      if (start !== null && end !== null) {
        expectThat(
          Number.isInteger(start) && Number.isInteger(end) && end > start && start >= 0,
          `layers ${start} to ${end}`,
        )
      }
      return start === null ? status : `${status}, layers ${start} to ${end}`
    },
  },
  {
    row: 'C-19, C-29',
    title: 'a rejected worker hears of it with its next heartbeat',
    isHosts: true,
    async check({ call, second }) {
      bodyAs(await call('POST', '/workers/register', second), Assignment)
      bodyAs(await call('POST', `/workers/${second.worker_id}/reject`, {}, { asHost: true }), AnyObject)
      const answer = bodyAs(await call('POST', '/workers/heartbeat', beatOf(second.worker_id)), BeatAnswer)
      expectThat(answer.worker_status === 'rejected', `worker_status is “${answer.worker_status.slice(0, 40)}”`)
      return 'rejected'
    },
  },
  {
    row: 'C-20',
    title: 'DELETE /workers/{id} removes the worker',
    async check({ call, worker }) {
      const { status } = await call('DELETE', `/workers/${worker.worker_id}`)
      expectThat(status >= 200 && status < 300, `HTTP ${status}`)
      expectRefusal(await call('POST', '/workers/heartbeat', beatOf(worker.worker_id)), 404)
      return 'gone'
    },
  },
]

/**
 * Asks a coordinator everything that the document says of it, one row after the other, with workers that nobody else
 * has, and removes them, also when it is ended early. Never rejects: what could not be asked is a failed row.
 */
export async function runContractSuite(options: ContractOptions): Promise<ContractResult[]> {
  const newId = () => `contract-${randomUUID()}`
  const [first, other, neverRegistered] = options.workerIds ?? [newId(), newId(), newId()]
  const call = createContractCaller(options)
  const context = { call, worker: registrationOf(first), second: registrationOf(other), neverRegistered }
  const results: ContractResult[] = []
  try {
    for (const { row, title, isHosts = false, check } of ROWS) {
      if (options.signal?.aborted) break
      const isSkipped = isHosts && options.adminToken === null
      const result: ContractResult = isSkipped
        ? { row, title, verdict: 'skip', detail: 'needs the admin token' }
        : await check(context).then(
            (detail) => ({ row, title, verdict: 'pass' as const, detail }),
            (error: unknown) => ({ row, title, verdict: 'fail' as const, detail: messageOf(error) }),
          )
      results.push(result)
      options.onResult?.(result)
    }
  } finally {
    for (const id of [first, other]) await call('DELETE', `/workers/${id}`).catch(() => undefined)
    // A rejected worker may not sign off by itself everywhere; the host may.
    if (options.adminToken !== null) {
      for (const id of [first, other])
        await call('DELETE', `/workers/${id}`, undefined, { asHost: true }).catch(() => undefined)
    }
  }
  return results
}

function fieldsOf(body: Record<string, unknown>): string {
  return Object.keys(body).slice(0, 6).join(', ').slice(0, 120) || 'no fields'
}
