import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeElectron } from '../../e2e/electron-shim/fake-electron'
import { type AutostartOptions, createAutostart, execArgument } from './autostart'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'espalier-home-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

function autostartOn(platform: NodeJS.Platform, change: Partial<AutostartOptions> = {}, isPackaged = true) {
  const fake = createFakeElectron({ isPackaged })
  const autostart = createAutostart({
    ...{ platform, home, env: {}, args: [] },
    app: fake.electron.app,
    executable: '/opt/Espalier/espalier',
    ...change,
  })
  return { fake, autostart }
}

describe('O-13, O-18: starting at log-in', () => {
  it('O-18: is off until its owner says so, leaves one entry then, and none after', async () => {
    const { autostart } = autostartOn('linux')
    const file = join(home, '.config/autostart/espalier.desktop')
    expect(await autostart?.isOn()).toBe(false)
    await autostart?.set(true)
    expect(await autostart?.isOn()).toBe(true)
    expect(await readFile(file, 'utf8')).toContain('Exec="/opt/Espalier/espalier" "--hidden"\n')
    await autostart?.set(false)
    expect(await autostart?.isOn()).toBe(false)
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  it('an entry that the desktop switched off counts as off', async () => {
    const { autostart } = autostartOn('linux')
    await autostart?.set(true)
    const file = join(home, '.config/autostart/espalier.desktop')
    await writeFile(file, `${await readFile(file, 'utf8')}Hidden=true\n`)
    expect(await autostart?.isOn()).toBe(false)
  })

  it('an AppImage is started by its own file, from the chosen folder, with its arguments', async () => {
    const env = { APPIMAGE: '/home/kim/My Apps/Espalier.AppImage', XDG_CONFIG_HOME: join(home, 'config') }
    const { autostart } = autostartOn('linux', { env, args: ['--data-dir=/srv/100% "mine"'] })
    await autostart?.set(true)
    expect(await readFile(join(home, 'config/autostart/espalier.desktop'), 'utf8')).toContain(
      'Exec="/home/kim/My Apps/Espalier.AppImage" "--hidden" "--data-dir=/srv/100%% \\\\"mine\\\\""\n',
    )
    expect(execArgument('$(id) `id`')).toBe('"\\\\$(id) \\\\`id\\\\`"')
  })

  it.each(['darwin', 'win32'] as const)('uses the login items of %s', async (platform) => {
    const { autostart, fake } = autostartOn(platform)
    expect(await autostart?.isOn()).toBe(false)
    await autostart?.set(true)
    expect(fake.app.loginItem).toEqual({ openAtLogin: true, args: ['--hidden'] })
    expect(await autostart?.isOn()).toBe(true)
  })

  it('a copy that was not installed offers nothing', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(autostartOn(platform, {}, false).autostart).toBeNull()
    }
  })
})
