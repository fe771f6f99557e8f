import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { EspalierError } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'
import { jsonFile } from './atomic-file'
import type { DataDirectory } from './data-directory'
import type { EventLog } from './event-log'

/** One change of the shape of the data directory. Once released it is never changed; it may run again after a kill. */
export interface StateStep {
  /** The version that it leads to: the one before, plus one. */
  readonly to: number
  readonly what: string
  run(data: DataDirectory): Promise<void>
}

const FIRST_VERSION = 1
/** None so far: every change since could be read as a field that was not there yet. Only ever appended to. */
const STATE_STEPS: readonly StateStep[] = []

const VersionSchema = z.object({ version: z.int().min(FIRST_VERSION).max(1_000_000), app: z.string().max(40) })
/** Whatever is larger can be fetched again. */
const MAX_BACKUP_BYTES = 32 * 1024 * 1024

/**
 * Brings the files of a data directory to this app's version, step by step, with a backup before the first (H-40).
 * Does nothing where there is nothing to do. Throws STATE_FROM_NEWER, after a backup, where a newer app has written
 * them: what this one does not know it would take for damage.
 */
export async function bringStateForward(
  data: DataDirectory,
  log: Pick<EventLog, 'write'>,
  steps: readonly StateStep[] = STATE_STEPS,
): Promise<void> {
  const file = jsonFile(data.versionFile, VersionSchema, { keepsCopy: true })
  const newest = steps.at(-1)?.to ?? FIRST_VERSION
  const found = await file.load()
  if (found === null) {
    // Before there were versions, the first one.
    if (newest === FIRST_VERSION || !(await hasState(data))) {
      // A full disk is no reason not to start; the file is written when there is room.
      return file.save({ version: newest, app: VERSION }).catch(() => undefined)
    }
  }
  const { version, app } = found ?? { version: FIRST_VERSION, app: 'one without versions' }
  if (version === newest) return
  const backup = await backUp(data, version, newest)
  if (version > newest)
    throw new EspalierError('STATE_FROM_NEWER', `version ${version} by ${app}; the backup is ${backup}`)
  for (const step of steps.filter(({ to }) => to > version)) {
    log.write('info', 'state.forward', `the data directory is brought to version ${step.to}: ${step.what}`)
    await step.run(data)
    await file.save({ version: step.to, app: VERSION })
  }
}

async function hasState({ settingsFile, identityFile }: DataDirectory): Promise<boolean> {
  const found = await Promise.all([settingsFile, identityFile].map((path) => stat(path).catch(() => null)))
  return found.some((one) => one !== null)
}

/** All small files of the directory itself, in a folder of their own that appears when it is whole. */
async function backUp({ root }: DataDirectory, from: number, to: number): Promise<string> {
  const folder = join(root, 'backups', `state-${from}-before-${to}`)
  const unfinished = `${folder}.tmp`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name)
    if (!entry.isFile() || entry.name.includes('.lock') || (await stat(path)).size > MAX_BACKUP_BYTES) continue
    await copyFile(path, join(unfinished, entry.name))
  }
  await rm(folder, { recursive: true, force: true })
  await rename(unfinished, folder)
  return folder
}
