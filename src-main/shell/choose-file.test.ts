import { afterEach, describe, expect, it } from 'vitest'
import { startTestShell, type TestShell } from './testing/test-shell'

let shell: TestShell
afterEach(async () => {
  await shell.quitAndWait()
  await shell.remove()
})

describe('a file is chosen in the system’s dialog', () => {
  it('over our window, for a purpose, one at a time', async () => {
    shell = await startTestShell()
    await shell.becomeReady()
    const { chooseFile } = shell.desktop
    shell.fake.filesChosen.push('/models/a.gguf')
    const both = await Promise.all([
      chooseFile({ purpose: 'model', near: '/models' }),
      chooseFile({ purpose: 'model' }),
    ])
    expect(both).toEqual(['/models/a.gguf', null])
    expect(shell.fake.filesAsked).toEqual([
      expect.objectContaining({
        dialog: 'showOpenDialog',
        defaultPath: '/models',
        properties: ['openFile'],
        filters: [{ name: 'GGUF models', extensions: ['gguf'] }],
      }),
    ])
    expect(await chooseFile({ purpose: 'identity-backup' })).toBeNull()
    shell.fake.filesChosen.push('/home/kim/backup.json')
    expect(await chooseFile({ purpose: 'new-identity-backup', near: '/home/kim/x.json' })).toBe('/home/kim/backup.json')
    expect(shell.fake.filesAsked.map(({ dialog }) => dialog)).toEqual([
      'showOpenDialog',
      'showOpenDialog',
      'showSaveDialog',
    ])
  })

  it('and the stand-in refuses what Electron refuses', async () => {
    shell = await startTestShell()
    const { dialog } = shell.fake.electron
    const options = { properties: ['openFile' as const] }
    await expect(dialog.showOpenDialog(options)).rejects.toThrow('ready')
    await shell.becomeReady()
    await expect(dialog.showOpenDialog(options)).rejects.toThrow('no window')
    const window = shell.window as never
    await expect(dialog.showOpenDialog(window, { properties: ['openFiles' as never] })).rejects.toThrow('openFiles')
    const filters = [{ name: 'Models', extensions: ['*.gguf'] }]
    await expect(dialog.showOpenDialog(window, { filters })).rejects.toThrow('wildcards')
  })
})
