import '../src-shared/polyfill'
import { join } from 'node:path'
import { runMain } from '../src-main/cli/run-main'
import { untilEnd } from '../src-main/cli/until-end'
import { checkArguments } from '../src-main/cli/wrong-arguments'
import { isLoopbackHost } from '../src-main/coordinator/coordinator-url'
import { announceNetwork } from '../src-main/lan/announce-network'
import { PROFILES } from '../src-main/network/profiles'
import { type DataDirectory, dataDirectoryAt, openDataDirectory } from '../src-main/storage/data-directory'
import { createEventLog } from '../src-main/storage/event-log'
import { lockDataDirectory } from '../src-main/storage/process-lock'
import { systemClock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import { startBootstrapPeer } from './bootstrap-peer'
import { coordinatorCommand, LOOPBACK, type Options, timingsOf, usualDhtHost } from './command-line'
import { loadHostedModel } from './load-hosted-model'
import { securityOf } from './security/command-options'
import { type CoordinatorServerOptions, checkServerOptions, createCoordinatorServer } from './server'

/** Quick enough to watch. */
const DEMO_TIMINGS = {
  heartbeatIntervalMs: PROFILES.local.timings.heartbeatIntervalMs,
  offlineAfterMs: 6_000,
  sweepIntervalMs: 1_000,
}

type AskedOptions = Omit<CoordinatorServerOptions, 'directory' | 'clock' | 'bootstrapPeers'>

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
    ...(await checkArguments(() => ({ security: securityOf(options), ...adminTokenFromEnvironment() }))),
  }
  await checkArguments(() => checkServerOptions(asked))
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
      loadSender: peer.loadSender,
      onOtherBootstraps: (addresses) => void peer.meet(addresses),
      log,
    })
    opened.push(server)
    // Without a certificate the address is all that is needed, and only a local network is a place for it.
    if (options.lan && !options.demo && server.url.startsWith('http:') && !isLoopbackHost(options.host)) {
      const network = { id: peer.peerId.slice(-16), port: server.port, modelName: asked.models[0]?.name ?? null }
      opened.push(announceNetwork({ network, clock, log }))
    }
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

/** For whoever starts us as a child: a token in the environment is not seen in process lists. */
function adminTokenFromEnvironment(): { adminToken?: string } {
  const adminToken = process.env.ESPALIER_ADMIN_TOKEN
  if (adminToken === undefined) return {}
  if (adminToken.length < 32)
    throw new EspalierError('BAD_ARGUMENT', 'ESPALIER_ADMIN_TOKEN needs at least 32 characters')
  return { adminToken }
}

const command = coordinatorCommand().action(run)
// Whoever reads along may go; the network stays.
// Never awaited here: a chunk that is loaded later and shares code with this file would wait for the network's end.
void runMain(command, { goOn: [command.name()] })
