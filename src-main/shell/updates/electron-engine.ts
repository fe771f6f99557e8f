import type { UpdateEngine } from './updates'

/**
 * electron-updater, told to do nothing by itself: no download, no installation, no older version without our word.
 * Loaded when it is needed, because it reads Electron's app object as it loads.
 */
export async function electronEngine(): Promise<UpdateEngine> {
  const { default: updater } = await import('electron-updater')
  const { autoUpdater } = updater
  autoUpdater.autoDownload = false
  autoUpdater.autoInstallOnAppQuit = false
  autoUpdater.allowDowngrade = false
  autoUpdater.logger = null
  return {
    find: async () => (await autoUpdater.checkForUpdates())?.updateInfo.version ?? null,
    async download() {
      const [file] = await autoUpdater.downloadUpdate()
      if (file === undefined) throw new Error('the update was not downloaded')
      return file
    },
    install: () => autoUpdater.quitAndInstall(true, true),
  }
}
