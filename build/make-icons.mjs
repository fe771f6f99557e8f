// Draws every icon file from resources/icons/*.svg with Chromium: `npm run icons`. The results are committed, because
// builds on Windows and macOS need them and should need no browser.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { findChromium } from '../scripts/chromium.mjs'
import { icnsOf, icoOf } from './icon-containers.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
/** Up to here hairlines would vanish: another drawing, with fewer and bolder lines. */
const LARGEST_SMALL = 48
const WINDOW_ICON = 512

const small = await readFile(join(root, 'resources/icons/espalier-small.svg'), 'utf8')
const large = await readFile(join(root, 'resources/icons/espalier.svg'), 'utf8')

const executablePath = findChromium()
if (!executablePath) throw new Error('Icons are drawn with Chromium. Install it, or set CHROMIUM_PATH to one.')
const browser = await chromium.launch({ executablePath })
const pngs = new Map()
try {
  const page = await browser.newPage()
  for (const size of SIZES) {
    const drawing = Buffer.from(size <= LARGEST_SMALL ? small : large).toString('base64')
    await page.setViewportSize({ width: size, height: size })
    await page.setContent(
      `<style>body{margin:0}img{display:block}</style><img width="${size}" height="${size}" src="data:image/svg+xml;base64,${drawing}">`,
    )
    await page.locator('img').evaluate((image) => image.decode())
    pngs.set(size, await page.screenshot({ omitBackground: true }))
  }
} finally {
  await browser.close()
}

await mkdir(join(root, 'build/icons'), { recursive: true })
for (const size of SIZES.filter((size) => size <= 512)) {
  await writeFile(join(root, `build/icons/${size}x${size}.png`), pngs.get(size))
}
await writeFile(join(root, 'build/icon.icns'), icnsOf(pngs))
await writeFile(join(root, 'build/icon.ico'), icoOf(pngs))
await writeFile(join(root, `resources/icons/espalier-${WINDOW_ICON}.png`), pngs.get(WINDOW_ICON))
