import type { Page } from '@playwright/test'
import { expectNoIssueInAnyColour, SIZES } from './support/gallery'
import { expect, headline, test } from './support/page-test'
import { READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import { servingStatus, stoppedStatus } from './support/status-fixtures'

const box = (page: Page) => page.getByRole('combobox', { name: 'Go to a page, or do something' })
const marked = (page: Page) => page.getByRole('option', { selected: true })

async function open(page: Page, host: ScriptedHost, make: (at: number) => ReturnType<typeof servingStatus>) {
  await page.setViewportSize(SIZES.wide)
  host.say(make)
  await page.goto(host.url)
  await expect(headline(page)).toHaveText(make(0).headline)
}

test('H-30: every page and command is reached by keyboard alone, and the focus comes back', async ({ page, host }) => {
  await open(page, host, servingStatus)
  const opener = page.getByRole('button', { name: /^Commands/ })
  await opener.focus()
  await page.keyboard.press('Enter')
  await expect(box(page)).toBeFocused()
  await expect(box(page)).toHaveAttribute('aria-activedescendant', /page-overview$/)
  await expect(page.getByRole('option')).not.toHaveCount(0)
  await expectNoIssueInAnyColour(page)

  // Letters find, arrows choose, and the marked one is named to screen readers.
  await page.keyboard.type('sh')
  await expect(marked(page)).toContainText('Shards')
  await page.keyboard.press('ArrowDown')
  const second = await marked(page).getAttribute('id')
  await expect(box(page)).toHaveAttribute('aria-activedescendant', second ?? '')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('option').last()).toHaveAttribute('aria-selected', 'true')

  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(opener).toBeFocused()

  await page.keyboard.press('Control+k')
  await page.keyboard.type('diagn')
  await page.keyboard.press('Enter')
  await expect(headline(page)).toHaveText('Diagnostics')
  await expect(headline(page)).toBeFocused()
})

test('H-30: what cannot be done says why, and what ends something asks first', async ({ page, host }) => {
  await open(page, host, servingStatus)
  let stops = 0
  host.onStop = () => {
    stops += 1
    host.say(stoppedStatus)
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('start the node')
  await expect(marked(page)).toHaveAttribute('aria-disabled', 'true')
  await expect(marked(page)).toContainText('It is running')
  await page.keyboard.press('Enter')
  await expect(box(page)).toBeVisible()
  expect(host.calls.some(({ method }) => method === 'node.start')).toBe(false)

  await box(page).fill('zzz')
  await expect(page.getByText('Nothing here is called that.')).toBeVisible()
  await box(page).fill('stop node')
  await page.keyboard.press('Enter')
  const question = page.getByRole('dialog', { name: 'Stop the node?' })
  await question.getByRole('button', { name: 'Keep it running' }).click()
  expect(stops).toBe(0)
  const opener = page.getByRole('button', { name: /^Commands/ })
  await opener.focus()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('stop node')
  await page.keyboard.press('Enter')
  await question.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(headline(page)).toHaveText('Stopped')
  expect(stops).toBe(1)
  await expect(opener).toBeFocused()
})

test('H-30: the keys are listed in one place, and the first of them leads past the menu', async ({ page, host }) => {
  await open(page, host, servingStatus)
  await page.keyboard.press('Control+/')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByRole('row')).toHaveCount(8)
  // Nothing opens over something that is open.
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toHaveCount(1)
  await page.keyboard.press('Escape')

  await page.reload()
  await expect(headline(page)).toHaveText(servingStatus(0).headline)
  await page.keyboard.press('Tab')
  const skip = page.getByRole('link', { name: 'Skip to the page' })
  await expect(skip).toBeFocused()
  await expect(skip).toBeInViewport()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
  await expect(headline(page)).toHaveText(servingStatus(0).headline)
})

test('a link that only looks is offered no change', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
  await expect(headline(page)).toHaveText(servingStatus(0).headline)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('stop node')
  await expect(marked(page)).toContainText('This link can look and not change')
  await expect(marked(page)).toHaveAttribute('aria-disabled', 'true')
})
