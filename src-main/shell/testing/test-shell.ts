import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createFakeElectron, type FakeElectronOptions } from '../../../e2e/electron-shim/fake-electron'
import { stoppedStatus } from '../../../e2e/support/status-fixtures'
import { type Clock, systemClock } from '../../../src-shared/clock'
import type { Reply } from '../../../src-shared/contract-names'
import { IPC_CALL_CHANNEL } from '../../../src-shared/ipc-envelope'
import type { Settings } from '../../../src-shared/settings'
import type { NodeStatus } from '../../../src-shared/status'
import type { DesktopServices } from '../../app/desktop-services'
import { START_URL } from '../app-protocol'
import { startShell } from '../start-shell'
import { scriptedApp } from './scripted-app'

export interface TestShellOptions {
  status?: NodeStatus
  settings?: Partial<Settings>
  fake?: FakeElectronOptions
  platform?: NodeJS.Platform
  /** Whether the desktop shows tray icons; may change while the test runs. */
  tray?: () => boolean
  failsToOpen?: Error
  argv?: readonly string[]
  isHidden?: boolean
  clock?: Clock
}

/** A shell on the fake Electron, around a scripted app, with a built page of one file. */
export async function startTestShell(options: TestShellOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), 'espalier-shell-'))
  const rendererDir = join(root, 'renderer')
  await mkdir(rendererDir)
  await writeFile(join(rendererDir, 'index.html'), '<!doctype html><title>Espalier</title>')
  await writeFile(join(root, 'identity.key'), 'secret')
  const fake = createFakeElectron(options.fake)
  const scripted = scriptedApp(options.status ?? stoppedStatus(1_000), options.settings)
  let noteDraft: (isUnsaved: boolean) => void = () => undefined
  const tray = options.tray ?? (() => true)
  let desktop: DesktopServices | null = null
  const shell = startShell(fake.electron, {
    clock: options.clock ?? systemClock,
    platform: options.platform ?? 'linux',
    dataRoot: root,
    rendererDir,
    preload: join(root, 'preload.cjs'),
    start: {
      argv: options.argv ?? ['/opt/Espalier/espalier'],
      env: {},
      home: root,
      executable: '/opt/Espalier/espalier',
      keptArgs: [],
      isHidden: options.isHidden ?? false,
    },
    makeUpdates: async () => ({
      view: () => scripted.view.get().update,
      onChange: () => () => undefined,
      press: async () => undefined,
      dispose: () => undefined,
    }),
    async openApp(_startScript, services) {
      desktop = services
      noteDraft = services.noteDraft
      if (options.failsToOpen) throw options.failsToOpen
      return { app: scripted.app, log: scripted.log, close: () => scripted.app.dispose() }
    },
    hasTrayHost: async () => tray(),
  })
  return {
    root,
    fake,
    scripted,
    shell,
    /** What the app does when the page says so. */
    noteDraft: (isUnsaved: boolean) => noteDraft(isUnsaved),
    /** What the shell does for the app. */
    get desktop() {
      if (!desktop) throw new Error('the app is not open')
      return desktop
    },
    /** What Electron does after the entry has run, until the shell stands. */
    async becomeReady() {
      fake.app.becomeReady()
      await shell?.started
    },
    get window() {
      const [window] = fake.windows
      if (!window) throw new Error('there is no window')
      return window
    },
    get tray() {
      const tray = fake.trays.at(-1)
      if (!tray?.menu) throw new Error('there is no tray')
      return { toolTip: tray.toolTip, image: tray.image, menu: tray.menu, emit: tray.emit.bind(tray) }
    },
    /** A call as the preload sends it; `url` is where the frame is. */
    async call(message: unknown, { url = START_URL, isMainFrame = true, more = [] as unknown[] } = {}): Promise<Reply> {
      const [window] = fake.windows
      if (!window) throw new Error('there is no window')
      const { webContents } = window
      const frameTreeNodeId = webContents.mainFrame.frameTreeNodeId + (isMainFrame ? 0 : 1)
      const text = await fake.invoke(webContents, IPC_CALL_CHANNEL, [message, ...more], { url, frameTreeNodeId })
      return JSON.parse(text as string) as Reply
    },
    async quitAndWait() {
      fake.app.quit()
      await expect.poll(() => fake.app.exitCode).not.toBeNull()
    },
    async remove() {
      if (fake.app.isReady()) await shell?.started
      // A shell that nobody waited for may still write its last file.
      await rm(root, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
export type TestShell = Awaited<ReturnType<typeof startTestShell>>
