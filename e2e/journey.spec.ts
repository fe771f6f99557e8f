import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, type ElectronApplication, expect, test } from '@playwright/test'
import type { FakeElectron } from './electron-shim/fake-electron'
import { type FakeSessionBus, startSessionBus } from './support/fake-session-bus'
import { complaintsOf, operatorJourney, type SaidWords } from './support/operator-journey'

// One journey, two carriers: the built desktop app, whose page speaks through ipcMain, and `espalier serve`, whose
// page speaks through a WebSocket. Everything is real but, where there is no Electron, the executable.

const root = fileURLToPath(new URL('..', import.meta.url))
const isShim = !process.env.ELECTRON_EXEC_PATH
const executablePath = process.env.ELECTRON_EXEC_PATH ?? join(root, 'e2e/electron-shim/bin/electron')

let directory: string

test.beforeAll(() => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-once.mjs')], { stdio: 'inherit' })
  expect(status).toBe(0)
})
test.beforeEach(async () => {
  test.setTimeout(420_000)
  directory = await mkdtemp(join(tmpdir(), 'espalier-journey-'))
})
test.afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exited
}

test.describe('in the desktop app', () => {
  let bus: FakeSessionBus
  let app: ElectronApplication
  let host: ChildProcess

  test.beforeEach(async () => {
    bus = await startSessionBus(directory)
    const env = { ...(process.env as Record<string, string>), ESPALIER_DATA_DIR: join(directory, 'data') }
    app = await _electron.launch({
      executablePath,
      args: [root],
      env: isShim ? { ...env, DBUS_SESSION_BUS_ADDRESS: bus.address } : env,
    })
    host = app.process()
  })
  test.afterEach(async () => {
    await ended(host, 'SIGTERM')
    bus.close()
  })

  test('C-01, M-37: an operator gets from the first run to an answer and to the end; the tray says what the window says', async () => {
    const page = await app.firstWindow()
    const complaints = complaintsOf(page)
    const words = await operatorJourney(page, {
      async compare(inWindow) {
        if (!isShim) return
        await expect
          .poll(async () => {
            const [window, tray] = [await inWindow(), await trayWords(app)]
            return tray.at(-1)?.state === window.state && tray.at(-1)?.action === window.action
              ? 'alike'
              : { window, tray }
          })
          .toBe('alike')
      },
    })
    expect(complaints).toEqual([])
    if (!isShim) return
    // The tray hears of every state, the window of ten a second: what it said must be among what the tray said.
    const tray = (await trayWords(app)).map(asText)
    const window = words.map(asText)
    expect(missing(window, tray)).toEqual([])
    for (const state of [
      /^Not part of/,
      /^Starting/,
      /^Waiting/,
      /^Loading, \d+ %/,
      /^Serving/,
      /^Stopping/,
      /^Stopped/,
    ])
      expect(
        tray.filter((said) => state.test(said)),
        String(state),
      ).not.toEqual([])
    expect(tray).toContain('Stopping · Stopping…')
  })
})

test('C-01: in a browser: an operator gets from the first run to an answer and to the end', async ({ page }) => {
  const args = [join(root, 'out/main/cli.js'), 'serve', '--json', '--data-dir', directory, '--port', '0']
  const host = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let out = ''
      host.stdout.on('data', (chunk) => {
        out += chunk
        const found = /"ui":"(http:[^"]+)"/.exec(out)?.[1]
        if (found) resolve(found)
      })
      host.once('exit', () => reject(new Error(`espalier serve ended:\n${out}`)))
    })
    const complaints = complaintsOf(page)
    await page.setViewportSize({ width: 1180, height: 780 })
    await page.goto(url)
    const words = await operatorJourney(page)
    expect(complaints).toEqual([])
    expect(words.map(asText)).toEqual(
      expect.arrayContaining(['Starting the demonstration · Stop', 'Waiting for approval · Stop', 'Stopped · Start']),
    )
  } finally {
    await ended(host, 'SIGTERM')
  }
})

/** Everything that the stand-in's tray was told to say, oldest first. */
function trayWords(app: ElectronApplication): Promise<SaidWords[]> {
  return app.evaluate((electron) => (electron as unknown as { shim: FakeElectron }).shim.trays.at(-1)?.said ?? [])
}

function asText({ state, action }: SaidWords): string {
  return `${state} · ${action}`
}

/** What is in neither place nor order of the other list. */
function missing(some: readonly string[], all: readonly string[]): string[] {
  let at = 0
  return some.filter((words) => {
    const found = all.indexOf(words, at)
    if (found < 0) return true
    at = found
    return false
  })
}
