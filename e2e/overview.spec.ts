import { expect, headline, test } from './support/page-test'
import { OPERATOR_TOKEN, READ_TOKEN, ScriptedHost } from './support/scripted-host'
import {
  demoStatus,
  fetchingStatus,
  problemStatus,
  servingStatus,
  startingStatus,
  stoppedStatus,
  waitingStatus,
} from './support/status-fixtures'
import { rejectedStatus } from './support/view-fixtures'

test('a node goes from stopped to serving, and the page tells each step', async ({ page, host }) => {
  host.say(stoppedStatus)
  host.onStart = () => host.say(startingStatus)
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Stopped')
  await expect(page.getByRole('img', { name: 'stopped', exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'No model yet' })).toBeVisible()

  await page.getByRole('button', { name: 'Start' }).click()
  await expect(headline(page)).toHaveText('Connecting')
  await expect(page.getByRole('img', { name: 'working', exact: true })).toBeVisible()

  host.say(fetchingStatus)
  await expect(headline(page)).toHaveText('Getting the model’s blocks, 62 %')
  await expect(page.getByRole('progressbar')).toHaveAttribute('aria-valuetext', /640\sMB of 1\.03\sGB/)
  await expect(page.getByText('Blocks 4–7, yours: served by nobody.')).toBeAttached()

  host.say(servingStatus)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  await expect(page.getByRole('img', { name: 'visible', exact: true })).toBeVisible()
  const steps = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Visible', exact: true }) })
  await expect(steps).toContainText(/Seen by 12D3…aa4K.* ago, and dialled back in 3 ms/)
  await expect(page.getByText('from Start to visible in 9')).toBeVisible()
  await expect(page.getByText('Blocks 4, yours: 2 copies.')).toHaveCount(0)
  await expect(page.getByText('Block 4, yours: 2 copies.')).toBeAttached()
  await expect(page.getByRole('listitem').filter({ hasText: 'walnut' })).toContainText('0–3')
})

test('stopping is one button, and tells when it is refused', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(host.url)
  host.onStop = () => {
    throw new Error('the engine holds on')
  }
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('the engine holds on')
  await expect(alert).toContainText('INTERNAL')
  await alert.getByRole('button', { name: 'Dismiss' }).click()
  await expect(alert).toHaveCount(0)
  host.onStop = () => host.say(stoppedStatus)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(headline(page)).toHaveText('Stopped')
})

test('C-19: waiting for approval has an age; a rejection has a reason and a way to ask again', async ({
  page,
  host,
}) => {
  host.say(waitingStatus)
  await page.goto(host.url)
  await expect(page.getByRole('heading', { name: 'The host decides who joins' })).toBeVisible()
  await expect(page.getByText(/You asked 1\smin ago\. .*asked again in/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Ask again' })).toHaveCount(0)

  host.say(rejectedStatus)
  await expect(page.getByRole('heading', { name: 'Your request was turned down' })).toBeVisible()
  await expect(page.getByText('we have enough processors for now').first()).toBeVisible()
  host.onReapply = () => host.say(waitingStatus)
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expect(headline(page)).toHaveText('Waiting for approval')
  expect(host.calls.filter(({ method }) => method === 'node.reapply')).toHaveLength(1)
})

test('the line to ask with leads to the answer', async ({ page, host }) => {
  host.say(demoStatus)
  await page.goto(host.url)
  await page.getByRole('textbox', { name: 'Prompt' }).fill('A hacker is')
  await page.keyboard.press('Enter')
  await expect(headline(page)).toHaveText('Try it')
  await expect(page.getByRole('log', { name: 'Answer' })).toContainText('trains a tree')
  await expect(page.getByText('Complete')).toBeVisible()
})

test('a host that restarts is found again without a reload; until then nothing looks fresh', async ({
  page,
  complaints,
}) => {
  complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
  const first = await ScriptedHost.start()
  const { port } = first.carrier
  first.say(servingStatus)
  await page.goto(first.url)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  await first.stop()

  await expect(headline(page)).toHaveText('No contact with the node')
  await expect(page.getByRole('img', { name: 'waiting', exact: true })).toBeVisible()
  await expect(page.getByRole('img', { name: 'visible', exact: true })).toHaveCount(0)
  await expect(page.getByText(/Last news .* Trying again/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Ask' })).toBeDisabled()

  const second = await ScriptedHost.start(port)
  try {
    second.say(problemStatus)
    await page
      .getByRole('button', { name: 'Try now' })
      .click({ timeout: 2_000 })
      .catch(() => undefined)
    await expect(headline(page)).toHaveText('Getting the model’s blocks does not work')
    await expect(page.getByText('SHARD_HASH_MISMATCH')).toBeVisible()
  } finally {
    await second.stop()
  }
})

test('the token leaves the address bar and survives a reload', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  expect(page.url()).toBe(`${host.carrier.url}/`)
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(OPERATOR_TOKEN)
  await page.reload()
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  await expect(page).toHaveTitle('Serving blocks 4–7 · Espalier')
})

test('a wrong token is told as such and not tried again', async ({ page, host }) => {
  await page.goto(`${host.carrier.url}/#token=not-the-token-of-this-host-at-all`)
  await expect(headline(page)).toHaveText('This link is not valid here')
  await page.waitForTimeout(1_500)
  expect(host.server.refused['bad-token']).toBe(1)
  await expect(page.getByRole('button', { name: 'Start' })).toHaveCount(0)
})

test('an address without a token asks for the link', async ({ page, host }) => {
  await page.goto(host.carrier.url)
  await expect(headline(page)).toHaveText('This page needs the node’s link')
  expect(host.server.refused['bad-token']).toBe(0)
})

test('a read-only link shows everything and offers nothing', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  await expect(page.getByText('Read-only link')).toBeVisible()
  await expect(page.getByRole('button', { name: /Start|Stop|Ask/ })).toHaveCount(0)
  await expect(page.getByRole('textbox')).toHaveCount(0)
})

test('the colours can be chosen and are remembered, by the node too', async ({ page, host }) => {
  host.say(servingStatus)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await paper()
  await page.getByRole('radio', { name: 'Dark' }).check()
  const dark = await paper()
  expect(dark).not.toBe(light)
  await expect.poll(() => host.settings.theme).toBe('dark')
  await page.reload()
  expect(await paper()).toBe(dark)
  await expect(headline(page)).toHaveText('Serving blocks 4–7')
  await page.getByRole('radio', { name: 'As the system' }).check()
  expect(await paper()).toBe(light)
})

test('C-03: the page cannot reach anything but its own host', async ({ page, host, complaints }) => {
  complaints.expectOnly(/Content Security Policy|Fetch API cannot load/)
  await page.goto(host.url)
  const other = await ScriptedHost.start()
  const failed = await page.evaluate(
    (url) =>
      fetch(url, { mode: 'no-cors' }).then(
        () => false,
        () => true,
      ),
    other.carrier.url,
  )
  await other.stop()
  expect(failed).toBe(true)
})
