import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isWorkerId } from '../../src-main/coordinator/coordinator-wire'
import { workerIdOf } from '../../src-main/coordinator/worker-id'
import { verifyRequest } from '../../src-main/membership/request-signature'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { NonceMemory } from './nonce-memory'
import type { SignedWorkers } from './signed-workers'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for its hash. */
    bodyBytes: Uint8Array | null
    /** The peer id whose key signed the request; null for unsigned ones. */
    signer: string | null
  }
}

export interface SignedRequestOptions {
  clock: Clock
  nonces: NonceMemory
  signedWorkers: SignedWorkers
  /** Whether programs that know only the documented fields may speak for workers that never signed. */
  allowUnsigned: boolean
  /** Our own base URLs; with any, a request that was signed for another one is refused. */
  publicUrls: readonly string[]
  isAdmin(request: FastifyRequest): boolean
  /** Counts a request of a worker that is who it says. Throws when there are too many. */
  countWorker(request: FastifyRequest, workerId: string): Promise<void>
}

/** Where a worker speaks, and where it says who it is. What changes more than the moment must not come twice, ever. */
const WORKER_REQUESTS: Record<string, { id: 'body' | 'params'; lasting: boolean }> = {
  'POST /workers/register': { id: 'body', lasting: true },
  'POST /workers/heartbeat': { id: 'body', lasting: false },
  'DELETE /workers/:id': { id: 'params', lasting: true },
}

/**
 * Makes sure that a worker's requests come from the worker. A signed request speaks for the one worker whose id is made
 * from the key, so nobody can take another's id, and not even reserve it. A worker that has registered signed is
 * heard only signed from then on: a stolen id is of no use without its key.
 */
export function addSignedRequests(app: FastifyInstance, options: SignedRequestOptions): void {
  app.decorateRequest('bodyBytes', null)
  app.decorateRequest('signer', null)
  keepBodyBytes(app)

  app.addHook('preHandler', async (request) => {
    const kind = WORKER_REQUESTS[`${request.method} ${request.routeOptions.url ?? ''}`]
    if (!kind) return
    const workerId = workerIdFrom(kind.id === 'body' ? request.body : request.params, kind.id)
    // Without a valid id there is nobody to speak for; the route says what is wrong with the request.
    if (workerId === null) return
    const verified = await verifyRequest(
      request.headers,
      { method: request.method, path: request.url, body: request.bodyBytes ?? '' },
      options.clock,
    )
    if (verified === null) {
      if (kind.id === 'params' && options.isAdmin(request)) return
      const refuse = (why: string) => {
        throw new EspalierError('REQUEST_UNSIGNED', `${request.method} for ${workerId}: ${why}`)
      }
      if (!options.allowUnsigned) refuse('this network takes signed requests only')
      if (await options.signedWorkers.has(workerId)) refuse('this node has signed before')
    } else {
      const { publicUrls } = options
      if (publicUrls.length > 0 && !publicUrls.includes(verified.audience)) {
        throw new EspalierError('REQUEST_SIGNATURE_INVALID', 'it was signed for another coordinator')
      }
      if (workerIdOf(verified.peerId) !== workerId) {
        throw new EspalierError('WORKER_ID_TAKEN', `${workerId} is not the id of the key that signed`)
      }
      await options.nonces.use(verified, { lasting: kind.lasting })
      request.signer = verified.peerId
    }
    // Last, so that nobody can use up a worker's share in its name.
    await options.countWorker(request, workerId)
  })
}

/** A signed registration speaks of the peer that signed it. Throws WORKER_ID_TAKEN when it names another. */
export function withProvenPeer<T extends { x_peer_id?: string | undefined }>(body: T, signer: string | null): T {
  if (signer === null) return body
  if (body.x_peer_id !== undefined && body.x_peer_id !== signer) {
    throw new EspalierError('WORKER_ID_TAKEN', 'the registration names another peer than the one that signed')
  }
  return { ...body, x_peer_id: signer }
}

/** The signature is over the bytes, so they are kept beside what they mean. */
function keepBodyBytes(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body)
    request.bodyBytes = bytes
    const text = bytes.toString('utf8')
    // Programs that always name JSON as their content type send some requests without a body.
    if (text === '') return done(null, undefined)
    void parse(request, text, (error, value) => {
      // Bytes that are no UTF-8 are replaced, so a half can only have come as an escape.
      if (error || !text.includes('\\u') || isWellFormed(value)) done(error, value)
      else done(new EspalierError('BAD_ARGUMENT', 'a text holds half of a surrogate pair'))
    })
  })
}

/**
 * Whether every text in a JSON value is Unicode. SQLite's JSON functions write half a surrogate pair as bytes that are
 * not UTF-8, and the binding ends the process when it reads those back.
 */
function isWellFormed(value: unknown): boolean {
  // A whole pair is written as it is, a half as an escape.
  return !/\\ud[89a-f]/i.test(JSON.stringify(value) ?? '')
}

function workerIdFrom(source: unknown, kind: 'body' | 'params'): string | null {
  if (typeof source !== 'object' || source === null) return null
  const value: unknown = Reflect.get(source, kind === 'body' ? 'worker_id' : 'id')
  return isWorkerId(value) ? value : null
}
