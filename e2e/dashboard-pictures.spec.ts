import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { orchard } from './support/dashboard-fixtures'
import { DashboardHost, HOST_TOKEN } from './support/dashboard-host'

// The pictures of docs/coordinator.md: the dashboard, and how somebody is let in.
const DIRECTORY = process.env.ESPALIER_PICTURES

async function shoot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(DIRECTORY ?? '', `dashboard-${name}.png`), animations: 'disabled' })
}

test('pictures of the dashboard and of an approval', async ({ page }) => {
  test.skip(DIRECTORY === undefined, 'ESPALIER_PICTURES names the folder')
  const host = await DashboardHost.start(orchard(Date.now()))
  host.onDecision = (_kind, id, reason) =>
    host.say((before) => {
      const now = Date.now()
      const decision = { reason, by: 'the host', at: now }
      const nickname = before.workers.find(({ worker_id }) => worker_id === id)?.nickname ?? null
      return {
        ...before,
        workers: before.workers.map((row) =>
          row.worker_id === id
            ? {
                ...row,
                status: 'online',
                layers_start: 12,
                layers_end: 20,
                x_assignment_reason: 'blocks 12–19: served by nobody',
                x_decision: decision,
              }
            : row,
        ),
        decisions: [{ id: 10, worker_id: id, nickname, decision: 'approved', ...decision }, ...before.decisions],
      }
    })
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1440, height: 1180 })
  await page.goto(host.url)
  await page.getByRole('button', { name: 'I am the host' }).click()
  await page.getByLabel('Admin token').fill(HOST_TOKEN)
  await page.getByRole('button', { name: 'Use it' }).click()
  await expect(page.getByRole('button', { name: 'Approve late-damson' })).toBeVisible()
  await shoot(page, 'light')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await shoot(page, 'dark')
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, 'phone')

  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1240, height: 760 })
  await page.getByRole('button', { name: 'Approve quiet-mulberry-4127' }).click()
  await page.getByRole('textbox', { name: /word for its operator/ }).fill('Welcome to the orchard')
  await shoot(page, 'approval-1-asked')
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await expect(page.getByRole('button', { name: 'Approve quiet-mulberry-4127' })).toHaveCount(0)
  await shoot(page, 'approval-2-approved')
  await page.getByRole('heading', { name: 'Decisions' }).scrollIntoViewIfNeeded()
  await page.evaluate(() => window.scrollBy(0, 420))
  await shoot(page, 'approval-3-noted')
  await host.goAway()
})
