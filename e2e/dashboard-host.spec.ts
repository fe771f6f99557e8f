import type { Page } from '@playwright/test'
import { EspalierError } from '../src-shared/errors'
import { orchard } from './support/dashboard-fixtures'
import { expectNoIssueInAnyColour, picture } from './support/gallery'
import { offHost, preparingHost, runningHost } from './support/host-fixtures'
import { expect, headline, test } from './support/page-test'
import type { ScriptedHost } from './support/scripted-host'
import { servingStatus } from './support/status-fixtures'
import { firstRunStatus, SETTINGS } from './support/view-fixtures'

test.beforeEach(({ page, host }) => {
  host.say(servingStatus)
  return page.setViewportSize({ width: 1440, height: 900 })
})

async function look(page: Page, name: string): Promise<void> {
  await picture(page, `host-${name}`)
  await expectNoIssueInAnyColour(page)
}

async function open(page: Page, host: ScriptedHost): Promise<void> {
  await page.goto(host.url)
  await expect(headline(page)).not.toHaveText(/Connecting|Reading/)
  await page.getByRole('link', { name: 'Host', exact: true }).click()
}

test('a network is hosted: model, progress, address, approval, stop', async ({ page, host }) => {
  host.onHostStart = () => host.host(preparingHost(Date.now()))
  await open(page, host)
  await expect(headline(page)).toHaveText('Host a network')
  await page.getByRole('textbox', { name: 'Model file' }).fill('')
  await page.getByRole('button', { name: 'Host this network' }).click()
  await expect(page.getByRole('alert')).toHaveText('Enter the path of a model file.')
  // In the system's dialog, which the host's script answers.
  await page.getByRole('button', { name: 'Choose…' }).click()
  await expect(page.getByRole('textbox', { name: 'Model file' })).toHaveValue('/home/kim/models/chosen.gguf')
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(host.calls.at(-1)).toEqual({ method: 'files.choose', input: { purpose: 'model' } })
  await page.getByRole('textbox', { name: 'Model file' }).fill('/models/llama.gguf')
  await page.getByRole('radio', { name: /local network/ }).check()
  await look(page, 'form')
  await page.getByRole('button', { name: 'Host this network' }).click()
  await expect(headline(page)).toHaveText('Hashing the model file')
  expect(host.calls.find(({ method }) => method === 'host.start')?.input).toEqual({
    modelPath: '/models/llama.gguf',
    reach: 'network',
  })
  await expect(page.getByRole('progressbar')).toBeVisible()
  await look(page, 'preparing')

  host.host(runningHost(Date.now(), orchard(Date.now())))
  await expect(headline(page)).toHaveText('Hosting a network')
  await expect(page.getByRole('button', { name: /Copy the address http:\/\/192/ })).toBeVisible()
  await look(page, 'running')

  await page.getByRole('button', { name: 'Approve late-damson' }).click()
  await page.getByRole('textbox', { name: /word for its operator/ }).fill('Welcome')
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(host.calls.find(({ method }) => method === 'host.decide')?.input).toMatchObject({
    decision: 'approve',
    reason: 'Welcome',
  })
  await page.getByRole('button', { name: 'Make an invite' }).click()
  await expect(page.getByRole('dialog')).toContainText('espalier://invite?')
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Stop hosting' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop hosting' }).click()
  await expect(headline(page)).toHaveText('Host a network')
})

test('S-10: LOAD_SHARD is sent to a worker again, taken back, and what the coordinator says against it is shown', async ({
  page,
  host,
}) => {
  host.hosted = runningHost(Date.now(), orchard(Date.now()))
  const [, , worker] = host.hosted.network?.workers ?? []
  await open(page, host)
  const row = page.getByRole('row', { name: /third-fig/ })
  await expect(row).toContainText('LOAD_SHARD answered: it is fetching')
  await page.getByRole('button', { name: 'Cancel what third-fig loads' }).click()
  await expect
    .poll(() => host.calls.flatMap(({ method, input }) => (method === 'host.load' ? [input] : [])))
    .toEqual([{ workerId: worker?.worker_id, action: 'cancel' }])
  host.failing.set('host.load', new EspalierError('LOAD_NOT_SENT', 'it has no blocks'))
  await page.getByRole('button', { name: 'Send LOAD_SHARD to third-fig again' }).click()
  await expect(page.getByRole('alert')).toContainText('LOAD_NOT_SENT')
})

test('C-23: the dashboard opens outside of the app, at an http address', async ({ page, host }) => {
  host.hosted = runningHost(Date.now(), orchard(Date.now()))
  await open(page, host)
  const link = page.getByRole('link', { name: 'Open coordinator dashboard' })
  await expect(link).toHaveAttribute('href', 'http://127.0.0.1:8000/dashboard')
  await expect(link).toHaveAttribute('target', '_blank')
  await expect(link).toHaveAttribute('rel', /noopener/)
})

test('why it could not be hosted stands on the page', async ({ page, host }) => {
  const failure = new EspalierError('HOST_FAILED', 'The port is taken: 127.0.0.1:8000').report()
  host.hosted = { ...offHost(Date.now()), modelPath: '/models/llama.gguf', failure }
  await open(page, host)
  await expect(page.getByText('HOST_FAILED')).toBeVisible()
  await look(page, 'failed')
})

test('a first run can host, and come back', async ({ page, host }) => {
  host.settings = { ...SETTINGS, network: null }
  host.say(firstRunStatus)
  await page.goto(host.url)
  await page.getByRole('link', { name: 'Choose a network' }).click()
  await page.getByRole('radio', { name: /^Host a network/ }).check()
  await page.getByRole('button', { name: 'Go on to hosting' }).click()
  await expect(headline(page)).toHaveText('Host a network')
  await look(page, 'first-run')
  await page.getByRole('link', { name: /Back to the choice/ }).click()
  await expect(headline(page)).toHaveText('Choose a network')
})
