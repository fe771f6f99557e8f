import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, headline, SCREENSHOT_DIR, test } from './support/page-test'
import type { ScriptedHost } from './support/scripted-host'
import { ALL_STATES, demoStatus } from './support/status-fixtures'

const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'small', width: 900, height: 600 },
  { name: 'phone', width: 390, height: 844 },
] as const
const SCHEMES = ['light', 'dark'] as const

async function expectNoSeriousIssue(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  expect(serious).toEqual([])
}

/** Nothing may be cut off or make the page scroll sideways, at any size and in either colour. */
async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const { name: size, ...viewport } of SIZES) {
      await page.setViewportSize(viewport)
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
        .toBe(0)
      await page.screenshot({ path: join(SCREENSHOT_DIR, `${name}-${colorScheme}-${size}.png`), fullPage: true })
    }
    await page.setViewportSize(SIZES[0])
    await expectNoSeriousIssue(page)
  }
}

for (const [name, make] of Object.entries(ALL_STATES)) {
  test(`${name}: fits every size, and axe finds nothing serious in light and dark`, async ({ page, host }) => {
    host.say(make)
    await page.goto(host.url)
    await expect(headline(page)).toHaveText(make(0).headline)
    await look(page, name)
  })
}

async function answered(page: Page, host: ScriptedHost): Promise<void> {
  host.say(demoStatus)
  host.tokenIntervalMs = 5
  await page.goto(host.url)
  await page.getByRole('textbox', { name: 'Prompt' }).fill('A hacker is')
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Complete')).toBeVisible()
}

test('answer: fits every size, and axe finds nothing serious in light and dark', async ({ page, host }) => {
  await answered(page, host)
  await look(page, 'answer')
})

test('no contact: fits every size, and axe finds nothing serious in light and dark', async ({
  page,
  host,
  complaints,
}) => {
  complaints.expectOnly(/WebSocket connection to .* failed/)
  await answered(page, host)
  await host.carrier.close()
  await expect(headline(page)).toHaveText('No contact with the node')
  await look(page, 'no-contact')
})

test('wrong link: fits every size, and axe finds nothing serious in light and dark', async ({ page, host }) => {
  await page.goto(`${host.carrier.url}/#token=not-the-token-of-this-host-at-all`)
  await expect(headline(page)).toHaveText('This link is not valid here')
  await look(page, 'wrong-link')
})
