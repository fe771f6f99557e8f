import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { ScriptedHost } from './scripted-host'

/** Screenshots are for people to look at; they lie outside the repository. */
export const SCREENSHOT_DIR = process.env.ESPALIER_SCREENSHOTS ?? join(tmpdir(), 'espalier-screenshots')

export interface PageFixtures {
  host: ScriptedHost
  /** What the page complained about. Every test ends with a look at it. */
  complaints: { expectOnly(pattern: RegExp): void }
}

export const test = base.extend<PageFixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern, even an empty one
  host: async ({}, use) => {
    const host = await ScriptedHost.start()
    await use(host)
    await host.stop()
  },
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      let allowed: RegExp | null = null
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          complaints.push(`${message.text()} (${message.location().url})`)
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await use({
        expectOnly(pattern) {
          allowed = pattern
        },
      })
      expect(complaints.filter((text) => !allowed?.test(text))).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export function headline(page: Page) {
  return page.getByRole('heading', { level: 1 })
}
