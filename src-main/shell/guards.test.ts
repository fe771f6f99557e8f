import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FakeWebContents } from '../../e2e/electron-shim/fake-window'
import { servingStatus } from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import { FakeClock } from '../../test/fake-clock'
import { openStartGuard, type StartGuard } from './start-guard'
import { startTestShell, type TestShell, type TestShellOptions } from './testing/test-shell'

let shell: TestShell
async function ready(options: TestShellOptions = {}): Promise<TestShell> {
  shell = await startTestShell(options)
  await shell.becomeReady()
  return shell
}
afterEach(() => shell.remove())

function answer(button: number): string[] {
  const asked: string[] = []
  shell.fake.electron.dialog.showMessageBox = (async (...args: unknown[]) => {
    const { message, detail } = args.at(-1) as { message: string; detail: string }
    asked.push(`${message} ${detail}`)
    return { response: button, checkboxChecked: false }
  }) as never
  return asked
}

describe('a page whose process ends', () => {
  /** Counts what is loaded from here on. */
  function loads(): () => number {
    const load = vi.spyOn(shell.window, 'loadURL')
    return () => load.mock.calls.length
  }
  const end = (contents: FakeWebContents, reason = 'crashed') =>
    shell.fake.app.emit('render-process-gone', {}, contents, { reason, exitCode: 5 })

  it('is loaded again, at most three times a minute; then the words of the catalogue ask', async () => {
    let at = 0
    const { window, scripted } = await ready({ clock: { ...systemClock, monotonicMs: () => at } })
    const asked = answer(0)
    const loaded = loads()
    for (let times = 1; times <= 3; times++) {
      end(window.webContents)
      expect(loaded()).toBe(times)
    }
    expect(asked).toEqual([])
    end(window.webContents)
    end(window.webContents)
    await expect.poll(() => loaded()).toBe(4)
    expect(asked).toEqual([expect.stringMatching(/ended several times within a minute.*PAGE_CRASH_LOOP/s)])
    expect(scripted.written.filter(({ code }) => code === 'shell.page.gone')).toHaveLength(5)
    // A minute later it may happen again without a question.
    at = 61_000
    end(window.webContents)
    expect(loaded()).toBe(5)
    expect(asked).toHaveLength(1)
  })

  it('may be the end of the app, if somebody says so', async () => {
    const { window, fake } = await ready()
    answer(1)
    for (let times = 0; times < 4; times++) end(window.webContents)
    await expect.poll(() => fake.app.exitCode).toBe(0)
  })

  it('is left alone when it ended as it should, or is not ours', async () => {
    const { window } = await ready()
    const loaded = loads()
    end(window.webContents, 'clean-exit')
    shell.fake.app.emit('render-process-gone', {}, {}, { reason: 'crashed', exitCode: 5 })
    expect(loaded()).toBe(0)
  })

  it('the ends of other processes are written down', async () => {
    const { fake, scripted } = await ready()
    const gone = (reason: string) =>
      fake.app.emit('child-process-gone', {}, { type: 'Utility', name: 'engine', reason, exitCode: 9 })
    gone('crashed')
    gone('killed')
    gone('clean-exit')
    expect(scripted.written.filter(({ code }) => code === 'shell.child.gone')).toEqual([
      { level: 'warn', code: 'shell.child.gone', message: 'engine ended: crashed (9)' },
      { level: 'info', code: 'shell.child.gone', message: 'engine ended: killed (9)' },
    ])
  })
})

describe('the first close into the tray', () => {
  it('says so once, and remembers that it did', async () => {
    const { window, scripted } = await ready({ status: servingStatus(1_000) })
    const asked = answer(0)
    window.close()
    await expect.poll(() => window.isVisible()).toBe(false)
    expect(asked).toEqual([expect.stringContaining('stays in the tray')])
    expect(scripted.app.handlers['settings.save']).toHaveBeenCalledWith({ trayNoticeSeen: true })
  })

  it('is silent from then on', async () => {
    const { window } = await ready({ settings: { trayNoticeSeen: true } })
    const asked = answer(0)
    window.close()
    await expect.poll(() => window.isVisible()).toBe(false)
    expect(asked).toEqual([])
  })

  it('can become a quit', async () => {
    const { window, fake } = await ready()
    answer(1)
    window.close()
    await expect.poll(() => fake.app.exitCode).toBe(0)
  })
})

describe('safe mode', () => {
  const starts = () => join(shell.root, 'desktop', 'starts.json')
  const unfinished = async () => JSON.parse(await readFile(starts(), 'utf8')).unfinished

  it.each([
    [0, false],
    [2, false],
    [3, true],
    [7, true],
  ])('D-T27: after %i starts that ended by themselves: %s', async (failed, isSafe) => {
    shell = await startTestShell({ settings: { startsRunning: true } })
    await writeFile(starts(), JSON.stringify({ unfinished: failed }))
    await shell.becomeReady()
    const { app, written } = shell.scripted
    expect(app.start).toHaveBeenCalledTimes(isSafe ? 0 : 1)
    expect(app.resumeHosting).toHaveBeenCalledTimes(isSafe ? 0 : 1)
    expect(app.holdBack).toHaveBeenCalledTimes(isSafe ? 1 : 0)
    if (isSafe) expect(app.holdBack).toHaveBeenCalledWith(expect.objectContaining({ code: 'APP_CRASH_LOOP' }))
    expect(written.some(({ code }) => code === 'shell.safe-mode')).toBe(isSafe)
    expect(await unfinished()).toBe(failed + 1)
  })

  it('an orderly end, or five good minutes, begins the count anew', async () => {
    await ready({ settings: { startsRunning: true } })
    expect(await unfinished()).toBe(1)
    await shell.quitAndWait()
    expect(await unfinished()).toBe(0)

    const clock = new FakeClock()
    const guard: StartGuard = await openStartGuard(starts(), clock, shell.scripted.log.write)
    expect(guard.isLooping).toBe(false)
    expect(await unfinished()).toBe(1)
    await clock.advance(5 * 60_000)
    await expect.poll(unfinished).toBe(0)
  })

  it('a count that cannot be kept or read keeps nobody from starting', async () => {
    shell = await startTestShell({ settings: { startsRunning: true } })
    await writeFile(starts(), 'not json')
    await shell.becomeReady()
    expect(shell.scripted.app.start).toHaveBeenCalledTimes(1)
    const guard = await openStartGuard('/dev/null/starts.json', systemClock, shell.scripted.log.write)
    expect(guard.isLooping).toBe(false)
    expect(shell.scripted.written).toContainEqual(expect.objectContaining({ code: 'shell.starts.failed' }))
    await guard.ended()
  })
})
