import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, expect, type Page, test } from '@playwright/test'
import { expectNoIssueInAnyColour } from './support/gallery'
import { complaintsOf } from './support/operator-journey'
import { headline, SCREENSHOT_DIR } from './support/page-test'

// Two computers, as far as two data directories on one are that: one hosts a network, the other comes in with an
// invite. Everything is real; the pages are those of `espalier serve`.

const root = fileURLToPath(new URL('..', import.meta.url))
const sample = join(root, 'resources/models/tiny-jargon-8.gguf')

let directory: string
const apps: ChildProcess[] = []

test.beforeAll(() => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-once.mjs')], { stdio: 'inherit' })
  expect(status).toBe(0)
})
test.beforeEach(async () => {
  test.setTimeout(300_000)
  directory = await mkdtemp(join(tmpdir(), 'espalier-invite-'))
})
test.afterEach(async () => {
  for (const app of apps.splice(0)) await end(app)
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

async function end(app: ChildProcess): Promise<void> {
  if (app.exitCode !== null || app.signalCode !== null) return
  const exited = new Promise((resolve) => app.once('exit', resolve))
  app.kill('SIGTERM')
  await exited
}

async function serve(name: string): Promise<{ app: ChildProcess; url: string }> {
  const args = ['serve', '--json', '--data-dir', join(directory, name), '--name', name, '--port', '0']
  const app = spawn(process.execPath, [join(root, 'out/main/cli.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // What the nodes of one user share lies here, so that no other node on this computer is in the way.
    env: { ...process.env, XDG_DATA_HOME: join(directory, 'user') },
  })
  apps.push(app)
  const url = await new Promise<string>((resolve, reject) => {
    let out = ''
    app.stdout.on('data', (chunk) => {
      out += chunk
      const found = /"ui":"(http:[^"]+)"/.exec(out)?.[1]
      if (found) resolve(found)
    })
    app.once('exit', () => reject(new Error(`espalier serve ended:\n${out}`)))
  })
  return { app, url }
}

async function open(browser: Browser, url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1180, height: 780 } })
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  await page.goto(url)
  return { page, complaints }
}

async function chooseWay(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('link', { name: 'Choose a network' }).click()
  await page.getByRole('radio', { name }).check()
}

test('H-29, C-23: an invite is pasted, looked at and used; hosting goes on after a restart', async ({ browser }) => {
  const first = await serve('host')
  const host = await open(browser, first.url)
  await chooseWay(host.page, /^Host a network/)
  await host.page.getByRole('button', { name: 'Go on to hosting' }).click()
  await host.page.getByRole('textbox', { name: 'Model file' }).fill(sample)
  await host.page.getByRole('button', { name: 'Host this network' }).click()
  await expect(headline(host.page)).toHaveText('Hosting a network', { timeout: 90_000 })
  await host.page.getByRole('button', { name: 'Make an invite' }).click()
  const dialog = host.page.getByRole('dialog')
  await expect(dialog).toContainText('espalier://invite?')
  const link = /espalier:\/\/invite\?[^\s"]+/.exec(await dialog.innerText())?.[0] ?? ''
  await host.page.getByRole('button', { name: 'Done' }).click()

  const guest = await serve('guest')
  const { page, complaints } = await open(browser, guest.url)
  await chooseWay(page, /invite/)
  const field = page.getByRole('textbox', { name: 'Invite link' })
  const look = page.getByRole('button', { name: /^Look at this/ })

  await field.fill('hntoken://v1/a.b.c')
  await look.click()
  await expect(page.getByText(/capability token, which a node gets once it is in/)).toBeVisible()
  await field.fill(`${link.slice(0, -8)}AAAAAAAA`)
  await look.click()
  await expect(page.getByText('INVITE_INVALID')).toBeVisible()
  await expect(page.getByText(/not made by this network, or was changed/)).toBeVisible()

  await field.fill(link)
  await page.getByRole('button', { name: 'Look at this invite' }).click()
  await expect(page.getByText(/A good invite/)).toBeVisible()
  await expect(page.getByText(/from http:\/\/127\.0\.0\.1:\d+, until .*lets one node in/)).toBeVisible()
  await page.screenshot({ path: join(SCREENSHOT_DIR, 'invite-1-looked-at.png'), fullPage: true })
  await expectNoIssueInAnyColour(page)
  // Looking has used nothing up and told nobody.
  await expect(host.page.getByText('Nobody has come yet')).toBeVisible()

  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(page.getByText('x_invite')).toBeVisible()
  await expect(page.getByText(/and [\d.]+.MB to fetch of a model of/)).toBeVisible()
  await expectNoIssueInAnyColour(page)
  await page.getByRole('button', { name: 'Join with this invite' }).click()
  await expect(page.getByText(/says: approved, blocks? /).first()).toBeVisible({ timeout: 60_000 })
  await expect(host.page.getByRole('row', { name: /guest/ })).toBeVisible()
  const dashboard = page.getByRole('link', { name: 'Open coordinator dashboard' })
  await expect(dashboard).toHaveAttribute('href', /^http:\/\/127\.0\.0\.1:\d+\/dashboard$/)
  await page.screenshot({ path: join(SCREENSHOT_DIR, 'invite-2-in.png') })
  await expectNoIssueInAnyColour(page)

  const late = await open(browser, (await serve('late')).url)
  await chooseWay(late.page, /invite/)
  await late.page.getByRole('textbox', { name: 'Invite link' }).fill(link)
  await late.page.getByRole('button', { name: 'Look at this invite' }).click()
  await expect(late.page.getByText('INVITE_USED')).toBeVisible()

  expect(host.complaints).toEqual([])
  await end(first.app)
  const again = await open(browser, (await serve('host')).url)
  await chooseWay(again.page, /^Host a network/)
  await again.page.getByRole('button', { name: 'Go on to hosting' }).click()
  await expect(headline(again.page)).toHaveText('Hosting a network', { timeout: 90_000 })
  await expect(again.page.getByText(/goes on because it was on when the app was left/)).toBeVisible()
  await expect(again.page.getByRole('row', { name: /guest/ })).toBeVisible()
  await expect(page.getByText(/says: approved, blocks? /).first()).toBeVisible({ timeout: 60_000 })
  await again.page.screenshot({ path: join(SCREENSHOT_DIR, 'invite-3-hosting-goes-on.png') })
  for (const seen of [complaints, late.complaints, again.complaints]) expect(seen).toEqual([])
})
