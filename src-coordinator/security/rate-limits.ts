import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { EspalierError } from '../../src-shared/errors'
import { RetryLater } from './retry-later'

export interface RateLimits {
  /** Requests that one address may send in a second. A thousand workers behind one router send 34. */
  perAddress: number
  /** Requests that speak for one worker, in `workerWindowMs`. */
  perWorker: number
  workerWindowMs: number
}

export const DEFAULT_RATE_LIMITS: RateLimits = { perAddress: 400, perWorker: 40, workerWindowMs: 2_000 }

const MAX_REMEMBERED = 10_000

/** Limits every route by address, with `Retry-After`; resolves to the count by worker. Bounded by dropping the oldest. */
export async function limitRates(
  app: FastifyInstance,
  limits: RateLimits,
): Promise<(request: FastifyRequest, workerId: string) => Promise<void>> {
  await app.register(rateLimit, {
    global: true,
    max: limits.perAddress,
    timeWindow: 1_000,
    cache: MAX_REMEMBERED,
    // A household has a /64 of IPv6 addresses.
    ipv6Subnet: 64,
    // A route may have limits of its own.
    errorResponseBuilder: (request, { max }) =>
      new EspalierError(
        'COORDINATOR_BUSY',
        `more than ${max} ${request.routeOptions.config.rateLimit ? `times ${request.routeOptions.url} in a minute` : 'requests a second'}`,
      ),
  })
  const workerIds = new WeakMap<FastifyRequest, string>()
  const countByWorker = app.createRateLimit({
    max: limits.perWorker,
    timeWindow: limits.workerWindowMs,
    keyGenerator: (request) => `worker ${workerIds.get(request) ?? ''}`,
  })
  return async (request, workerId) => {
    workerIds.set(request, workerId)
    const counted = await countByWorker(request)
    if (counted.isAllowed || !counted.isExceeded) return
    throw new RetryLater(`more than ${limits.perWorker} requests for one node`, counted.ttlInSeconds)
  }
}
