import { test as base, type Page } from '@playwright/test'
import QRCode from 'qrcode'
import type { FeedLoad } from '../src-dashboard/feed'
import { EspalierError } from '../src-shared/errors'
import { complete, crowd, empty, orchard, worker } from './support/dashboard-fixtures'
import { DashboardHost, HOST_TOKEN } from './support/dashboard-host'
import { expectNoIssueInAnyColour, picture } from './support/gallery'
import { expect, headline } from './support/page-test'

const test = base.extend<{ host: DashboardHost; complaints: { expectOnly(pattern: RegExp): void } }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern, even an empty one
  host: async ({}, use) => {
    const host = await DashboardHost.start(orchard(Date.now()))
    await use(host)
    await host.goAway()
  },
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      let allowed: RegExp | null = null
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
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

test.beforeEach(({ page }) => page.setViewportSize({ width: 1440, height: 900 }))

async function look(page: Page, name: string): Promise<void> {
  await picture(page, `dashboard-${name}`)
  await expectNoIssueInAnyColour(page)
}

async function open(page: Page, host: DashboardHost): Promise<void> {
  await page.goto(host.url)
  await expect(headline(page)).not.toHaveText('Asking the coordinator')
}

async function signIn(page: Page, token = HOST_TOKEN): Promise<void> {
  await page.getByRole('button', { name: 'I am the host' }).click()
  await page.getByLabel('Admin token').fill(token)
  await page.getByRole('button', { name: 'Use it' }).click()
}

test.describe('what it shows', () => {
  test('C-12, C-13: gaps, states, numbers and the reasons for every assignment', async ({ page, host }) => {
    await open(page, host)
    await expect(headline(page)).toHaveText('Blocks 12–19 are missing')
    await expect(page.getByText('Nobody serves blocks 12–19 yet')).toBeVisible()
    await expect(page.getByText('Blocks 12–19: assigned, not served yet.')).toBeVisible()
    await expect(page.getByText('The first that nobody served', { exact: false })).toBeAttached()
    await expect(page.getByLabel('The network in numbers')).toContainText('75')
    await look(page, 'reader')
  })

  test('the host sees whole ids and may decide', async ({ page, host }) => {
    await open(page, host)
    await expect(page.getByRole('button', { name: /^Approve/ })).toHaveCount(0)
    await signIn(page)
    await expect(page.getByRole('button', { name: 'Approve late-damson' })).toBeVisible()
    await look(page, 'host')
  })

  test('a whole network', async ({ page, host }) => {
    host.say(() => complete(Date.now()))
    await open(page, host)
    await expect(headline(page)).toHaveText('Every block is served')
    await look(page, 'complete')
  })

  test('nobody has come yet', async ({ page, host }) => {
    host.say(() => empty(Date.now()))
    await open(page, host)
    await expect(page.getByText('No worker has come yet')).toBeVisible()
    await look(page, 'empty')
  })

  test('loading', async ({ page, host }) => {
    host.isSilent = true
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Asking the coordinator')
    await look(page, 'loading')
    host.isSilent = false
    await expect(headline(page)).toHaveText('Blocks 12–19 are missing')
  })

  test('the coordinator goes away and comes back', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/)
    await open(page, host)
    await host.goAway()
    await expect(headline(page)).toHaveText('The coordinator does not answer')
    await expect(page.getByText(/Last news .* Trying again/)).toBeVisible()
    await look(page, 'away')
    await host.listen()
    host.say(() => complete(Date.now()))
    await expect(headline(page)).toHaveText('Every block is served')
  })

  test('C-16: a thousand workers are drawn a screen at a time, and found', async ({ page, host }) => {
    host.say(() => crowd(Date.now()))
    await open(page, host)
    await expect(page.getByRole('heading', { name: /^Workers/ })).toContainText('1,000')
    expect(await page.locator('tbody tr').count()).toBeLessThan(60)
    await page.evaluate(() => window.scrollTo(0, 30_000))
    await expect(
      page.locator('tr[data-index="400"], tr[data-index="420"], tr[data-index="440"]').first(),
    ).toBeAttached()
    await page.getByRole('searchbox').fill('tree-0777')
    await expect(page.locator('tbody tr th')).toHaveText(/tree-0777/)
    await page.getByRole('searchbox').fill('')
    await page.evaluate(() => window.scrollTo(0, 700))
    await look(page, 'crowd')
    await expectNoIssueInAnyColour(page)
  })
})

