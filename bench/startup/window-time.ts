import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Playwright from '@playwright/test'
import { appPaths } from '../../src-main/app-paths'
import type { StartedHost } from './hosts'

export interface Desktop {
  executable: string
  isShim: boolean
}

/** A real Electron where one is named, else the stand-in of the page tests. Null where that is missing too. */
export function findDesktop(): Desktop | null {
  const real = process.env.ELECTRON_EXEC_PATH
  if (real) return { executable: real, isShim: false }
  const shim = join(appPaths().root, 'e2e/electron-shim/bin/electron')
  return existsSync(shim) ? { executable: shim, isShim: true } : null
}

/**
 * Opens an app with an empty data directory. `readyMs`: from just before the process is made until a button of its
 * first window can be pressed.
 */
export async function openWindow({ executable }: Desktop, app: string): Promise<StartedHost> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'espalier-bench-'))
  const remove = () => rm(dataDirectory, { recursive: true, force: true })
  // Not imported: what only develops the app would be bundled into the measurements.
  const { _electron } = createRequire(join(appPaths().root, 'package.json'))('@playwright/test') as typeof Playwright
  const environment = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  try {
    const startedAt = performance.now()
    const launched = await _electron.launch({
      executablePath: executable,
      args: [app],
      env: { ...Object.fromEntries(environment), ESPALIER_DATA_DIR: dataDirectory },
    })
    const stop = () => launched.close().finally(remove)
    try {
      const page = await launched.firstWindow()
      // A trial: visible, enabled, at rest and not covered, but not pressed.
      await page.locator('button:enabled').first().click({ trial: true })
      return { pid: launched.process().pid ?? 0, readyMs: performance.now() - startedAt, stop }
    } catch (error) {
      await launched.close()
      throw error
    }
  } catch (error) {
    await remove()
    throw error
  }
}

export function ourApp(): string {
  return appPaths().root
}

export function bareApp(): string {
  return join(appPaths().root, 'bench/startup/bare-window')
}
