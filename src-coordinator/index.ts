import '../src-shared/polyfill'
import { join } from 'node:path'
import { Command } from 'commander'
import { wholeNumber } from '../src-main/cli/arguments'
import { runMain } from '../src-main/cli/run-main'
import { untilEnd } from '../src-main/cli/until-end'
import { PROFILES } from '../src-main/network/profiles'
import { openDataDirectory } from '../src-main/storage/data-directory'
import { createEventLog } from '../src-main/storage/event-log'
import { systemClock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import { startBootstrapPeer } from './bootstrap-peer'
import { loadHostedModel } from './load-hosted-model'
import { addSecurityOptions, type SecurityFlags, securityOf } from './security/command-options'
import { createCoordinatorServer } from './server'

/** Quick enough to watch. */
const DEMO_TIMINGS = {
  heartbeatIntervalMs: PROFILES.local.timings.heartbeatIntervalMs,
  offlineAfterMs: 6_000,
  sweepIntervalMs: 1_000,
}

interface Options extends SecurityFlags {
  dataDir?: string
  host: string
  port: number
  dhtPort: number
  manifest: string[]
  targetWorkers: number
  demo: boolean
  json: boolean
}

const program = addSecurityOptions(new Command('espalier-coordinator'))
  .description('Hosts a network: registers and approves nodes, assigns blocks, and is its first peer.')
  .option('--data-dir <path>', 'where database and identity live')
  .option('--host <address>', 'address of the HTTP server', '127.0.0.1')
  .option('--port <number>', 'port of the HTTP server', wholeNumber, 8000)
  .option('--dht-port <number>', 'port of the bootstrap peer', wholeNumber, 31_337)
  .requiredOption('--manifest <file...>', 'manifests of the models to host (make one with: espalier manifest)')
  .option('--target-workers <count>', 'into how many ranges a model is split', wholeNumber, 3)
  .option('--demo', 'a network on this computer only, for demo nodes only', false)
  .option('--json', 'print one JSON object a line', false)
  .action(run)

async function run(options: Options): Promise<void> {
  const clock = systemClock
  const root = options.dataDir ?? join((await openDataDirectory()).root, 'coordinator')
  const data = await openDataDirectory(root)
  const log = createEventLog(clock, data.logsDirectory)
  const print = (event: object, text: string) =>
    void process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`)
  log.subscribe(({ level, code, message }) => {
    if (level === 'warn' || level === 'error') print({ type: 'log', level, code, message }, `${level}: ${message}`)
  })

  const peer = await startBootstrapPeer({
    identityFile: data.identityFile,
    port: options.dhtPort,
    profile: options.demo ? PROFILES.local : PROFILES.espalier,
    clock,
    log,
  })
  const server = await createCoordinatorServer({
    directory: data.root,
    host: options.host,
    port: options.port,
    clock,
    models: await Promise.all(options.manifest.map(loadHostedModel)),
    bootstrapPeers: peer.addresses,
    demo: options.demo,
    ...(options.demo ? { timings: DEMO_TIMINGS } : {}),
    targetWorkers: options.targetWorkers,
    security: securityOf(options),
    ...adminTokenFromEnvironment(),
    log,
  }).catch(async (error: unknown) => {
    await peer.close()
    throw error
  })
  // Shown once, at the start that made it, and never to whoever gave it to us.
  const newToken = process.env.ESPALIER_ADMIN_TOKEN === undefined ? server.adminToken : null
  if (newToken !== null) {
    print(
      { type: 'admin-token', adminToken: newToken },
      `Admin token (keep it: it is not stored and not shown again)\n  ${newToken}`,
    )
  }
  print(
    { type: 'ready', url: server.url, bootstrapPeers: peer.addresses(), peerId: peer.peerId },
    `Coordinator at ${server.url}\nBootstrap peer ${peer.addresses().join('\n               ')}`,
  )
  await untilEnd()
  await server.close()
  await peer.close()
  await log.close()
}

/** For whoever starts us as a child: a token in the environment is not seen in process lists. */
function adminTokenFromEnvironment(): { adminToken?: string } {
  const adminToken = process.env.ESPALIER_ADMIN_TOKEN
  if (adminToken === undefined) return {}
  if (adminToken.length < 32)
    throw new EspalierError('BAD_ARGUMENT', 'ESPALIER_ADMIN_TOKEN needs at least 32 characters')
  return { adminToken }
}

await runMain(program)
