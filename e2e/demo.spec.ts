import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, type Page, test } from '@playwright/test'

// The real thing in a real browser: a demonstration network of real processes, and the page of its first node.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Set to a folder to renew the pictures of the README. */
const PICTURES = process.env.ESPALIER_PICTURES

let demo: ChildProcess
let url: string

test.beforeAll(async () => {
  test.setTimeout(180_000)
  execFileSync(process.execPath, [join(ROOT, 'scripts/build-once.mjs')], { stdio: ['ignore', 2, 2] })
  demo = spawn(process.execPath, [join(ROOT, 'out/main/cli.js'), 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] })
  url = await new Promise<string>((resolve, reject) => {
    let out = ''
    demo.stdout?.on('data', (chunk) => {
      out += chunk
      const found = /Open (http:\S+)/.exec(out)?.[1]
      if (found) resolve(found)
    })
    demo.once('exit', () => reject(new Error(`the demo ended:\n${out}`)))
  })
})

test.afterAll(async () => {
  if (demo.exitCode !== null) return
  const ended = new Promise((resolve) => demo.once('exit', resolve))
  demo.kill('SIGINT')
  await ended
})

function watchConsole(page: Page): string[] {
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (error) => errors.push(error.message))
  return errors
}

test('shows what others confirmed, and answers a prompt through three nodes', async ({ page }) => {
  const errors = watchConsole(page)
  await page.setViewportSize({ width: 1440, height: 960 })
  await page.goto(url)
  await expect(page.getByRole('heading', { name: 'Serving blocks 0–2' })).toBeVisible()
  await expect(page.getByText('DEMO').first()).toBeVisible()
  for (const name of ['second-quince', 'third-fig']) await expect(page.getByText(name).first()).toBeVisible()
  await expect(page.getByText('Not saved')).toHaveCount(0)
  // The token is not left where a screenshot or a bookmark would carry it on.
  expect(page.url()).not.toContain('token')

  await takePictures(page, 'overview')
  const prompt = page.getByRole('textbox', { name: /prompt/i })
  await prompt.fill('A hacker is')
  await prompt.press('Enter')
  await expect(page.getByText('often used of people').first()).toBeVisible()
  await expect(page.getByText(/tokens\/s/).first()).toBeVisible()
  await takePictures(page, 'try-it')
  expect(errors).toEqual([])
})

async function takePictures(page: Page, name: string): Promise<void> {
  if (!PICTURES) return
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`), fullPage: true })
  }
}
