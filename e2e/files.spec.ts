import type { Page } from '@playwright/test'
import { EspalierError } from '../src-shared/errors'
import {
  awaitingStatus,
  CPU_FIT,
  cancelledStatus,
  fetchDetailStatus,
  foundStatus,
  missingShardStatus,
  pausedStatus,
  readinessOf,
} from './support/file-fixtures'
import { expect, headline, test } from './support/page-test'
import { READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import { servingStatus, stoppedStatus } from './support/status-fixtures'

async function open(page: Page, host: ScriptedHost, name: string): Promise<void> {
  await page.goto(host.url)
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
  await expect(headline(page)).toHaveText(name)
}

const region = (page: Page, name: string | RegExp) => page.getByRole('region', { name })
const inputsOf = (host: ScriptedHost, wanted: string) =>
  host.calls.flatMap(({ method, input }) => (method === wanted ? [input] : []))

test.describe('a fetch', () => {
  test('S-21: shows bytes, pieces, rate, time left, nodes and what went wrong with whom', async ({ page, host }) => {
    host.say(fetchDetailStatus)
    await open(page, host, 'Shards')
    const fetch = region(page, 'Fetching')
    await expect(fetch).toContainText(/640\sMB of 1\.03\sGB, 611 of 983 pieces, each checked/)
    await expect(fetch).toContainText(/2 nodes have some of it\. 11\.2\sMB\/s, about 35\ss left/)
    await expect(fetch.getByRole('listitem')).toHaveCount(3)
    await expect(fetch.getByRole('listitem').nth(1)).toContainText('did not answer in time')
    host.say((at) => {
      const status = fetchDetailStatus(at)
      return { ...status, ...(status.fetch && { fetch: { ...status.fetch, bytesPerSecond: null, etaMs: null } }) }
    })
    await expect(fetch).toContainText('The rate shows after five seconds of data.')
    await expect(fetch).not.toContainText('left')
  })

  test('S-29: is paused, resumed by the blocker’s own button, cancelled, and begun again by “Load now”', async ({
    page,
    host,
  }) => {
    host.onCancel = () => host.say(cancelledStatus)
    host.onPause = () => host.say(pausedStatus)
    host.onResume = () => host.say(fetchDetailStatus)
    host.say(fetchDetailStatus)
    await open(page, host, 'Shards')
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect(region(page, 'Fetching is paused')).toContainText(/640\sMB of 1\.03\sGB/)
    const model = region(page, 'The whole model')
    await expect(model).toContainText('Fetching is paused by you (62 %).')
    await model.getByRole('button', { name: 'Resume' }).click()
    await expect(region(page, /^Fetching$/)).toBeVisible()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(inputsOf(host, 'fetch.cancel')).toEqual([{}])
    await model.getByRole('button', { name: 'Load now' }).click()
    expect(inputsOf(host, 'node.load')).toEqual([{}])
  })

  test('says why a command was refused', async ({ page, host }) => {
    host.say(fetchDetailStatus)
    host.failing.set('fetch.pause', new EspalierError('SETTINGS_NOT_SAVED', 'no space left'))
    await open(page, host, 'Shards')
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect(page.getByRole('alert')).toContainText('SETTINGS_NOT_SAVED')
  })

  test('cannot be touched by those who only look', async ({ page, host }) => {
    host.say(fetchDetailStatus)
    await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
    await page.getByRole('link', { name: 'Shards', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Pause' })).toBeDisabled()
    await expect(page.getByRole('button', { name: /^Free space/ })).toBeDisabled()
  })
})

test('S-28: who waits for approval sees what was copied into the shard folder meanwhile', async ({ page, host }) => {
  host.shards = null
  host.say(foundStatus)
  await open(page, host, 'Shards')
  const found = region(page, 'In the shard folder')
  await expect(found.getByRole('listitem')).toHaveText([
    /^big-00001-of-00003\.gguf.*still being copied, 2\.10\sGB$/,
    /^notes\.gguf.*cannot be used, 4\.10\skB.*not a valid GGUF/,
    /^shard-0\.gguf.*Tiny Jargon 8, 8 blocks, 42\.0\sMB$/,
  ])
  host.say(fetchDetailStatus)
  await expect(region(page, 'Fetching')).toBeVisible()
  await expect(found).toHaveCount(0)
})

test.describe('a blocker', () => {
  test('S-10, S-29: the shard is missing; one button, one path, and the node loads it', async ({ page, host }) => {
    host.onLoad = () => host.say(servingStatus)
    host.say(missingShardStatus)
    await open(page, host, 'Shards')
    await region(page, 'The whole model').getByRole('button', { name: 'Choose the model file' }).click()
    await page.getByRole('textbox', { name: 'Path of the model file' }).fill(' /models/tiny.gguf ')
    await page.getByRole('button', { name: 'Use this file' }).click()
    await expect(page.getByText('Served another node')).toBeVisible()
    expect(inputsOf(host, 'settings.save')).toEqual([{ modelPath: '/models/tiny.gguf' }])
    expect(inputsOf(host, 'node.load')).toEqual([{}])
  })

  test('S-10: or it is looked for now, or waited for', async ({ page, host }) => {
    host.onAwait = () => host.say(awaitingStatus)
    host.say(missingShardStatus)
    await open(page, host, 'Shards')
    const model = region(page, 'The whole model')
    await model.getByRole('button', { name: 'Download' }).click()
    expect(inputsOf(host, 'node.load')).toEqual([{}])
    await model.getByRole('button', { name: 'Wait for the coordinator' }).click()
    await expect(model).toContainText('this node waits for the coordinator’s LOAD_SHARD command.')
    await expect(model.getByRole('button')).toHaveText(['Choose the model file', 'Download'])
    expect(inputsOf(host, 'fetch.await')).toEqual([{}])
    await page.getByRole('link', { name: 'Overview', exact: true }).click()
    await expect(headline(page)).toHaveText('Waiting for the coordinator')
  })

  test('S-41: its button runs the runbook’s steps here, and the report is copied', async ({ page, host, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    host.say((at) => ({ ...servingStatus(at), readiness: readinessOf(at) }))
    await open(page, host, 'Shards')
    await expect(region(page, /^Diagnosis/)).toHaveCount(0)
    await page.getByRole('button', { name: 'Run diagnosis' }).click()
    const diagnosis = region(page, /^Diagnosis/)
    for (const step of ['Own shard', 'Discovered shards', 'Loaded shards', 'Commands between nodes'])
      await expect(diagnosis.getByRole('heading', { name: step })).toBeVisible()
    await diagnosis.getByRole('button', { name: 'Copy report' }).click()
    await expect(diagnosis.getByRole('button', { name: 'Copied' })).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('Discovered shards: 7 / 8, missing 5')
    host.failing.set('shards.diagnose', new EspalierError('INTERNAL', 'as scripted'))
    await diagnosis.getByRole('button', { name: 'Run again' }).click()
    await expect(diagnosis.getByRole('alert')).toContainText('INTERNAL')
  })

  test('S-24, S-25: the status block stands in the log, and the grid beside it says the same', async ({
    page,
    host,
  }) => {
    host.say((at) => ({ ...servingStatus(at), readiness: readinessOf(at) }))
    await open(page, host, 'Diagnostics')
    for (const line of [
      '[STATUS] Cluster Discovery:',
      '[STATUS]   Expected Shards: 8',
      '[STATUS]   Discovered Shards: 7 / 8',
      '[STATUS]   Pipeline Complete: ✗ NO',
      '[LOAD_SHARD] ✓✓✓ Shard 4 loaded successfully from local directory ✓✓✓',
    ])
      host.write('info', line.startsWith('[STATUS]') ? 'swarm.status' : 'shard.story', line)
    const log = page.getByRole('log', { name: 'Log lines' })
    await expect(log).toContainText('[STATUS]   Discovered Shards: 7 / 8')
    // S-43: an operator searches for the runbook's own words.
    await page.getByRole('searchbox').fill('[STATUS]')
    await expect(log.getByRole('listitem')).toHaveCount(4)
    await page.getByRole('searchbox').fill('✓✓✓ Shard 4 loaded')
    await expect(log.getByRole('listitem')).toHaveCount(1)
    await page.getByRole('link', { name: 'Shards', exact: true }).click()
    const model = region(page, 'The whole model')
    await expect(model).toContainText('7 / 8 discovered: missing 5')
    const cells = model.getByRole('listitem')
    await expect(cells).toHaveCount(8)
    await expect(cells.nth(4)).toContainText('LOCAL + LOADED')
    await expect(cells.nth(5)).toContainText('OFFLINE')
    await expect(cells.nth(6)).toContainText('ONLINE + LOADED')
  })

  test('S-30: what should have come by now stands beside when it came', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), readiness: readinessOf(at) }))
    await open(page, host, 'Shards')
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
    await expect(row('Announced')).toContainText(/5\.0\ss4\.2\ss/)
    await expect(row('Swarm ready')).toContainText(/15\sslate/)
  })
})

