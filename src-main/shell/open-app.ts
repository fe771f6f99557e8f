import type { Clock } from '../../src-shared/clock'
import { VERSION } from '../../src-shared/version'
import { type App, createApp } from '../app/app'
import type { DesktopServices } from '../app/desktop-services'
import { logLimitsOf } from '../app/log-limits'
import { appPaths } from '../app-paths'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import { defaultDataRoot, openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { writeLogFiles } from '../storage/log-files'
import { lockDataDirectory } from '../storage/process-lock'
import type { SecretCipher } from '../storage/secret-store'
import type { OpenedApp } from './start-shell'

/**
 * The app of this data directory, with its log in files. Throws DATA_DIR_UNUSABLE, DATA_DIR_IN_USE (a headless one may
 * run) and what settings may throw.
 */
export async function openApp(
  dataRoot: string,
  startScript: (options: ChildOptions) => OwnedChild,
  desktop: DesktopServices,
  clock: Clock,
  secretCipher: SecretCipher | null = null,
): Promise<OpenedApp> {
  const paths = appPaths()
  const data = await openDataDirectory(dataRoot)
  const unlock = lockDataDirectory(data.root)
  const log = createEventLog(clock, null)
  let opened: App | null = null
  writeLogFiles(log, data.logsDirectory, () => logLimitsOf(opened?.settings()))
  log.write('info', 'app.opened', `Espalier ${VERSION}, Node ${process.version}, data in ${data.root}`)
  const app = await createApp({
    clock,
    log,
    data,
    paths,
    startScript,
    secretCipher,
    desktop,
    userRoot: defaultDataRoot(),
    spawnEngine: () => startScript({ script: paths.engineChild, ipc: 'pipe' }),
  })
  opened = app
  return {
    app,
    log,
    async close() {
      await app.dispose()
      await log.close()
      unlock()
    },
  }
}
