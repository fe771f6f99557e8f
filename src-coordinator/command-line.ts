import { isIPv4 } from 'node:net'
import { Command, InvalidArgumentError, Option } from 'commander'
import { numberWithin, port, wholeNumber } from '../src-main/cli/arguments'
import { isLoopbackHost } from '../src-main/coordinator/coordinator-url'
import { isPostgresUrl } from './database/open-database'
import { addSecurityOptions, type SecurityFlags } from './security/command-options'
import type { CoordinatorTimings } from './timings'

export const LOOPBACK = '127.0.0.1'
const ANY_ADDRESS = '0.0.0.0'

export interface Options extends SecurityFlags {
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
  /** Answers on the local network when somebody looks for networks. */
  lan: boolean
  demo: boolean
  json: boolean
}

/** The command line of a coordinator, without what it does. */
export const coordinatorCommand = () =>
  addSecurityOptions(new Command('espalier-coordinator'))
    .description('Hosts a network: registers and approves nodes, assigns blocks, and is its first peer.')
    .option('--data-dir <path>', 'where database and identity live')
    .addOption(
      new Option('--database-url <url>', 'postgres://… for a database that several coordinators share; SQLite without')
        .env('DATABASE_URL')
        .argParser(postgresUrl),
    )
    .addOption(new Option('--host <address>', 'address of the HTTP server').env('API_HOST').default('127.0.0.1'))
    .addOption(new Option('--port <number>', 'port of the HTTP server').env('API_PORT').default(8000).argParser(port))
    .addOption(
      new Option('--dht-port <number>', 'port of the bootstrap peer').env('DHT_PORT').default(31_337).argParser(port),
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
      new Option('--public-host <name>', 'name or IP address under which others reach this computer').env(
        'PUBLIC_HOST',
      ),
    )
    .requiredOption('--manifest <file...>', 'manifests of the models to host (make one with: espalier manifest)')
    .option('--target-workers <count>', 'into how many ranges a model is split', numberWithin(1, 10_000), 3)
    .option(
      '--max-replicas <count>',
      'servers of every block, beyond which nodes are held in reserve',
      numberWithin(1, 10_000),
      16,
    )
    .option('--heartbeat-seconds <count>', 'how often nodes report (default: 30)', wholeNumber)
    .option('--offline-seconds <count>', 'without a report for so long, a node is offline (default: 60)', wholeNumber)
    .option('--sweep-seconds <count>', 'how often the coordinator looks for silent nodes (default: 30)', wholeNumber)
    .option(
      '--stale-peer-seconds <count>',
      'silent for so long, a peer is not named to others (default: 120)',
      wholeNumber,
    )
    .option('--no-lan', 'do not answer computers of the local network that look for networks')
    .option('--demo', 'a network on this computer only, for demo nodes only', false)
    .option('--json', 'print one JSON object a line', false)
    .addHelpText(
      'after',
      '\nESPALIER_ADMIN_TOKEN in the environment (32 characters or more) is the admin token of this run.',
    )

/** A coordinator that only this computer reaches has no use for a peer that others reach. */
export function usualDhtHost({ host, publicHost, publicUrl }: Options): string {
  return isLoopbackHost(host) && publicHost === undefined && publicUrl === undefined ? LOOPBACK : ANY_ADDRESS
}

/** Only what was given: the others have their defaults. */
export function timingsOf(options: Options): Partial<CoordinatorTimings> {
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
