import '../src-shared/polyfill'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { wholeNumber } from '../src-main/cli/arguments'
import { runMain } from '../src-main/cli/run-main'
import { untilEnd } from '../src-main/cli/until-end'
import { isLoopbackHost } from '../src-main/coordinator/coordinator-url'
import { PROFILES } from '../src-main/network/profiles'
import { type DataDirectory, dataDirectoryAt, openDataDirectory } from '../src-main/storage/data-directory'
import { createEventLog } from '../src-main/storage/event-log'
import { lockDataDirectory } from '../src-main/storage/process-lock'
import { systemClock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import { startBootstrapPeer } from './bootstrap-peer'
import { isPostgresUrl } from './database/open-database'
import { loadHostedModel } from './load-hosted-model'
import { addSecurityOptions, type SecurityFlags, securityOf } from './security/command-options'
import { type CoordinatorServerOptions, checkServerOptions, createCoordinatorServer } from './server'
import type { CoordinatorTimings } from './timings'

/** Quick enough to watch. */
const DEMO_TIMINGS = {
  heartbeatIntervalMs: PROFILES.local.timings.heartbeatIntervalMs,
  offlineAfterMs: 6_000,
  sweepIntervalMs: 1_000,
}

const LOOPBACK = '127.0.0.1'
const ANY_ADDRESS = '0.0.0.0'

type AskedOptions = Omit<CoordinatorServerOptions, 'directory' | 'clock' | 'bootstrapPeers'>

interface Options extends SecurityFlags {
  dataDir?: string
  host: string
  port: number
  dhtPort: number
  dhtHost?: string
  manifest: string[]
  targetWorkers: number
  maxReplicas: number
  databaseUrl?: string
  publicHost?: string
  heartbeatSeconds?: number
  offlineSeconds?: number
  sweepSeconds?: number
  stalePeerSeconds?: number
  demo: boolean
  json: boolean
}

const program = addSecurityOptions(new Command('espalier-coordinator'))
  .description('Hosts a network: registers and approves nodes, assigns blocks, and is its first peer.')
  .option('--data-dir <path>', 'where database and identity live')
  .addOption(
    new Option('--database-url <url>', 'postgres://… for a database that several coordinators share; SQLite without')
      .env('DATABASE_URL')
      .argParser(postgresUrl),
  )
  .addOption(new Option('--host <address>', 'address of the HTTP server').env('API_HOST').default('127.0.0.1'))
  .addOption(
    new Option('--port <number>', 'port of the HTTP server').env('API_PORT').default(8000).argParser(wholeNumber),
  )
  .addOption(
    new Option('--dht-port <number>', 'port of the bootstrap peer')
      .env('DHT_PORT')
      .default(31_337)
      .argParser(wholeNumber),
  )
  .addOption(
    new Option(
      '--dht-host <address>',
      'IPv4 address of the bootstrap peer (default: every one; this computer only where --host is, and no --public-… is given)',
    )
      .env('DHT_HOST')
      .argParser(ipv4Address),
  )
  .addOption(
    new Option('--public-host <name>', 'name or IP address under which others reach this computer').env('PUBLIC_HOST'),
  )
  .requiredOption('--manifest <file...>', 'manifests of the models to host (make one with: espalier manifest)')
  .option('--target-workers <count>', 'into how many ranges a model is split', wholeNumber, 3)
  .option('--max-replicas <count>', 'servers of every block, beyond which nodes are held in reserve', wholeNumber, 16)
  .option('--heartbeat-seconds <count>', 'how often nodes report (default: 30)', wholeNumber)
  .option('--offline-seconds <count>', 'without a report for so long, a node is offline (default: 60)', wholeNumber)
  .option('--sweep-seconds <count>', 'how often the coordinator looks for silent nodes (default: 30)', wholeNumber)
  .option(
    '--stale-peer-seconds <count>',
    'silent for so long, a peer is not named to others (default: 120)',
    wholeNumber,
  )
  .option('--demo', 'a network on this computer only, for demo nodes only', false)
  .option('--json', 'print one JSON object a line', false)
  .addHelpText(
    'after',
    '\nESPALIER_ADMIN_TOKEN in the environment (32 characters or more) is the admin token of this run.',
  )
  .action(run)

async function run(options: Options): Promise<void> {
  // All that can be wrong with what was asked for comes before anything is opened, or written.
  const asked = {
    host: options.host,
    port: options.port,
    demo: options.demo,
    models: await Promise.all(options.manifest.map(loadHostedModel)),
    timings: { ...(options.demo ? DEMO_TIMINGS : {}), ...timingsOf(options) },
    targetWorkers: options.targetWorkers,
    maxReplicas: options.maxReplicas,
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
    security: securityOf(options),
    ...adminTokenFromEnvironment(),
  }
  await checkServerOptions(asked)
  const data = await openDataDirectory(options.dataDir ?? join(dataDirectoryAt().root, 'coordinator'))
  // One identity is one peer, also where several coordinators share a database.
  const unlock = lockDataDirectory(data.root)
  try {
    await host(options, asked, data)
  } finally {
    unlock()
  }
}

async function host(options: Options, asked: AskedOptions, data: DataDirectory): Promise<void> {
  const clock = systemClock
  const log = createEventLog(clock, data.logsDirectory)
  const print = (event: object, text: string) =>
    void process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`)
  log.subscribe(({ level, code, message }) => {
    if (level === 'warn' || level === 'error') print({ type: 'log', level, code, message }, `${level}: ${message}`)
  })
  const opened: { close(): Promise<void> }[] = [log]
  try {
    const dhtHost = options.dhtHost ?? usualDhtHost(options)
    const peer = await startBootstrapPeer({
      identityFile: data.identityFile,
      port: options.dhtPort,
      listenHost: dhtHost,
      profile: options.demo ? PROFILES.local : PROFILES.espalier,
      clock,
      log,
      publicHost: options.publicHost,
    })
    opened.push(peer)
    const server = await createCoordinatorServer({
      ...asked,
      directory: data.root,
      clock,
      bootstrapPeers: peer.addresses,
      sendLoad: peer.sendLoad,
      onOtherBootstraps: (addresses) => void peer.meet(addresses),
      log,
    })
    opened.push(server)
    // Shown once, at the start that made it, and never to whoever gave it to us.
    const newToken = process.env.ESPALIER_ADMIN_TOKEN === undefined ? server.adminToken : null
    if (newToken !== null) {
      print(
        { type: 'admin-token', adminToken: newToken },
        `Admin token (keep it: it is not stored and not shown again)\n  ${newToken}`,
      )
    }
    const reach = dhtHost === LOOPBACK && !options.demo ? '\n  It listens on this computer only (see --dht-host).' : ''
    print(
      { type: 'ready', url: server.url, bootstrapPeers: peer.addresses(), peerId: peer.peerId },
      `Coordinator at ${server.url}\nBootstrap peer ${peer.addresses().join('\n               ')}${reach}`,
    )
    await untilEnd()
  } finally {
    for (const part of opened.reverse()) await part.close()
  }
}

/** A coordinator that only this computer reaches has no use for a peer that others reach. */
function usualDhtHost({ host, publicHost, publicUrl }: Options): string {
  return isLoopbackHost(host) && publicHost === undefined && publicUrl === undefined ? LOOPBACK : ANY_ADDRESS
}

/** Only what was given: the others have their defaults. */
function timingsOf(options: Options): Partial<CoordinatorTimings> {
  const given = {
    heartbeatIntervalMs: options.heartbeatSeconds,
    offlineAfterMs: options.offlineSeconds,
    sweepIntervalMs: options.sweepSeconds,
    stalePeerAfterMs: options.stalePeerSeconds,
  }
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, seconds]) => (seconds === undefined ? [] : [[name, seconds * 1000]])),
  )
}

function ipv4Address(address: string): string {
  if (!isIPv4(address)) throw new InvalidArgumentError('It is an IPv4 address, such as 0.0.0.0.')
  return address
}

function postgresUrl(url: string): string {
  if (!isPostgresUrl(url)) throw new InvalidArgumentError('It begins with postgres:// or postgresql://.')
  return url
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
