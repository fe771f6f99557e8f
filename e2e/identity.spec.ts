import { join } from 'node:path'
import { expectNoIssueInAnyColour, SIZES } from './support/gallery'
import { expect, SCREENSHOT_DIR, test } from './support/page-test'
import { stoppedStatus } from './support/status-fixtures'
import { appViewOf, IDENTITY } from './support/view-fixtures'

test('an identity is backed up in Settings, and what the disk does not take stands on every page', async ({
  page,
  host,
}) => {
  await page.setViewportSize(SIZES.wide)
  host.say(stoppedStatus)
  await page.goto(host.url)
  await page.getByRole('link', { name: 'Settings' }).click()
  const card = page.getByRole('region', { name: 'Identity' })
  await expect(card).toContainText(IDENTITY.peerId ?? '')
  await card.getByRole('button', { name: 'Export…' }).click()
  await card.getByRole('button', { name: 'Choose…' }).click()
  await expect(card.getByLabel('File on the node’s computer')).toHaveValue('/home/kim/models/chosen.gguf')
  await card.getByLabel('Passphrase').fill('korrekt pferd batterie')
  await card.getByLabel('The same again').fill('korrekt pferd')
  await expectNoIssueInAnyColour(page)
  await card.screenshot({ path: join(SCREENSHOT_DIR, 'identity-export.png') })
  await card.getByLabel('The same again').fill('korrekt pferd batterie')
  await card.getByRole('button', { name: 'Write the backup' }).click()
  await expect(card.getByRole('status')).toContainText('The backup is')

  host.identity = { ...IDENTITY, state: 'damaged', peerId: null, problem: 'The identity file cannot be read' }
  host.token = { ...host.token, found: 'HF_TOKEN' }
  host.tellApp({
    ...appViewOf(Date.now()),
    unsaved: [
      { file: 'settings.json', cause: 'ENOSPC: no space left on device, write', count: 3, since: Date.now() },
      { file: 'espalier.log', cause: 'ENOSPC: no space left on device, write', count: 9, since: Date.now() },
    ],
  })
  await page.reload()
  await expect(page.getByRole('alert')).toHaveText('Not saved: the settings, the log.')
  await expect(card).toContainText('Nothing is done about it by itself.')
  await expect(card.getByRole('button', { name: 'Bring back the copy' })).toBeEnabled()
  await expectNoIssueInAnyColour(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: join(SCREENSHOT_DIR, 'settings-dark.png'), fullPage: true })
  await page.setViewportSize(SIZES.phone)
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
    .toBe(0)
  await card.screenshot({ path: join(SCREENSHOT_DIR, 'identity-damaged-phone.png') })
  await page.getByRole('button', { name: 'Use it' }).click()
  await expect(page.getByText('is set where this program was started')).toHaveCount(0)
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByRole('alert')).toHaveText('Not saved: the settings, the log.')
})
