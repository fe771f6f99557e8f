import '../src-shared/polyfill'
import { join, resolve } from 'node:path'
// biome-ignore lint/style/noRestrictedImports: the one place where Electron comes in
import electron from 'electron'
import { systemClock } from '../src-shared/clock'
import { appPaths } from './app-paths'
import { openApp } from './shell/open-app'
import { startShell } from './shell/start-shell'
import { systemSecrets } from './shell/system-secrets'
import { hasTrayHost } from './shell/tray-host'
import { defaultDataRoot } from './storage/data-directory'

const { root, renderer } = appPaths()
const chosen = electron.app.commandLine.getSwitchValue('data-dir') || process.env.ESPALIER_DATA_DIR
const dataRoot = resolve(chosen || defaultDataRoot())

// Nothing is awaited here: Electron becomes ready only after this file has run to its end.
const shell = startShell(electron, {
  clock: systemClock,
  platform: process.platform,
  dataRoot,
  rendererDir: renderer,
  preload: join(root, 'out/preload/index.cjs'),
  openApp: (startScript) =>
    openApp(dataRoot, startScript, systemClock, systemSecrets(electron.safeStorage, process.platform)),
  hasTrayHost: () => hasTrayHost(process.platform, process.env, systemClock),
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => shell?.quitNow())
