import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from './page-test'

export const SIZES = {
  wide: { width: 1440, height: 900 },
  small: { width: 900, height: 600 },
  phone: { width: 390, height: 844 },
} as const
export type Size = keyof typeof SIZES

const SCHEMES = ['light', 'dark'] as const

/** Where pictures go. People look at them and choose; nothing in the repository depends on them. */
export const GALLERY_DIR = process.env.ESPALIER_GALLERY ?? mkdtempSync(join(tmpdir(), 'espalier-gallery-'))

export async function expectNoSeriousIssue(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  expect(serious).toEqual([])
}

export async function expectNoIssueInAnyColour(page: Page): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expectNoSeriousIssue(page)
  }
}

/**
 * Pictures in light and dark: what a window of that size shows, and where the page is longer, the whole of it in a
 * window that is as tall (`-full`). Nothing may make the page scroll sideways.
 */
export async function picture(page: Page, name: string, sizes: readonly Size[] = ['wide']): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size])
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
        .toBe(0)
      // A pointer left on a button, or a colour half way to the next, is not what people see.
      await page.mouse.move(0, 0)
      await shoot(page, `${name}-${size}-${colorScheme}`)
      const { width, height } = SIZES[size]
      const fullHeight = await page.evaluate(() => document.documentElement.scrollHeight)
      if (fullHeight <= height + 8) continue
      await page.setViewportSize({ width, height: fullHeight })
      await shoot(page, `${name}-${size}-${colorScheme}-full`)
    }
  }
  await page.setViewportSize(SIZES.wide)
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(GALLERY_DIR, `${name}.png`), animations: 'disabled' })
}
