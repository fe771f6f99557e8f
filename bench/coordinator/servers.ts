import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import * as z from 'zod'
import { createCoordinatorServer } from '../../src-coordinator/server'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'

export const ADMIN_TOKEN = 'the-admin-token-of-a-measured-coordinator'
export const StartedSchema = z.object({ port: z.int() })
export const UsedSchema = z.object({ cpuMs: z.number() })

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000 }
}

/** Our server on a database file of its own, as it is started in earnest but for the limits of rate. */
export function ourServer(): Served {
  let close = async () => undefined as undefined
  return {
    calls: {
      async start() {
        const directory = await mkdtemp(join(tmpdir(), 'espalier-bench-'))
        const server = await createCoordinatorServer({
          directory,
          host: '127.0.0.1',
          port: 0,
          clock: systemClock,
          models: [{ name: 'Measured', blockCount: 80, period: 1, quantization: 'Q4_K_M', manifestJson: '{}' }],
          targetWorkers: 8,
          bootstrapPeers: () => ['/ip4/127.0.0.1/tcp/31337/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'],
          demo: false,
          adminToken: ADMIN_TOKEN,
          security: { allowUnsigned: true, rateLimits: null },
        })
        close = async () => {
          await server.close()
          await rm(directory, { recursive: true, force: true })
        }
        return { port: server.port }
      },
      cpuMs,
    },
    close: () => close(),
  }
}

/** The same library with nothing behind it: reads the body as JSON, answers with what ours answered once. */
export function bareServer(): Served {
  const app = fastify()
  return {
    calls: {
      async start(input) {
        const { answer } = z.object({ answer: z.unknown() }).parse(input)
        app.post('/workers/heartbeat', async () => answer)
        await app.listen({ host: '127.0.0.1', port: 0 })
        return { port: (app.server.address() as AddressInfo).port }
      },
      cpuMs,
    },
    close: () => app.close(),
  }
}
