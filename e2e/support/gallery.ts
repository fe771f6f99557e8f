import { mkdirSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from './page-test'

export const SIZES = {
  wide: { width: 1180, height: 780 },
  small: { width: 900, height: 600 },
  phone: { width: 390, height: 844 },
} as const

const SCHEMES = ['light', 'dark'] as const

/** Where pictures go; without it the pages are looked at, and no picture is kept. */
export const GALLERY_DIR = process.env.ESPALIER_GALLERY
if (GALLERY_DIR) mkdirSync(GALLERY_DIR, { recursive: true })

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

/** Text stays crisp; all of the gallery stays below six megabytes. */
const WEBP_QUALITY = 36

/**
 * Pictures in light and dark of what a window shows; of long pages that is the beginning. Nothing may make a page
 * scroll sideways at any size.
 */
export async function picture(page: Page, name: string): Promise<void> {
  for (const size of ['small', 'wide', 'phone'] as const) {
    await page.setViewportSize(SIZES[size])
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
      .toBe(0)
    // Between the two others: the phone's head, the large window's columns.
    if (GALLERY_DIR && size !== 'small') await shoot(page, `${join(GALLERY_DIR, name)}-${size}`)
  }
  await page.setViewportSize(SIZES.wide)
}

async function shoot(page: Page, path: string): Promise<void> {
  // A pointer left on a button, or a colour half way to the next, is not what people see.
  await page.mouse.move(0, 0)
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)))
    await writeFile(`${path}-${colorScheme}.webp`, await webpOf(page))
  }
}

/** What the page shows, as WebP: a quarter of a PNG's size. Playwright itself writes PNG and JPEG only. */
async function webpOf(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  try {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: WEBP_QUALITY })
    return Buffer.from(data, 'base64')
  } finally {
    await session.detach()
  }
}

/** The page beside the pictures that shows them all; made from what lies there. */
export async function writeIndex(): Promise<void> {
  if (!GALLERY_DIR) return
  const files = (await readdir(GALLERY_DIR)).filter((name) => name.endsWith('.webp'))
  const states = [...new Set(files.map((name) => name.replace(/-[a-z]+-(light|dark)\.webp$/, '')))].toSorted()
  const lines = [
    '# Gallery',
    '',
    'Every page in every state, light and dark, in a window of the usual size and on a phone. Made by the page tests, with',
    'made-up figures: `npx playwright test e2e/gallery.spec.ts` with `ESPALIER_GALLERY=docs/screenshots/gallery`.',
  ]
  for (const state of states) {
    const [name = '', ...rest] = state.split('-')
    const heading = `## ${name.charAt(0).toUpperCase()}${name.slice(1)}`
    if (!lines.includes(heading)) lines.push('', heading)
    const images = ['wide-light', 'wide-dark', 'phone-light', 'phone-dark'].flatMap((kind) => {
      const file = `${state}-${kind}.webp`
      const width = kind.startsWith('wide') ? 330 : 90
      const alt = `${state.replaceAll('-', ' ')}, ${kind.replace('-', ', ')}`
      return files.includes(file) ? [`<img src="gallery/${file}" width="${width}" alt="${alt}">`] : []
    })
    lines.push('', `### ${rest.length > 0 ? rest.join(' ') : 'as it mostly is'}`, '', ...images)
  }
  await writeFile(join(GALLERY_DIR, '../README.md'), `${lines.join('\n')}\n`)
}
