import { EspalierError } from '../src-shared/errors'
import { expectNoIssueInAnyColour, picture, SIZES } from './support/gallery'
import { expect, test } from './support/page-test'
import { READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import { servingStatus } from './support/status-fixtures'
import { appViewOf, fixableChecksOf, offlineViewOf } from './support/view-fixtures'

test.beforeEach(({ page }) => page.setViewportSize(SIZES.wide))

async function open(page: import('@playwright/test').Page, host: ScriptedHost, name: string, url = host.url) {
  host.say(servingStatus)
  await page.goto(url)
  await page.getByRole('link', { name }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
}

test('H-28: each connection has its own light, its evidence, and changes as it happens', async ({ page, host }) => {
  await open(page, host, 'Diagnostics')
  const lights = page.getByRole('region', { name: 'Connections' }).getByRole('listitem')
  await expect(lights).toHaveCount(6)
  await expect(lights.filter({ hasText: 'Coordinator' })).toContainText('It answers.')
  host.tellApp(offlineViewOf(Date.now()))
  await expect(lights.filter({ hasText: 'Internet' })).toContainText('Nothing outside of the local network answers.')
  await expect(lights.filter({ hasText: 'Coordinator' })).toContainText('Unsteady.')
  await expect(lights.filter({ has: page.getByRole('heading', { name: 'Local network' }) })).toContainText(
    '192.168.1.17 on eth0',
  )
  await expectNoIssueInAnyColour(page)
  await picture(page, 'diagnostics-offline')
})

test('a check is set right by its button; what only its owner should do is a command to copy', async ({
  page,
  host,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  host.makeChecks = fixableChecksOf
  await open(page, host, 'Diagnostics')
  const checks = page.getByRole('region', { name: 'Checks' }).getByRole('listitem')
  await expect(checks.first()).toContainText('SHARD_WRITE_FAILED')
  await checks.filter({ hasText: 'IDENTITY_EXPOSED' }).getByRole('button', { name: 'Close the file to others' }).click()
  await expect(checks.filter({ hasText: 'Identity' })).toContainText('Set right just now.')
  await expect(page.getByText('IDENTITY_EXPOSED')).toHaveCount(0)

  await page.getByRole('button', { name: 'Copy the command' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'systemctl --user disable --now kwaainet.service',
  )
  await picture(page, 'diagnostics-fixes')
  await checks.first().getByRole('button', { name: 'Open settings' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()

  host.failing.set('diagnostics.mend', new EspalierError('PORT_TAKEN'))
  await page.getByRole('link', { name: 'Diagnostics' }).click()
  host.makeChecks = fixableChecksOf
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByRole('button', { name: 'Close the file to others' }).click()
  await expect(page.getByRole('alert')).toContainText('PORT_TAKEN')
})

test('D-T36: the bundle is read before anything leaves, and what is saved is what was shown', async ({
  page,
  host,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page, host, 'Diagnostics')
  await page.getByRole('button', { name: 'Make a bundle' }).click()
  const dialog = page.getByRole('dialog', { name: 'What would leave this computer' })
  const text = await dialog.getByRole('textbox', { name: 'The bundle' }).inputValue()
  expect(text).toContain('‹data directory›')
  await expect(dialog).toContainText('peer (4)')
  await expectNoIssueInAnyColour(page)
  await picture(page, 'diagnostics-bundle')
  await dialog.getByRole('button', { name: 'Copy for support' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text)
  await dialog.getByRole('button', { name: 'Save as a file' }).click()
  await expect(dialog).toContainText('espalier-support.txt')
  expect(host.calls.find(({ method }) => method === 'diagnostics.saveBundle')?.input).toEqual({ id: 'bundle-1' })
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
})

test('whoever only looks makes no bundle and mends nothing', async ({ page, host }) => {
  host.makeChecks = fixableChecksOf
  await open(page, host, 'Diagnostics', `${host.carrier.url}/#token=${READ_TOKEN}`)
  await expect(page.getByText('IDENTITY_EXPOSED')).toBeVisible()
  for (const name of ['Make a bundle', 'Copy for support', 'Close the file to others']) {
    await expect(page.getByRole('button', { name })).toHaveCount(0)
  }
})

test('an invite that was opened as a link asks, and joins nothing by itself', async ({ page, host }) => {
  host.view = {
    ...appViewOf(Date.now()),
    invite: {
      ...{ coordinatorUrl: 'https://orchard.example', networkId: 'n1', isInsecure: false },
      expiresAt: Date.now() + 86_400_000,
    },
  }
  host.say(servingStatus)
  await page.goto(host.url)
  const dialog = page.getByRole('dialog', { name: 'You opened an invite' })
  await expect(dialog).toContainText('https://orchard.example')
  await expect(dialog.getByRole('button', { name: 'Not now' })).toBeFocused()
  await expectNoIssueInAnyColour(page)
  await picture(page, 'overview-invited')
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  expect(host.calls.filter(({ method }) => method === 'app.answerInvite').map(({ input }) => input)).toEqual([
    { accept: false },
  ])
})

test('D-T34: reasons to rest, as far as this system can tell them, and quiet hours', async ({ page, host }) => {
  host.view = { ...appViewOf(Date.now()), canPauseFor: ['battery', 'quiet-hours'] }
  await open(page, host, 'Settings')
  await page.getByRole('switch', { name: 'Rest on battery' }).click()
  await expect.poll(() => host.settings.pauseOnBattery).toBe(true)
  await expect(page.getByRole('switch', { name: 'Rest on a paid connection' })).toBeDisabled()
  await page.getByRole('switch', { name: 'Quiet hours' }).click()
  await page.getByLabel('From').fill('23:15')
  await expect.poll(() => host.settings.quietHours).toEqual({ fromMinute: 23 * 60 + 15, toMinute: 7 * 60 })
  await page.getByRole('switch', { name: 'Start when you log in' }).click()
  await expect.poll(() => host.settings.startsAtLogin).toBe(true)
  // The switch shows what the system does, and it has not taken it over.
  await expect(page.getByRole('switch', { name: 'Start when you log in' })).not.toBeChecked()
  await expect(page.getByText('The system did not take it over')).toBeVisible()
  await expectNoIssueInAnyColour(page)
  await page.getByRole('heading', { name: 'You come first' }).scrollIntoViewIfNeeded()
  await picture(page, 'settings-rest')
})

test('D-T31: a refused update says so, and a headless host offers none of this', async ({ page, host }) => {
  const view = appViewOf(Date.now())
  const note =
    'An update could not be verified and was refused: its signature is not of this app’s makers. Nothing was installed.'
  host.view = { ...view, update: { ...view.update, state: 'refused', note } }
  await open(page, host, 'Settings')
  await expect(page.getByText('Nothing was installed')).toBeVisible()
  await page.getByRole('button', { name: 'Look again' }).click()
  await expect.poll(() => host.calls.some(({ method }) => method === 'app.update')).toBe(true)
  host.tellApp({ ...view, host: 'headless', startsAtLogin: null })
  await expect(page.getByRole('region', { name: 'This computer' })).toHaveCount(0)
})
