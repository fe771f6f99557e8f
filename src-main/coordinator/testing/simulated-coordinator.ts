import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import type { CallOptions, CoordinatorApi } from '../coordinator-api'
import type { CoordinatorAnswer } from '../coordinator-http'
import type { WorkerAnswer, WorkerRegistration } from '../coordinator-wire'

/** What happens to one call on its way: nothing, its request or its reply is lost, or nobody answers at all. */
export type Fate = 'arrives' | 'request-lost' | 'reply-lost' | 'blackhole'

/**
 * A coordinator on a clock of the test's own, with the documented rules and nothing else in the way: 60 s without a
 * beat and a sweep every 30 s make a worker offline. With `knowsSeq` it counts a numbered delta once.
 */
export function createSimulatedCoordinator(options: {
  clock: Clock
  knowsSeq: boolean
  fate: () => Fate
  /** What its host has decided; absent: approved, with blocks. */
  standing?: () => 'online' | 'rejected'
  /** What GET / says beside `status`. */
  health?: () => Record<string, unknown>
  /** Throws where a registration is refused. */
  onRegister?: (body: WorkerRegistration) => void
  offlineAfterMs?: number
  sweepIntervalMs?: number
}) {
  const { clock, fate } = options
  const offlineAfterMs = options.offlineAfterMs ?? 60_000
  let isKnown = false
  let lastSeq = 0
  const seen = {
    tokens: 0,
    requests: 0,
    /** When a request of the worker arrived, register and heartbeat alike. */
    arrivals: [] as number[],
    /** When a sweep found the worker silent for too long. */
    offlineAt: [] as number[],
    registrations: 0,
  }
  let isOnline = false

  const stopSweep = clock.every(options.sweepIntervalMs ?? 30_000, () => {
    const last = seen.arrivals.at(-1)
    if (!isOnline || last === undefined || clock.now() - last < offlineAfterMs) return
    isOnline = false
    seen.offlineAt.push(clock.now())
  })

  function answer(): WorkerAnswer {
    const status = options.standing?.() ?? 'online'
    return {
      status,
      isIdle: false,
      range: status === 'online' ? { start: 0, end: 3 } : null,
      modelName: 'M',
      initialPeers: [],
      decision: null,
      manifestSha256: null,
      heartbeatIntervalMs: null,
      offlineAfterMs: null,
      isDemo: null,
      lastSeq: options.knowsSeq ? lastSeq : null,
      capability: null,
    }
  }

  async function call<T>(timeoutMs: number, arrive: () => T): Promise<CoordinatorAnswer<T>> {
    const lost = () => new EspalierError('COORDINATOR_UNREACHABLE', 'lost on the way')
    const now = fate()
    if (now === 'blackhole') {
      await clock.sleep(timeoutMs)
      throw lost()
    }
    if (now === 'request-lost') throw lost()
    const value = arrive()
    if (now === 'reply-lost') throw lost()
    return { value, evidence: { kind: 'coordinator', by: 'test', at: clock.now(), value: '' } }
  }

  const timeoutOf = (call: CallOptions | undefined, otherwise: number) => call?.timeoutMs ?? otherwise
  const notUsed = async (): Promise<never> => {
    throw new Error('not part of this simulation')
  }
  const api: CoordinatorApi = {
    baseUrl: 'http://127.0.0.1:8000',
    health: (callOptions) => call(timeoutOf(callOptions, 3_000), () => ({ status: 'ok', ...options.health?.() })),
    register: (body, callOptions) =>
      call(timeoutOf(callOptions, 10_000), () => {
        options.onRegister?.(body)
        isKnown = true
        isOnline = true
        seen.registrations += 1
        seen.arrivals.push(clock.now())
        return answer()
      }),
    heartbeat: (body, callOptions) =>
      call(timeoutOf(callOptions, 10_000), () => {
        if (!isKnown) throw new EspalierError('COORDINATOR_UNKNOWN_WORKER')
        isOnline = true
        seen.arrivals.push(clock.now())
        const isRepeated = options.knowsSeq && body.x_seq !== undefined && body.x_seq <= lastSeq
        if (!isRepeated) {
          seen.tokens += body.tokens_served_since_last
          seen.requests += body.x_requests_served_since_last ?? 0
        }
        if (body.x_seq !== undefined) lastSeq = Math.max(lastSeq, body.x_seq)
        return answer()
      }),
    unregister: (_id, options) =>
      call(timeoutOf(options, 10_000), () => {
        isKnown = false
        return {}
      }),
    networkInfo: notUsed,
    models: notUsed,
    checkInvite: notUsed,
    manifest: notUsed,
  }
  /** Its memory is gone: it knows no worker. */
  const forget = () => {
    isKnown = false
  }
  return { api, seen, isOnline: () => isOnline, forget, stop: stopSweep }
}
