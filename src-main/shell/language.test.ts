import { afterEach, expect, it } from 'vitest'
import { servingStatus, waitingStatus } from '../../e2e/support/status-fixtures'
import { EspalierError } from '../../src-shared/errors'
import { startTestShell, type TestShell, type TestShellOptions } from './testing/test-shell'
import { DE } from './words/de'
import { EN } from './words/en'

let shell: TestShell
async function ready(options: TestShellOptions = {}): Promise<TestShell> {
  shell = await startTestShell(options)
  await shell.becomeReady()
  return shell
}
afterEach(() => shell.remove())

const menuLabels = () => shell.fake.applicationMenu?.items.map(({ label }) => label)
const trayLabels = () => ['status', 'open', 'start', 'stop'].map((id) => shell.tray.menu.getMenuItemById(id)?.label)

it('speaks what the settings say, from the moment they say it', async () => {
  const { scripted } = await ready({ status: servingStatus(1_000) })
  expect(menuLabels()).toEqual(['File', 'Edit', 'View'])
  scripted.change({ language: 'de' })
  expect(menuLabels()).toEqual(['Datei', 'Bearbeiten', 'Ansicht'])
  expect(trayLabels()).toEqual(['Stellt die Blöcke 4–7 bereit', 'Espalier öffnen', undefined, 'Anhalten'])
  expect(shell.tray.toolTip).toBe('Espalier: Stellt die Blöcke 4–7 bereit\n▓▓▓▓████')
  const { applicationMenu } = shell.fake
  scripted.change({ theme: 'dark' })
  expect(shell.fake.applicationMenu).toBe(applicationMenu)
  scripted.change({ language: 'en' })
  expect(menuLabels()).toEqual(['File', 'Edit', 'View'])
  expect(trayLabels()).toEqual(['Serving blocks 4–7', 'Open Espalier', undefined, 'Stop'])
})

it.each([
  [['de-AT', 'en'], 'Datei'],
  [['fr-FR', 'de'], 'Datei'],
  [['fr-FR'], 'File'],
])('follows a system that speaks %j', async (languages, label) => {
  await ready({ fake: { languages } })
  expect(menuLabels()?.[0]).toBe(label)
})

it('asks and notifies in German', async () => {
  const { fake, scripted, window } = await ready({ settings: { language: 'de' } })
  window.hide()
  scripted.say(waitingStatus(1_000))
  scripted.say(servingStatus(2_000))
  const [notice] = fake.notifications
  expect(notice?.options).toEqual({
    title: 'Angenommen',
    body: expect.stringMatching(/^Stellt die Blöcke 4–7 bereit\. Gesehen von 12D3…aa4K und /),
  })
  fake.app.quit()
  await expect.poll(() => fake.asked).toHaveLength(1)
  expect(fake.asked[0]).toMatchObject({
    message: DE.quit.isServing,
    detail: `Stellt die Blöcke 4–7 bereit. ${DE.quit.endsAnswers}`,
    buttons: ['Anhalten und beenden', 'Weiterlaufen lassen'],
  })
})

it('an error keeps its code, and the log its English', async () => {
  await ready({ failsToOpen: new EspalierError('DATA_DIR_UNUSABLE', '/nowhere'), fake: { languages: ['de'] } })
  const [box] = shell.fake.errorBoxes
  expect(box?.title).toBe('Espalier kann nicht starten')
  expect(box?.content).toContain('/nowhere')
  expect(box?.content).toContain('DATA_DIR_UNUSABLE')
  expect(box?.content).not.toContain(new EspalierError('DATA_DIR_UNUSABLE').report().action)
})

it('says nothing in the same words by accident', () => {
  const textsOf = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'function'
        ? [value('x')]
        : Object.entries(value ?? {}).flatMap(([name, inner]) => (name === 'says' ? [] : textsOf(inner)))
  const english = textsOf(EN)
  const german = textsOf(DE)
  expect(german).toHaveLength(english.length)
  expect(german.filter((text, index) => text === english[index])).toEqual([])
})
