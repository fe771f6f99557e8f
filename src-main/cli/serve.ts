import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import { appPaths } from '../app-paths'
import { createConflater } from '../bridge/conflate'
import { serveUi } from '../headless'
import type { NetworkProfile } from '../network/profiles'
import { createNode } from '../node/node'
import { startChild } from '../process/owned-child'
import { writeFileAtomic } from '../storage/atomic-file'
import { openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { defaultPublicName } from './public-name'
import { printStatus } from './status-text'

export interface ServeOptions {
  dataDir?: string
  profile: NetworkProfile
  coordinator?: string
  bootstrap?: string[]
  modelFile?: string
  name?: string
  port: number
  uiPort: number
  threads?: number
  contextTokens: number
  sessions: number
  json: boolean
}

const STATUS_INTERVAL_MS = 100

/** Where `espalier status` finds the running node; readable by its user only, since it holds the token. */
export const RUNNING_FILE = 'running.json'

/** Runs a node until SIGINT or SIGTERM, then takes leave and returns. */
export async function serve(options: ServeOptions): Promise<void> {
  const clock: Clock = systemClock
  const paths = appPaths()
  const data = await openDataDirectory(options.dataDir)
  const log = createEventLog(clock, data.logsDirectory)
  const out = (line: string) => void process.stdout.write(`${line}\n`)
  log.subscribe((event) => {
    if (event.level === 'debug') return
    if (options.json) out(JSON.stringify({ type: 'log', ...event }))
    else if (event.level !== 'info') out(`${event.level}: ${event.message}`)
  })
  const node = createNode(
    {
      data,
      profile: options.profile,
      publicName: options.name ?? (await defaultPublicName(data)),
      listenPort: options.port,
      coordinatorUrl: options.coordinator ?? null,
      bootstraps: options.bootstrap ?? [],
      modelPath: options.modelFile ?? (options.profile.loopbackOnly ? paths.sampleModel : null),
      threads: options.threads ?? Math.max(1, availableParallelism() - 1),
      contextTokens: options.contextTokens,
      maxSequences: options.sessions,
    },
    { clock, log, spawnEngine: () => startChild({ script: paths.engineChild, ipc: true }) },
  )
  const printer = options.json
    ? (status: NodeStatus) => out(JSON.stringify({ type: 'status', status }))
    : printStatus(out)
  const statuses = createConflater<NodeStatus>(clock, STATUS_INTERVAL_MS, printer)
  node.onStatus(statuses.push)
  const ui = await serveUi({ node, rootDir: paths.renderer, port: options.uiPort, clock, log })
  const runningFile = join(data.root, RUNNING_FILE)
  await writeFileAtomic(runningFile, JSON.stringify({ port: ui.port, token: ui.token, pid: process.pid }))
  const stopped = untilSignal()
  out(options.json ? JSON.stringify({ type: 'ready', ui: ui.url, pid: process.pid }) : `Open ${ui.url}`)
  try {
    await node.start()
    await stopped
  } finally {
    await node.stop()
    statuses.flush()
    await ui.close()
    await log.close()
  }
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
