import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { complaintsOf } from './support/operator-journey'

// The runbook's commonest trouble, for real: a coordinator, a node that is told to load blocks, and no file anywhere.

const root = fileURLToPath(new URL('..', import.meta.url))
const SAMPLE = join(root, 'resources/models/tiny-jargon-8')
const ADMIN_TOKEN = 'admin-token-of-the-shard-journey-0001'

let directory: string
const children: ChildProcess[] = []

test.beforeAll(() => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-once.mjs')], { stdio: 'inherit' })
  expect(status).toBe(0)
})
test.beforeEach(async () => {
  test.setTimeout(240_000)
  directory = await mkdtemp(join(tmpdir(), 'espalier-missing-'))
})
test.afterEach(async () => {
  for (const child of children.splice(0).reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await exited
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

/** Resolves with what the pattern finds in the output of one of our programs. */
function start(script: string, args: string[], ready: RegExp): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'out/main', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ESPALIER_ADMIN_TOKEN: ADMIN_TOKEN },
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    let out = ''
    child.stdout.on('data', (chunk) => {
      out = (out + chunk).slice(-100_000)
      const found = ready.exec(out)?.[1]
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(`${script} ended:\n${out}`)))
  })
}

async function approveAll(url: string): Promise<number> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const { workers } = await (await fetch(`${url}/workers`, { headers })).json()
  for (const { worker_id, status } of workers)
    if (status === 'pending')
      await fetch(`${url}/workers/${worker_id}/approve`, { method: 'POST', headers, body: '{}' })
  return workers.filter(({ status }: { status: string }) => status !== 'pending').length
}

test('S-10, S-26: the shard is missing: one sentence, one button, and the node has it', async ({ page }) => {
  const coordinatorUrl = await start(
    'coordinator.js',
    `--json --demo --port 0 --dht-port 0 --target-workers 1 --data-dir ${join(directory, 'host')} --manifest ${SAMPLE}.manifest.json`.split(
      ' ',
    ),
    /"type":"ready","url":"([^"]+)"/,
  )
  const pageUrl = await start(
    'cli.js',
    `serve --json --profile local --port 0 --threads 1 --api off --data-dir ${join(directory, 'node')} --coordinator ${coordinatorUrl} --model-file ${join(directory, 'nowhere.gguf')}`.split(
      ' ',
    ),
    /"ui":"(http:[^"]+)"/,
  )
  const complaints = complaintsOf(page)
  await page.setViewportSize({ width: 1180, height: 780 })
  await page.goto(pageUrl)
  await page.getByRole('link', { name: 'Shards', exact: true }).click()
  await expect.poll(() => approveAll(coordinatorUrl), { timeout: 60_000 }).toBe(1)

  const model = page.getByRole('region', { name: 'The whole model' })
  const fix = model.getByRole('button', { name: 'Choose the model file' })
  await expect(fix).toBeVisible({ timeout: 60_000 })
  await expect(model.getByRole('button')).toHaveCount(1)
  await fix.click()
  await page.getByRole('textbox', { name: 'Path of the model file' }).fill(`${SAMPLE}.gguf`)
  await page.getByRole('button', { name: 'Use this file' }).click()

  const cells = model.getByRole('listitem')
  await expect(cells).toHaveCount(8)
  await expect.poll(() => cells.filter({ hasText: 'LOCAL + LOADED' }).count(), { timeout: 60_000 }).toBe(8)
  await expect(page.getByRole('heading', { name: 'Test pass as expected' })).toBeVisible()
  const disk = page.getByRole('region', { name: 'Space on this disk' })
  await expect(disk.getByText(/^Tiny Jargon 8, blocks 0–7$/)).toBeVisible()
  await expect(disk.getByText('in use', { exact: true })).toBeVisible()
  expect(complaints).toEqual([])
})
