import '../../src-shared/polyfill'
import { createCoordinatorServer } from '../../src-coordinator/server'
import { systemClock } from '../../src-shared/clock'

// A coordinator in a process of its own, to be killed. Its first argument is its directory, a second one a database.

const [directory = '', databaseUrl] = process.argv.slice(2)
const server = await createCoordinatorServer({
  directory,
  ...(databaseUrl ? { databaseUrl } : {}),
  host: '127.0.0.1',
  port: 0,
  clock: systemClock,
  models: [{ name: 'Tiny-Jargon-8', blockCount: 8, period: 1, quantization: 'F16', manifestJson: '{}' }],
  bootstrapPeers: () => [],
  demo: false,
  adminToken: 'the-admin-token-of-a-test-coordinator',
  security: { allowUnsigned: true, rateLimits: null },
  // Sweeps within the short lives of this server, so that assignments change too.
  timings: { heartbeatIntervalMs: 50, offlineAfterMs: 300, sweepIntervalMs: 100 },
})
process.stdout.write(`${server.url}\n`)
