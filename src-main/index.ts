import '../src-shared/polyfill'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
// biome-ignore lint/style/noRestrictedImports: the one place where Electron comes in
import electron from 'electron'
import { systemClock } from '../src-shared/clock'
import { VERSION } from '../src-shared/version'
import { appPaths } from './app-paths'
import { HIDDEN_SWITCH } from './shell/autostart'
import { openApp } from './shell/open-app'
import { startShell } from './shell/start-shell'
import { systemSecrets } from './shell/system-secrets'
import { hasTrayHost } from './shell/tray-host'
import { electronEngine } from './shell/updates/electron-engine'
import { updateFeedOf, updateWay } from './shell/updates/update-way'
import { createUpdates } from './shell/updates/updates'
import { defaultDataRoot } from './storage/data-directory'
import { wayFetch } from './web/way-fetch'

const { root, renderer } = appPaths()
const { commandLine } = electron.app
const given = commandLine.getSwitchValue('data-dir')
const dataRoot = resolve(given || process.env.ESPALIER_DATA_DIR || defaultDataRoot())
const { platform, arch, env } = process

// Nothing is awaited here: Electron becomes ready only after this file has run to its end.
const shell = startShell(electron, {
  clock: systemClock,
  platform,
  dataRoot,
  rendererDir: renderer,
  preload: join(root, 'out/preload/index.cjs'),
  start: {
    argv: process.argv,
    env,
    home: homedir(),
    executable: process.execPath,
    keptArgs: given ? [`--data-dir=${dataRoot}`] : [],
    isHidden: commandLine.hasSwitch(HIDDEN_SWITCH),
  },
  makeUpdates: async (log, beforeInstall) =>
    createUpdates({
      ...{ clock: systemClock, log, platform, arch, beforeInstall },
      version: VERSION,
      way: updateWay(platform, electron.app.isPackaged, env),
      feed: await updateFeedOf(root),
      fetch: wayFetch,
      engine: electronEngine,
    }),
  openApp: (startScript, desktop) =>
    openApp(dataRoot, startScript, desktop, systemClock, systemSecrets(electron.safeStorage, platform)),
  hasTrayHost: () => hasTrayHost(platform, env, systemClock),
})
// SIGHUP: the terminal that it was started from is closed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => shell?.quitNow())
