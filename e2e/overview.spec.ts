import type { Page } from '@playwright/test'
import { expect, headline, test } from './support/page-test'
import { OPERATOR_TOKEN, READ_TOKEN, ScriptedHost } from './support/scripted-host'
import {
  demoStatus,
  fetchingStatus,
  largeModelStatus,
  PEERS,
  problemStatus,
  servingStatus,
  startingStatus,
  stoppedStatus,
} from './support/status-fixtures'

const prompt = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
const answer = (page: Page) => page.getByRole('log', { name: 'Answer' })

test('a node goes from stopped to serving, and the page tells each step', async ({ page, host }) => {
  host.say(stoppedStatus)
  host.onStart = () => host.say(startingStatus)
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Stopped')
  await expect(page.getByRole('img', { name: 'stopped' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'No model yet' })).toBeVisible()

  await page.getByRole('button', { name: 'Start' }).click()
  await expect(headline(page)).toHaveText('Connecting')
  await expect(page.getByRole('img', { name: 'working' })).toBeVisible()

  host.say(fetchingStatus)
  await expect(headline(page)).toHaveText('Getting your blocks, 62 %')
  await expect(page.getByRole('progressbar')).toHaveAttribute('aria-valuetext', /640\sMB of 1\.03\sGB/)
  await expect(page.getByText('Blocks 4–7, yours: served by nobody.')).toBeAttached()

  host.say(servingStatus)
  await expect(headline(page)).toHaveText('Serving blocks 4 to 7')
  await expect(page.getByRole('img', { name: 'visible' })).toBeVisible()
  const steps = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Visible', exact: true }) })
  await expect(steps).toContainText(/Seen by 12D3…aa4K.* ago, and dialled back in 3 ms/)
  await expect(page.getByText('from Start to visible in 9')).toBeVisible()
  await expect(page.getByText('Blocks 4, yours: 2 copies.')).toHaveCount(0)
  await expect(page.getByText('Block 4, yours: 2 copies.')).toBeAttached()
  await expect(page.getByRole('row', { name: /walnut/ })).toContainText(/Online.*0–3.*2\.4\sms/)
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

test('an answer is streamed, with its rate and its route', async ({ page, host }) => {
  host.say(demoStatus)
  await page.goto(host.url)
  await expect(page.getByText('Every node on the route can read the prompt and the answer.')).toBeVisible()
  await prompt(page).fill('hacker')
  await page.getByRole('textbox', { name: 'Most tokens to write' }).fill('24')
  await page.keyboard.press('Enter')
  await expect(prompt(page)).toHaveValue('hacker')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Writing…')).toBeVisible()
  await expect(answer(page)).toContainText('trains a tree')
  await expect(page.getByText('Complete')).toBeVisible()
  await expect(page.getByText('24 tokens')).toBeVisible()
  await expect(page.getByText('18.6 tokens/s')).toBeVisible()
  const route = page.getByRole('list', { name: 'Route of the answer' })
  await expect(route.getByRole('listitem')).toHaveText([/walnut.*0–3.*2\.1/, /demo-2.*4–7.*3\.4/])
  await expect(page.getByText('A small sample model writes here, for show.')).toBeVisible()
})

test('an answer can be stopped, and the next one asked for', async ({ page, host }) => {
  host.say(servingStatus)
  host.tokenIntervalMs = 50
  await page.goto(host.url)
  await prompt(page).fill('a hacker')
  await prompt(page).press('Enter')
  await expect(answer(page)).toContainText('who trains')
  await page.getByRole('button', { name: 'Stop', exact: true }).last().click()
  await expect(page.getByText('Stopped by you')).toBeVisible()
  const text = await answer(page).textContent()
  await prompt(page).fill('again')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(answer(page)).not.toHaveText(text ?? '')
  await expect(answer(page)).toContainText('again')
})

test('a refused prompt says why, what to do, and a code to search for', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(host.url)
  await prompt(page).fill('this is too long')
  await prompt(page).press('Enter')
  await expect(page.getByRole('alert')).toHaveText(/does not fit.*3,000 tokens.*Shorten the prompt\. PROMPT_TOO_LONG/)
})

test('a gap in the chain keeps the prompt back and names the blocks', async ({ page, host }) => {
  host.say(largeModelStatus)
  await page.goto(host.url)
  await prompt(page).fill('anything')
  await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
  await expect(page.getByText('No answer can pass yet: blocks 90–94 are served by nobody.')).toBeVisible()
})

test('C-40: a demo says on the screen that it cannot leave this computer', async ({ page, host }) => {
  host.say(demoStatus)
  await page.goto(host.url)
  await expect(page.getByText('This node can’t leave this computer')).toBeVisible()
  host.say(servingStatus)
  await expect(page.getByText('This node can’t leave this computer')).toHaveCount(0)
})

test('a host that restarts is found again without a reload; until then nothing looks fresh', async ({
  page,
  complaints,
}) => {
  complaints.expectOnly(/WebSocket connection to .* failed/)
  const first = await ScriptedHost.start()
  const { port } = first.carrier
  first.say(servingStatus)
  first.tokenIntervalMs = 200
  await page.goto(first.url)
  await prompt(page).fill('a hacker')
  await prompt(page).press('Enter')
  await expect(answer(page)).toContainText('One who')
  await first.stop()

  await expect(headline(page)).toHaveText('No contact with the node')
  await expect(page.getByRole('img', { name: 'waiting' })).toBeVisible()
  await expect(page.getByRole('img', { name: 'visible' })).toHaveCount(0)
  await expect(page.getByRole('alert')).toContainText('BRIDGE_DISCONNECTED')
  await expect(page.getByText(/Last news .* Trying again/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()

  const second = await ScriptedHost.start(port)
  try {
    second.say(problemStatus)
    await page
      .getByRole('button', { name: 'Try now' })
      .click({ timeout: 2_000 })
      .catch(() => undefined)
    await expect(headline(page)).toHaveText('Block 6 is damaged on disk')
    await expect(page.getByText('SHARD_HASH_MISMATCH')).toBeVisible()
  } finally {
    await second.stop()
  }
})

test('the token leaves the address bar and survives a reload', async ({ page, host }) => {
  host.say(servingStatus)
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Serving blocks 4 to 7')
  expect(page.url()).toBe(`${host.carrier.url}/`)
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(OPERATOR_TOKEN)
  await page.reload()
  await expect(headline(page)).toHaveText('Serving blocks 4 to 7')
  await expect(page).toHaveTitle('Serving blocks 4 to 7 · Espalier')
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
  await expect(headline(page)).toHaveText('Serving blocks 4 to 7')
  await expect(page.getByText('Read-only link')).toBeVisible()
  await expect(page.getByRole('button', { name: /Start|Stop|Send/ })).toHaveCount(0)
  await expect(prompt(page)).toHaveCount(0)
})

test('a peer id is copied whole', async ({ page, host, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  host.say(servingStatus)
  await page.goto(host.url)
  await page
    .getByRole('row', { name: /walnut/ })
    .getByRole('button')
    .click()
  await expect(page.getByText('Copied')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(PEERS.walnut)
})

test('H-30: everything is reached by keyboard, in a sensible order', async ({ page, host }) => {
  host.say(stoppedStatus)
  let starts = 0
  host.onStart = () => {
    starts += 1
  }
  await page.goto(host.url)
  await expect(headline(page)).toHaveText('Stopped')
  const reached: string[] = []
  for (let tab = 0; tab < 6; tab += 1) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate(() => {
      const at = document.activeElement
      if (at instanceof HTMLInputElement && at.type === 'radio') return at.value
      return at?.getAttribute('aria-label') ?? at?.textContent?.trim() ?? at?.tagName ?? ''
    })
    reached.push(name.replace(PEERS.self, '…'))
    if (name === 'Start') await page.keyboard.press('Enter')
  }
  expect(reached).toEqual(['Overview', 'Copy the peer id …', 'system', 'Start', '', 'Most tokens to write'])
  await expect.poll(() => starts).toBe(1)
})

test('the colours can be chosen and are remembered', async ({ page, host }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(host.url)
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await paper()
  await page.getByRole('radio', { name: 'Dark' }).check()
  const dark = await paper()
  expect(dark).not.toBe(light)
  await page.reload()
  expect(await paper()).toBe(dark)
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
