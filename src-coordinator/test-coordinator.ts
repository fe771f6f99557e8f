import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src-shared/clock'
import { createTestDatabase } from '../test/coordinator/test-databases'
import type { DialectName } from './database/tables'
import type { HostedModel } from './hosted-model'
import { type CoordinatorServer, type CoordinatorServerOptions, createCoordinatorServer } from './server'

// For tests: a real coordinator on loopback in a directory of its own.

export const TEST_MODEL: HostedModel = {
  name: 'Tiny-Jargon-8',
  blockCount: 8,
  period: 1,
  quantization: 'F16',
  manifestJson: '{"model":"Tiny-Jargon-8","pieces":[]}',
}

export interface TestCoordinator {
  readonly server: CoordinatorServer
  /** Stops the server and starts another on the same port; on the same directory unless `forgetful`. */
  restart(options?: { forgetful?: boolean; downMs?: number }): Promise<void>
  stop(): Promise<void>
  approve(workerId: string, reason?: string): Promise<Response>
  reject(workerId: string, reason?: string): Promise<Response>
  remove(): Promise<void>
}

export async function startTestCoordinator({
  dialect = 'sqlite',
  ...overrides
}: Partial<CoordinatorServerOptions> & { dialect?: DialectName } = {}): Promise<TestCoordinator> {
  const removals: (() => Promise<void>)[] = []
  /** A place for state that nobody has written to. */
  const newState = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'espalier-coordinator-'))
    removals.push(() => rm(directory, { recursive: true, force: true }))
    if (dialect === 'sqlite') return { directory }
    const database = await createTestDatabase()
    removals.push(database.drop)
    return { directory, databaseUrl: database.url }
  }
  let options: CoordinatorServerOptions = {
    ...(await newState()),
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    models: [TEST_MODEL],
    bootstrapPeers: () => [],
    demo: false,
    // Given, so that it is known after a restart too.
    adminToken: 'the-admin-token-of-a-test-coordinator',
    // Most tests speak as programs do that know only the documented fields.
    security: { allowUnsigned: true, rateLimits: null },
    ...overrides,
  }
  const removeState = () => Promise.all(removals.map((remove) => remove()))
  let server = await createCoordinatorServer(options).catch(async (error) => {
    await removeState()
    throw error
  })
  const decide = (workerId: string, decision: string, reason?: string) =>
    fetch(`${server.url}/workers/${workerId}/${decision}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(reason === undefined ? {} : { reason }),
    })
  return {
    get server() {
      return server
    },
    async restart({ forgetful = false, downMs = 0 } = {}) {
      const { port } = server
      await server.close()
      await systemClock.sleep(downMs)
      options = { ...options, port, ...(forgetful ? await newState() : {}) }
      server = await createCoordinatorServer(options)
    },
    stop: () => server.close(),
    approve: (workerId, reason) => decide(workerId, 'approve', reason),
    reject: (workerId, reason) => decide(workerId, 'reject', reason),
    async remove() {
      await server.close()
      await removeState()
    },
  }
}
