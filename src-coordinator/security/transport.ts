import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { isLoopbackHost } from '../../src-main/coordinator/coordinator-url'
import { EspalierError, messageOf } from '../../src-shared/errors'

export interface TransportOptions {
  /** PEM files. */
  tls?: { certFile: string; keyFile: string } | undefined
  /** The host says in so many words that plain HTTP may leave this computer, e.g. behind a proxy that speaks TLS. */
  insecureHttp?: boolean | undefined
}

export interface TlsMaterial {
  cert: Buffer
  key: Buffer
}

/**
 * What the server speaks: TLS with a certificate, plain HTTP on loopback. Throws COORDINATOR_INSECURE for plain HTTP
 * anywhere else unless it was asked for, and TLS_UNUSABLE when certificate and key cannot be used.
 */
export async function readTransport(host: string, options: TransportOptions): Promise<TlsMaterial | null> {
  if (!options.tls) {
    if (isLoopbackHost(host) || options.insecureHttp) return null
    throw new EspalierError('COORDINATOR_INSECURE', `${host} without TLS (--tls-cert, --tls-key or --insecure-http)`)
  }
  const { certFile, keyFile } = options.tls
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    // Now, and not with the first visitor: a key that belongs to another certificate is refused here.
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (error) {
    throw new EspalierError('TLS_UNUSABLE', messageOf(error), { cause: error })
  }
}

/** The HTTP server under Fastify, which leaves a server of ours as it is: so the time limits are set here. */
export function serverFactory(tls: TlsMaterial | null): (handler: RequestListener) => Server {
  const limits = { requestTimeout: 15_000, keepAliveTimeout: 5_000, headersTimeout: 10_000 }
  return (handler) => {
    const server: Server = tls ? createTlsServer({ ...limits, ...tls }, handler) : createServer(limits, handler)
    server.setTimeout(15_000)
    return server
  }
}

/** Pages of these origins may call from a browser; without any, none but our own. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new EspalierError('BAD_ARGUMENT', `“${origin}” is not an origin such as https://dashboard.example`)
    }
  }
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    // The admin token travels in a header that the page sets itself; cookies are never needed.
    credentials: false,
    maxAge: 600,
  })
}