test.describe('the disk', () => {
  test('what is not in use is freed after a look at it, and nothing else', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Shards')
    const disk = region(page, 'Space on this disk')
    await expect(disk).toContainText(/Your limit is 20\.0\sGB; the disk has 182\sGB left/)
    await disk.getByRole('button', { name: /^Free space… 1\.55\sGB/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Free this space?' })
    await expect(dialog).toContainText(/2 shards that are not in use go, and 1\.55\sGB come back/)
    await dialog.getByRole('button', { name: 'Keep them' }).click()
    expect(inputsOf(host, 'disk.free')).toEqual([])
    await disk.getByRole('button', { name: /^Free space/ }).click()
    await dialog.getByRole('button', { name: /^Free 1\.55\sGB/ }).click()
    await expect(disk.getByRole('listitem')).toHaveCount(1)
    await expect(disk).toContainText('in use')
    await expect(disk.getByRole('button', { name: /^Free space/ })).toBeDisabled()
    expect(inputsOf(host, 'disk.free')).toEqual([{ ids: ['0b7de4419ac2f310/16-24', '5c21e8f07d3346ab/0-6'] }])
  })

  test('is shown while the node is stopped, and says when it could not be added up', async ({ page, host }) => {
    host.say(stoppedStatus)
    host.failing.set('disk.get', new EspalierError('SHARD_READ_FAILED', 'models_cache'))
    await open(page, host, 'Shards')
    await expect(page.getByRole('alert')).toContainText('SHARD_READ_FAILED')
    host.failing.clear()
    await page.getByRole('button', { name: 'Look again' }).click()
    await expect(region(page, 'Space on this disk')).toContainText(/2\.58\sGB/)
  })
})

test.describe('settings of files', () => {
  test('caps and seeding are saved as the node takes them', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    const field = (name: string) => page.getByRole('textbox', { name })
    await field('Disk space for models, in GB').fill('0')
    await expect(field('Disk space for models, in GB')).toHaveAccessibleDescription(/between 1 and 1,000,000/)
    await field('Disk space for models, in GB').fill('40')
    await field('Fetch at most, in Mbit/s').fill('16')
    await field('Hand out at most, in Mbit/s').fill('4')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText(/^Saved\./)).toBeVisible()
    await page.getByRole('switch', { name: 'Hand shards to other nodes' }).click()
    await expect(field('Hand out at most, in Mbit/s')).toHaveCount(0)
    expect(inputsOf(host, 'settings.save')).toEqual([
      {
        ...{ diskCapGb: 40, downloadMbitPerS: 16, uploadMbitPerS: 4 },
        replaces: { diskCapGb: null, downloadMbitPerS: null, uploadMbitPerS: null },
      },
      { seeds: false },
    ])
  })

  test('the token goes in, never comes back, and can be forgotten', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    const token = page.getByLabel('Hugging Face token')
    await expect(page.getByText(/unencrypted in a file of your user account/)).toBeVisible()
    await token.fill('bad token')
    await expect(page.getByRole('button', { name: 'Keep it' })).toBeDisabled()
    await token.fill('hf_abcdefghijklmnop')
    await page.getByRole('button', { name: 'Keep it' }).click()
    await expect(page.getByText(/^One is kept in a file/)).toBeVisible()
    await expect(token).toHaveValue('')
    expect(await page.content()).not.toContain('hf_abcdefghijklmnop')
    await page.getByRole('button', { name: 'Forget it' }).click()
    await expect(page.getByText(/^None is kept/)).toBeVisible()
    expect(inputsOf(host, 'token.set')).toEqual([{ token: 'hf_abcdefghijklmnop' }, { token: null }])
  })

  test('H-41: what fits is said for each device before loading, and that the processor stands in', async ({
    page,
    host,
  }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    await expect(page.getByText(/^21 of 32 blocks of Llama 3\.1 8B Instruct fit into 4\.20\sGB/)).toBeVisible()
    await expect(page.getByRole('checkbox', { name: 'NVIDIA GeForce RTX 3060' })).toBeDisabled()
    await page.getByRole('checkbox', { name: 'AMD Radeon Graphics' }).click()
    // Both is all there are: then a card that comes later may be used too.
    expect(inputsOf(host, 'settings.save')).toEqual([{ gpuNames: null }])
    host.fit = CPU_FIT
    await page.getByRole('combobox', { name: 'What computes' }).selectOption('vulkan')
    await expect(page.getByText(/the processor is used: NVIDIA GeForce RTX 3060 could not be used/)).toBeVisible()
  })
})
