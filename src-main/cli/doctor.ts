import type { Check } from '../../src-shared/app-views'
import { systemClock } from '../../src-shared/clock'
import { isErrorCode } from '../../src-shared/errors'
import { DEFAULT_SETTINGS } from '../../src-shared/settings'
import { openSettings } from '../app/settings-store'
import { appPaths } from '../app-paths'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { runDiagnostics } from '../diagnostics/diagnostics'
import { startChild } from '../process/owned-child'
import { type DataDirectory, dataDirectoryAt } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { askRunning } from './ask-running'
import { checkLine } from './check-line'
import { shardAnswer } from './doctor-shards'
import { checkArguments } from './wrong-arguments'

interface Options {
  dataDir?: string
  coordinator?: string
  modelFile?: string
  manifest?: string
  port?: number
  shards?: boolean
  json: boolean
}

/**
 * Prints verdict and evidence of every check, and exits 1 when one fails. When a node runs with the data directory
 * and nothing else is asked about, its own checks are shown, since it sees more.
 */
export async function doctor(options: Options): Promise<void> {
  const { coordinator } = options
  // Only looked at, so it may be one that a node would not join.
  if (coordinator !== undefined)
    await checkArguments(() => normaliseCoordinatorUrl(coordinator, { allowInsecure: true }))
  const data = dataDirectoryAt(options.dataDir)
  if (options.shards) return shardDoctor(data, options.json)
  const isAboutNode =
    (options.coordinator ?? options.modelFile ?? options.manifest ?? options.port ?? undefined) === undefined
  const checks = (isAboutNode ? await askNode(data) : null) ?? (await checkHere(options, data))
  process.stdout.write(options.json ? `${JSON.stringify(checks)}\n` : `${checks.map(checkLine).join('\n')}\n`)
  if (checks.some(({ verdict }) => verdict === 'fail')) process.exitCode = 1
}

/**
 * Prints the running node's table of shards and the runbook's checks (S-40). Exits 0 when every shard is loaded, as
 * that node verified it, and no check fails, and 1 in any other case; NODE_NOT_RUNNING where there is nobody to ask.
 */
async function shardDoctor(data: DataDirectory, asJson: boolean): Promise<void> {
  const status = await askRunning(data.root, 'status.get')
  const { checks } = await askRunning(data.root, 'shards.diagnose')
  const { isWell, text, json } = shardAnswer(status, checks)
  process.stdout.write(`${asJson ? JSON.stringify(json) : text}\n`)
  if (!isWell) process.exitCode = 1
}

async function askNode(data: DataDirectory): Promise<Check[] | null> {
  try {
    return await askRunning(data.root, 'diagnostics.run')
  } catch (error) {
    if (isErrorCode(error, 'NODE_NOT_RUNNING')) return null
    throw error
  }
}

async function checkHere(options: Options, data: DataDirectory): Promise<Check[]> {
  const clock = systemClock
  // A data directory that can't be used is one of the findings, not the end of them.
  const settings = await openSettings(data.settingsFile, {}, createEventLog(clock, null)).then(
    (store) => store.get(),
    () => DEFAULT_SETTINGS,
  )
  const chosen = settings.network?.kind === 'coordinator' ? settings.network.url : null
  return runDiagnostics({
    clock,
    fetch: coordinatorFetch,
    data,
    spawnEngine: () => startChild({ script: appPaths().engineChild, ipc: 'pipe' }),
    listenPort: options.port ?? settings.listenPort,
    coordinatorUrl: options.coordinator ?? chosen,
    bootstraps: [],
    status: null,
    running: null,
    modelPath: options.modelFile ?? settings.modelPath,
    manifestPath: options.manifest ?? null,
  })
}
