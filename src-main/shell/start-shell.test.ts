import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ALL_STATES,
  degradedStatus,
  fetchingStatus,
  servingStatus,
  stoppedStatus,
} from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { startTestShell, type TestShell, type TestShellOptions } from './testing/test-shell'

let shell: TestShell
async function ready(options: TestShellOptions = {}): Promise<TestShell> {
  shell = await startTestShell(options)
  await shell.becomeReady()
  return shell
}
afterEach(() => shell.remove())

const closing = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('start', () => {
  it('O-01: takes the lock in the data directory, and goes when another instance has it', async () => {
    shell = await startTestShell({ fake: { lock: false } })
    expect(shell.fake.app.calls).toEqual(['setPath userData', 'requestSingleInstanceLock'])
    expect(shell.fake.app.getPath('userData')).toBe(join(shell.root, 'desktop'))
    expect(shell.shell).toBeNull()
    await expect.poll(() => shell.fake.app.exitCode).toBe(0)
    expect(shell.fake.windows.size).toBe(0)
  })

  it('O-01: a second launch shows the window of the first', async () => {
    const { fake, window } = await ready()
    window.hide()
    window.isMinimizedNow = true
    fake.app.emit('second-instance', {}, ['espalier'])
    await expect.poll(() => window.isVisible()).toBe(true)
    expect(window.isMinimized()).toBe(false)
    expect(fake.windows.size).toBe(1)
  })

  it.each([true, false])('starts the node only when it was running at the end: %s', async (startsRunning) => {
    const { scripted } = await ready({ settings: { startsRunning } })
    expect(scripted.app.start).toHaveBeenCalledTimes(startsRunning ? 1 : 0)
    // Whether there was a network to host is the app's to know.
    expect(scripted.app.resumeHosting).toHaveBeenCalledTimes(1)
  })

  it('a node that cannot start leaves a window that says so', async () => {
    shell = await startTestShell({ settings: { startsRunning: true } })
    shell.scripted.app.start.mockRejectedValue(new EspalierError('PORT_TAKEN', '4001'))
    await shell.becomeReady()
    expect(shell.window.isVisible()).toBe(true)
    expect(shell.scripted.written).toContainEqual(expect.objectContaining({ code: 'shell.start.failed' }))
  })

  it('an app that cannot be opened says why, and ends', async () => {
    await ready({ failsToOpen: new EspalierError('DATA_DIR_UNUSABLE', '/nowhere') })
    expect(shell.fake.errorBoxes).toEqual([
      { title: 'Espalier cannot start', content: expect.stringContaining('DATA_DIR_UNUSABLE') },
    ])
    await expect.poll(() => shell.fake.app.exitCode).toBe(0)
  })

  it('shows the theme of the settings', async () => {
    const { fake, scripted } = await ready({ settings: { theme: 'dark' } })
    expect(fake.electron.nativeTheme.themeSource).toBe('dark')
    scripted.change({ theme: 'light' })
    expect(fake.electron.nativeTheme.themeSource).toBe('light')
  })
})