test.describe('what the host decides', () => {
  test('removes a worker with a reason, after a second question', async ({ page, host }) => {
    await open(page, host)
    await expect(page.getByRole('button', { name: 'Remove first-pear' })).toHaveCount(0)
    await signIn(page)
    await page.getByRole('button', { name: 'Remove first-pear' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText('Its app may ask to join again')
    await dialog.getByRole('textbox').fill('sold')
    await dialog.getByRole('button', { name: 'Remove' }).click()
    const id = host.documents.workers.find(({ nickname }) => nickname === 'first-pear')?.worker_id
    await expect.poll(() => host.requests).toContain(`DELETE /workers/${id} {"reason":"sold"}`)
  })

  test('S-10: sends LOAD_SHARD again, follows it, takes it back, and reads why it was refused', async ({
    page,
    host,
    complaints,
  }) => {
    complaints.expectOnly(/409/)
    const id = host.documents.workers.find(({ nickname }) => nickname === 'third-fig')?.worker_id
    const become = (load: Partial<FeedLoad>) =>
      host.say((before) => ({
        ...before,
        workers: before.workers.map((row) =>
          row.worker_id === id
            ? { ...row, x_load: { state: 'sending', attempt: 1, attempts: 7, at: Date.now(), isAsked: true, ...load } }
            : row,
        ),
      }))
    host.onDecision = (kind) => become(kind === 'load' ? { state: 'sending' } : { state: 'cancelled' })
    await open(page, host)
    const row = page.getByRole('row', { name: /third-fig/ })
    await expect(row).toContainText('weakest part')
    await expect(row).not.toContainText('LOAD_SHARD')
    await expect(page.getByRole('button', { name: /LOAD_SHARD/ })).toHaveCount(0)
    await signIn(page)
    await expect(row).toContainText(/LOAD_SHARD answered: it is fetching, 112\sMB of 1\.09\sGB, 2\smin/)
    await page.getByRole('button', { name: 'Send LOAD_SHARD to third-fig again' }).click()
    await expect(row).toContainText('Sending LOAD_SHARD…')
    expect(host.requests).toContain(`POST /workers/${id}/load`)
    become({ attempt: 3, trouble: new EspalierError('SHARD_NOT_ASSIGNED', 'blocks 12–19').report() })
    await expect(row).toContainText('Sending LOAD_SHARD, try 3 of 7: the command is about blocks')
    await page.getByRole('button', { name: 'Cancel what third-fig loads' }).click()
    await expect(row).toContainText('Loading was cancelled, ')
    expect(host.requests).toContain(`DELETE /workers/${id}/load`)
    host.refusal = new EspalierError('LOAD_NOT_SENT', 'it gave no peer id, so it takes no commands')
    await page.getByRole('button', { name: 'Send LOAD_SHARD to third-fig again' }).click()
    await expect(page.getByRole('alert')).toContainText('it gave no peer id')
    // Who has no blocks has nothing to load.
    await expect(page.getByRole('button', { name: /LOAD_SHARD to spare-cherry/ })).toHaveCount(0)
  })

  test('approves with a word, after a second question', async ({ page, host }) => {
    host.onDecision = (_kind, id) =>
      host.say((before) => ({
        ...before,
        workers: before.workers.map((row) =>
          row.worker_id === id
            ? { ...row, status: 'standby', x_decision: { reason: 'kept in reserve', by: 'the host', at: Date.now() } }
            : row,
        ),
      }))
    await open(page, host)
    await signIn(page)
    const id = host.documents.workers.find(({ nickname }) => nickname === 'late-damson')?.worker_id
    await page.getByRole('button', { name: 'Approve late-damson' }).click()
    await expect(page.getByRole('dialog')).toContainText('Approve late-damson?')
    await look(page, 'approve')
    await page.getByRole('textbox', { name: /word for its operator/ }).fill('Welcome to the orchard')
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Approve late-damson' })).toHaveCount(0)
    expect(host.requests).toContain(`POST /workers/${id}/approve {"reason":"Welcome to the orchard"}`)
  })

  test('rejects with a reason; Escape takes nothing away', async ({ page, host }) => {
    await open(page, host)
    await signIn(page)
    await page.getByRole('button', { name: 'Reject late-damson' }).click()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.getByRole('button', { name: 'Reject late-damson' }).click()
    await page.getByRole('textbox').last().fill('Members only')
    await look(page, 'reject')
    await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
    await expect.poll(() => host.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1)
    expect(host.requests.at(-1)).toContain('/reject {"reason":"Members only"}')
  })

  test('C-14, C-15: quantization and split say that they apply to new assignments', async ({ page, host }) => {
    const settings: string[] = []
    host.onSetting = (name, value) => settings.push(`${name}=${value}`)
    await open(page, host)
    await expect(page.getByText('Applies to new assignments.', { exact: false })).toBeVisible()
    await expect(page.getByText('Recommended split', { exact: true })).toBeVisible()
    await signIn(page)
    await page.getByLabel('Recommended split', { exact: true }).fill('4')
    await page.getByRole('button', { name: 'Save the recommended split' }).click()
    await expect.poll(() => settings).toEqual(['target-workers=4'])
    await page.getByLabel('Quantization', { exact: true }).selectOption('Q8_0')
    await page.getByRole('button', { name: 'Save the quantization' }).click()
    await expect.poll(() => settings).toEqual(['target-workers=4', 'quantization=Q8_0'])
  })
})

test('H-29: an invite is a link and a picture of it', async ({ page, host }) => {
  await open(page, host)
  await expect(page.getByRole('heading', { name: 'Invites' })).toHaveCount(0)
  await signIn(page)
  await page.getByRole('textbox', { name: /For whom/ }).fill('Ada’s workstation')
  await page.getByRole('button', { name: 'Make an invite' }).click()
  await expect(page.getByRole('dialog')).toContainText('espalier://invite?')
  const drawn = await page
    .getByRole('img', { name: /QR code/ })
    .locator('path')
    .getAttribute('d')
  const link = host.invites[0]?.link ?? ''
  expect(await QRCode.toString(link, { type: 'svg', margin: 4 })).toContain(`d="${drawn}"`)
  await look(page, 'invite')
  await page.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('list', { name: 'Invites' })).toContainText('Ada’s workstation')
})

test.describe('the token', () => {
  test('is asked for once, stays in the tab and in headers, and can be given back', async ({ page, host, context }) => {
    const addresses: string[] = []
    page.on('request', (request) => addresses.push(request.url()))
    await open(page, host)
    await signIn(page)
    await expect(page.getByRole('button', { name: 'Approve late-damson' })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('button', { name: 'Approve late-damson' })).toBeVisible()
    expect(addresses.filter((address) => address.includes(HOST_TOKEN))).toEqual([])
    expect(await page.evaluate(() => JSON.stringify({ ...window.localStorage }))).not.toContain(HOST_TOKEN)
    expect(await context.cookies()).toEqual([])
    const other = await context.newPage()
    await other.goto(host.url)
    await expect(other.getByText('Read-only')).toBeVisible()
    await page.getByRole('button', { name: 'Give the token back' }).click()
    await expect(page.getByText('Read-only')).toBeVisible()
    await expect(page.getByRole('button', { name: /^Approve/ })).toHaveCount(0)
    const id = host.documents.workers[0]?.worker_id ?? 'none'
    await expect(page.getByRole('button', { name: `Copy the worker id ${id.slice(0, 8)}…` })).toBeVisible()
    expect(await page.content()).not.toContain(id)
  })

  test('a wrong one is named as wrong', async ({ page, host, complaints }) => {
    complaints.expectOnly(/401/)
    await open(page, host)
    await signIn(page, 'not-the-token')
    await expect(page.getByRole('alert')).toContainText('does not know this token')
    await look(page, 'wrong-token')
    await page.getByLabel('Admin token').fill(HOST_TOKEN)
    await page.getByRole('button', { name: 'Use it' }).click()
    await expect(page.getByRole('button', { name: 'Approve late-damson' })).toBeVisible()
  })
})

test('C-43: one request feeds the whole page, and no second one follows while it is answered', async ({
  page,
  host,
}) => {
  await open(page, host)
  for (let round = 0; round < 5; round += 1) {
    host.say((before) => ({
      ...before,
      workers: [...before.workers, worker(Date.now(), { nickname: `new-${round}`, status: 'pending' })],
    }))
    await page.waitForTimeout(700)
  }
  await expect(page.getByText('new-4').first()).toBeVisible()
  await page.waitForTimeout(7_000)
  expect(host.requests).toEqual(['GET /events'])
})

test('everything can be done with the keyboard alone', async ({ page, host }) => {
  await open(page, host)
  await page.getByRole('button', { name: 'I am the host' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type(HOST_TOKEN)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Reject quiet-mulberry-4127' }).focus()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Approve quiet-mulberry-4127' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect.poll(() => host.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1)
})

test('a name full of markup, controls and letters without end stays a name', async ({ page, host }) => {
  host.say((before) => ({
    ...before,
    workers: [
      worker(Date.now(), { nickname: '<img src=x onerror=alert(1)>\u202e\u001b[31m', status: 'pending' }),
      worker(Date.now(), { nickname: 'W'.repeat(200), status: 'pending', device_name: 'x'.repeat(200) }),
      ...before.workers,
    ],
  }))
  for (const width of [1440, 900, 390, 360]) {
    await page.setViewportSize({ width, height: 900 })
    await open(page, host)
    await expect(page.getByText('<img src=x', { exact: false }).first()).toBeVisible()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    )
  }
})

test.describe('for a browser that wishes German', () => {
  test.use({ locale: 'de-CH' })

  test('the page is German, with what only the host may do', async ({ page, host }) => {
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Blöcke 12–19 fehlen')
    await expect(page.locator('html')).toHaveAttribute('lang', 'de')
    await page.getByRole('button', { name: 'Ich bin der Host' }).click()
    await page.getByLabel('Admin-Token').fill(HOST_TOKEN)
    await page.getByRole('button', { name: 'Benutzen' }).click()
    await expect(page.getByRole('heading', { name: 'Einladungen' })).toBeVisible()
    await expect(page.getByText('Empfohlene Aufteilung', { exact: true })).toBeVisible()
    await expect(page.getByText('Letzte Anfragen')).toBeVisible()
  })
})
