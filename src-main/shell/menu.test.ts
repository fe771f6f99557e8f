import { afterEach, expect, it } from 'vitest'
import { IPC_EVENT_CHANNEL } from '../../src-shared/ipc-envelope'
import { startTestShell, type TestShell } from './testing/test-shell'

let shell: TestShell
async function menuOn(platform: NodeJS.Platform) {
  shell = await startTestShell({ platform })
  await shell.becomeReady()
  const menu = shell.fake.applicationMenu
  if (!menu) throw new Error('there is no menu')
  return menu
}
afterEach(() => shell.remove())

const heard = () =>
  shell.window.webContents.sent
    .filter(({ channel }) => channel === IPC_EVENT_CHANNEL)
    .map(({ args }) => JSON.parse(args[0] as string))
    .filter(({ event }) => event === 'menu')

it.each(['linux', 'darwin', 'win32'] as const)(
  'H-30: on %s the menu opens the commands and the list of keys in the page, and shows the keys for both',
  async (platform) => {
    const menu = await menuOn(platform)
    expect(menu.getMenuItemById('palette')?.accelerator).toBe('CommandOrControl+K')
    expect(menu.getMenuItemById('shortcuts')?.accelerator).toBe('CommandOrControl+/')
    menu.choose('palette')
    menu.choose('shortcuts')
    expect(heard().map(({ payload }) => payload)).toEqual([{ item: 'palette' }, { item: 'shortcuts' }])
  },
)

it('H-30: a window that is in the tray comes to the front first', async () => {
  const menu = await menuOn('linux')
  shell.window.hide()
  menu.choose('palette')
  expect(shell.window.isVisible()).toBe(true)
  expect(heard()).toHaveLength(1)
})

it('reloads nothing and opens no tools', async () => {
  const roles = JSON.stringify((await menuOn('darwin')).items)
  expect(roles).not.toMatch(/reload|devTools/i)
  expect(roles).toContain('"role":"paste"')
})