describe('tray', () => {
  it.each(Object.entries(ALL_STATES))(
    'C-40: says the headline of %s in the status’s own words',
    async (_name, make) => {
      const status = make(1_000)
      const { scripted } = await ready()
      scripted.say(status)
      const { menu, toolTip } = shell.tray
      expect(menu.getMenuItemById('status')).toMatchObject({ label: status.headline, enabled: false })
      expect(toolTip).toContain(status.headline)
      expect(toolTip.includes('Demo')).toBe(status.watermark === 'Demo')
    },
  )

  it('shows how far a step is in its image, and says it in the status’s words', async () => {
    const { scripted } = await ready()
    const fetching = fetchingStatus(1_000)
    scripted.say(fetching)
    expect(shell.tray.toolTip).toBe('Espalier: Getting the model’s blocks, 62 %\n▓▓▓▓▒▒▒▒')
    const { image } = shell.tray
    const steps = fetching.steps.map((step) =>
      step.state === 'working' ? { ...step, progress: { done: 9, total: 10, unit: 'parts' as const } } : step,
    )
    scripted.say({ ...fetching, steps })
    expect(shell.tray.image).not.toBe(image)
  })

  it('starts, stops, opens and quits', async () => {
    const { scripted, window } = await ready()
    shell.tray.menu.choose('start')
    expect(scripted.app.handlers['node.start']).toHaveBeenCalledTimes(1)
    expect(shell.tray.menu.getMenuItemById('stop')).toBeNull()
    scripted.say(servingStatus(1_000))
    shell.tray.menu.choose('stop')
    expect(scripted.app.handlers['node.stop']).toHaveBeenCalledTimes(1)
    scripted.say({ ...servingStatus(1_000), phase: 'stopping' })
    expect(() => shell.tray.menu.choose('stop')).toThrow()
    expect(shell.tray.menu.getMenuItemById('none')?.label).toBe('Stopping…')
    window.hide()
    shell.tray.menu.choose('open')
    expect(window.isVisible()).toBe(true)
    scripted.say(stoppedStatus(1_000))
    shell.tray.menu.choose('quit')
    await expect.poll(() => shell.fake.app.exitCode).toBe(0)
  })

  it('restarts a node that runs, and says its peers and tokens', async () => {
    const { scripted } = await ready()
    const labels = () => ['peers', 'tokens'].map((id) => shell.tray.menu.getMenuItemById(id)?.label)
    expect(shell.tray.menu.getMenuItemById('restart')).toBeNull()
    expect(labels()).toEqual([undefined, undefined])
    const serving = servingStatus(1_000)
    scripted.say({ ...serving, contribution: { ...serving.contribution, tokens: 1 } })
    expect(labels()).toEqual([`${serving.peers.length} peers`, '1 token computed'])
    shell.tray.menu.choose('restart')
    await expect.poll(() => scripted.app.handlers['node.start']).toHaveBeenCalledTimes(1)
    expect(scripted.app.handlers['node.stop']).toHaveBeenCalledTimes(1)
    // Every token would close an open menu.
    const { menu } = shell.tray
    const more = { ...serving, contribution: { ...serving.contribution, tokens: 12_345 } }
    scripted.say({ ...more, at: serving.at + 2_000 })
    expect(shell.tray.menu).toBe(menu)
    scripted.say({ ...more, at: serving.at + 60_000 })
    expect(labels()[1]).toBe('12,345 tokens computed')
  })

  it('sets nothing twice, so that an open menu stays open', async () => {
    const { scripted } = await ready()
    const { menu, image } = shell.tray
    scripted.say({ ...stoppedStatus(1_000), revision: 2 })
    expect(shell.tray.menu).toBe(menu)
    expect(shell.tray.image).toBe(image)
  })

  it('is a template of one colour on macOS', async () => {
    await ready({ platform: 'darwin' })
    expect(shell.tray.image.isTemplate).toBe(true)
    expect(shell.tray.image.representations.map(({ scaleFactor }) => scaleFactor)).toEqual([1, 2])
  })
})

describe('closing the window', () => {
  it('keeps the node in the tray, where there is one', async () => {
    const { window, fake, scripted } = await ready({ status: servingStatus(1_000) })
    window.close()
    await expect.poll(() => window.isVisible()).toBe(false)
    expect(window.isDestroyed()).toBe(false)
    expect(fake.app.exitCode).toBeNull()
    expect(scripted.app.dispose).not.toHaveBeenCalled()
  })

  it('quits where the setting says so', async () => {
    const { window, fake } = await ready({ settings: { closeToTray: false } })
    window.close()
    await expect.poll(() => fake.app.exitCode).toBe(0)
  })

  it('quits where the desktop shows no tray, and there is no icon to look for', async () => {
    const { window, fake } = await ready({ tray: () => false })
    expect(fake.trays).toHaveLength(0)
    window.close()
    await expect.poll(() => fake.app.exitCode).toBe(0)
  })

  it('does not hide into a tray that has gone meanwhile; while serving it asks', async () => {
    let hasTray = true
    const { window, fake } = await ready({ tray: () => hasTray, status: servingStatus(1_000) })
    hasTray = false
    window.close()
    await expect.poll(() => fake.asked).toHaveLength(1)
    expect(window.isVisible()).toBe(true)
    expect(fake.app.exitCode).toBeNull()
  })
})

