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

async function askHost<T = unknown>(url: string, method: string, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method, headers, ...(method === 'POST' && { body: '{}' }) })
  expect(response.status).toBe(200)
  return response.json()
}

interface Worker {
  worker_id: string
  nickname: string
  status: string
}

/** Resolves to how many were let in before. */
async function approveAll(url: string): Promise<number> {
  const { workers } = await askHost<{ workers: Worker[] }>(url, 'GET', '/workers')
  const pending = workers.filter(({ status }) => status === 'pending')
  for (const { worker_id } of pending) await askHost(url, 'POST', `/workers/${worker_id}/approve`)
  return workers.length - pending.length
}

/** The address of the page of a new node that has no file of the model. */
function startNode(coordinatorUrl: string, name: string): Promise<string> {
  const args = `serve --json --profile local --port 0 --threads 1 --api off --name ${name} --data-dir ${join(directory, name)} --coordinator ${coordinatorUrl} --model-file ${join(directory, 'nowhere.gguf')}`
  return start('cli.js', args.split(' '), /"ui":"(http:[^"]+)"/)
}

const THREE_WAYS = ['Choose the model file', 'Download', 'Wait for the coordinator']

test('S-10, S-26: the shard is missing: one sentence and three ways, and each of them brings it', async ({ page }) => {
  const coordinatorUrl = await start(
    'coordinator.js',
    `--json --demo --port 0 --dht-port 0 --target-workers 1 --data-dir ${join(directory, 'host')} --manifest ${SAMPLE}.manifest.json`.split(
      ' ',
    ),
    /"type":"ready","url":"([^"]+)"/,
  )
  const [chooser, asker, waiter] = await Promise.all(
    ['chooser', 'asker', 'waiter'].map((name) => startNode(coordinatorUrl, name)),
  )
  await expect.poll(() => approveAll(coordinatorUrl), { timeout: 60_000 }).toBe(3)
  // The command that comes with an approval has come, or it would end the waits below.
  const commands = async () => {
    const answer = await askHost<{ decisions: { decision: string }[] }>(coordinatorUrl, 'GET', '/decisions?limit=50')
    return answer.decisions.filter(({ decision }) => decision === 'load-acknowledged').length
  }
  await expect.poll(commands, { timeout: 60_000 }).toBe(3)

  const complaints = complaintsOf(page)
  await page.setViewportSize({ width: 1180, height: 780 })
  const model = page.getByRole('region', { name: 'The whole model' })
  const cells = model.getByRole('listitem')
  const press = (button: string) => model.getByRole('button', { name: button }).click()
  const labelled = (words: string) =>
    expect.poll(() => cells.filter({ hasText: words }).count(), { timeout: 90_000 }).toBe(8)
  const visit = async (url = '') => {
    await page.goto(url)
    await page.getByRole('link', { name: 'Shards', exact: true }).click()
  }
  const awaits = 'this node waits for the coordinator’s LOAD_SHARD command'

  // Each has joined without it. Who then waits does not look: somebody has the pieces soon, and two nodes stay as they are.
  for (const url of [asker, waiter]) {
    await visit(url)
    await expect(model.getByRole('button')).toHaveText(THREE_WAYS, { timeout: 60_000 })
    await expect(model).toContainText('Nobody has the missing pieces')
    await labelled('LOCAL (not loaded)')
    await press('Wait for the coordinator')
    await expect(model).toContainText(awaits)
  }

  await visit(chooser)
  await press('Choose the model file')
  await page.getByRole('textbox', { name: 'Path of the model file' }).fill(`${SAMPLE}.gguf`)
  await page.getByRole('button', { name: 'Use this file' }).click()
  await labelled('LOCAL + LOADED')
  await expect(page.getByRole('heading', { name: 'Test pass as expected' })).toBeVisible()
  const disk = page.getByRole('region', { name: 'Space on this disk' })
  await expect(disk.getByText(/^Tiny Jargon 8, blocks 0–7$/)).toBeVisible()
  await expect(disk.getByText('in use', { exact: true })).toBeVisible()

  await visit(asker)
  await labelled('ONLINE + LOADED')
  await expect(model).toContainText(awaits)
  await press('Download')
  await labelled('LOCAL + LOADED')

  await visit(waiter)
  await labelled('ONLINE + LOADED')
  await expect(model).toContainText(awaits)
  const { workers } = await askHost<{ workers: Worker[] }>(coordinatorUrl, 'GET', '/workers')
  const { worker_id } = workers.find(({ nickname }) => nickname === 'waiter')!
  await askHost(coordinatorUrl, 'POST', `/workers/${worker_id}/load`)
  await labelled('LOCAL + LOADED')
  expect(complaints).toEqual([])
})