describe('quitting', () => {
  it.each(Object.entries(ALL_STATES))('asks only while others use the node: %s', async (_name, make) => {
    const status = make(1_000)
    const { fake } = await ready({ status })
    fake.app.quit()
    const isServing = status.shape === 'visible' || status.shape === 'degraded'
    await expect.poll(() => (isServing ? fake.asked.length : fake.app.exitCode)).toBe(isServing ? 1 : 0)
    expect(fake.asked).toHaveLength(isServing ? 1 : 0)
  })

  it('asks while settings are not saved, and not once they are', async () => {
    const { fake, noteDraft } = await ready()
    noteDraft(true)
    fake.app.quit()
    await expect.poll(() => fake.asked).toHaveLength(1)
    await closing()
    expect(fake.app.exitCode).toBeNull()
    noteDraft(false)
    await shell.quitAndWait()
    expect(fake.asked).toHaveLength(1)
  })

  it('stays when told to, and asks again the next time', async () => {
    const { fake, scripted } = await ready({ status: degradedStatus(1_000) })
    fake.app.quit()
    await expect.poll(() => fake.asked).toHaveLength(1)
    await closing()
    expect(scripted.app.dispose).not.toHaveBeenCalled()
    expect(fake.app.exitCode).toBeNull()
    fake.app.quit()
    await expect.poll(() => fake.asked).toHaveLength(2)
  })

  it('M-29: the node takes leave first, then windows and app go', async () => {
    const { fake, scripted, window } = await ready({ status: servingStatus(1_000) })
    fake.electron.dialog.showMessageBox = (async () => ({ response: 0, checkboxChecked: false })) as never
    const gate = Promise.withResolvers<undefined>()
    scripted.app.dispose.mockReturnValue(gate.promise)
    fake.app.quit()
    await expect.poll(() => scripted.app.dispose).toHaveBeenCalledTimes(1)
    fake.app.quit()
    await closing()
    expect(fake.app.exitCode).toBeNull()
    expect(window.isVisible()).toBe(false)
    gate.resolve(undefined)
    await expect.poll(() => fake.app.exitCode).toBe(0)
    expect(window.isDestroyed()).toBe(true)
    expect(scripted.app.dispose).toHaveBeenCalledTimes(1)
  })

  it('C-20: a node that cannot take leave does not keep the app', async () => {
    const { fake, scripted } = await ready()
    scripted.app.dispose.mockRejectedValue(new Error('no answer'))
    await shell.quitAndWait()
    expect(fake.app.exitCode).toBe(0)
    expect(scripted.written).toContainEqual(expect.objectContaining({ code: 'shell.quit.failed' }))
  })

  it('C-20: nor does one that never answers', async () => {
    const waits: number[] = []
    const sleep = async (delayMs: number) => void waits.push(delayMs)
    const { scripted } = await ready({ clock: { ...systemClock, sleep } })
    scripted.app.dispose.mockReturnValue(new Promise(() => undefined))
    await shell.quitAndWait()
    expect(waits).toEqual([10_000])
  })

  it('a shutdown of the computer or a signal is not asked about', async () => {
    const { fake } = await ready({ status: servingStatus(1_000) })
    let waits = false
    fake.module.powerMonitor.emit('shutdown', { preventDefault: () => (waits = true) })
    await expect.poll(() => fake.app.exitCode).toBe(0)
    expect(waits).toBe(true)
    expect(fake.asked).toHaveLength(0)
  })

  it('M-29: the node says that it is away before the computer sleeps, and that it is back afterwards', async () => {
    const { fake, scripted } = await ready()
    fake.module.powerMonitor.emit('suspend')
    expect(scripted.app.sleep).toHaveBeenCalledTimes(1)
    expect(scripted.app.wake).not.toHaveBeenCalled()
    fake.module.powerMonitor.emit('resume')
    expect(scripted.app.wake).toHaveBeenCalledTimes(1)
  })

  it('settles while the app is still opening', async () => {
    shell = await startTestShell({ settings: { startsRunning: true } })
    shell.shell?.quitNow()
    await shell.becomeReady()
    await expect.poll(() => shell.fake.app.exitCode).toBe(0)
    expect(shell.scripted.app.dispose).toHaveBeenCalledTimes(1)
    // Nothing is begun behind its back, and it was no start that failed.
    expect(shell.scripted.app.start).not.toHaveBeenCalled()
    expect(shell.scripted.app.resumeHosting).not.toHaveBeenCalled()
    await expect(access(join(shell.root, 'desktop', 'starts.json'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

it('puts Chromium’s files into the data directory and nowhere else', async () => {
  await ready()
  await expect(access(join(shell.root, 'desktop'))).resolves.toBeUndefined()
})
