import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterEach, expect, it } from 'vitest'
import { type OwnedChild, startChild } from '../../src-main/process/owned-child'
import { seededRandom } from './seeded-random'
import { createTestDatabase, describeOnEachDatabase } from './test-databases'

// PostgreSQL's own promise is not ours to test 50 times: there, our transactions are.
const KILLS = { sqlite: 50, postgres: 12 }
/** Requests answered before a kill, at most: some kills meet registrations, others long lives. */
const MAX_ANSWERS = 60
const WORKERS = 8
const ADMIN = { authorization: 'Bearer the-admin-token-of-a-test-coordinator', 'content-type': 'application/json' }
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** What one worker has been told, and therefore must find again. */
interface Known {
  id: string
  isRegistered: boolean
  isApproved: boolean
  /** Numbered as our workers do; `pending` is sent again with the same number until it is acknowledged. */
  seq: number
  pending: number | null
  acknowledged: number
}

describeOnEachDatabase('kill -9', (dialect) => {
  const kills = KILLS[dialect]
  it(`H-10, C-31: at ${kills} random points of register, approve, heartbeat and assign: it opens, nothing acknowledged is lost`, async () => {
    const random = seededRandom(dialect === 'sqlite' ? 31 : 32)
    const start = await serverStarter(dialect)
    const workers = Array.from(
      { length: WORKERS },
      (_, index): Known => ({
        id: `worker-${index}`,
        isRegistered: false,
        isApproved: false,
        seq: 0,
        pending: null,
        acknowledged: 0,
      }),
    )
    let operations = 0
    for (let kill = 0; kill <= kills; kill += 1) {
      const { url, child } = await start()
      await expectNothingLost(url, workers, `after kill ${kill}`)
      if (kill === kills) {
        for (const worker of workers) while (worker.pending !== null) await step(url, worker, random)
        const { tokens } = await readAll(url)
        expect(tokens).toBe(workers.reduce((sum, { acknowledged }) => sum + acknowledged, 0))
        await child.stop()
        break
      }
      // After so many answers, while the other workers' requests are under way.
      let answersLeft = Math.floor(random() * MAX_ANSWERS)
      let isAlive = true
      await Promise.all(
        workers.map(async (worker) => {
          while (isAlive) {
            await step(url, worker, random).then(
              () => {
                operations += 1
                answersLeft -= 1
              },
              () => undefined,
            )
            if (answersLeft > 0 || !isAlive) continue
            isAlive = false
            child.kill()
          }
        }),
      )
      await child.exited
    }
    expect(operations).toBeGreaterThan(kills)
  }, 400_000)
})

/** One request in a worker's name; what it changes is noted only when the answer is here. */
async function step(url: string, worker: Known, random: () => number): Promise<void> {
  if (!worker.isRegistered) {
    const { status } = await post(url, '/workers/register', {
      worker_id: worker.id,
      nickname: worker.id,
      hardware_type: 'cpu',
      device_name: 'd',
      vram_gb: 0,
    })
    if (status === 200) worker.isRegistered = true
    return
  }
  if (!worker.isApproved) {
    const { status } = await post(url, `/workers/${worker.id}/approve`, {})
    if (status === 200) worker.isApproved = true
    return
  }
  if (worker.pending === null) {
    worker.seq += 1
    worker.pending = 1 + Math.floor(random() * 50)
  }
  const { status } = await post(url, '/workers/heartbeat', {
    worker_id: worker.id,
    tokens_served_since_last: worker.pending,
    status: 'online',
    x_seq: worker.seq,
  })
  if (status !== 200) return
  worker.acknowledged += worker.pending
  worker.pending = null
}

async function expectNothingLost(url: string, workers: readonly Known[], when: string): Promise<void> {
  const { rows } = await readAll(url)
  for (const worker of workers) {
    const row = rows.find(({ worker_id }) => worker_id === worker.id)
    const context = `${when}: ${JSON.stringify({ worker, row })}`
    if (worker.isRegistered) expect(row, context).toBeDefined()
    if (worker.isApproved) expect(row?.x_standing, context).toBe('approved')
    const counted = row?.tokens_served ?? 0
    expect(counted, context).toBeGreaterThanOrEqual(worker.acknowledged)
    expect(counted, context).toBeLessThanOrEqual(worker.acknowledged + (worker.pending ?? 0))
  }
}

interface Row {
  worker_id: string
  x_standing: string
  tokens_served: number
}

async function readAll(url: string): Promise<{ rows: Row[]; tokens: number }> {
  const { workers } = (await (await fetch(`${url}/workers`, { headers: ADMIN })).json()) as { workers: Row[] }
  const stats = (await (await fetch(`${url}/network/stats`)).json()) as { total_tokens_served: number }
  return { rows: workers, tokens: stats.total_tokens_served }
}

async function post(url: string, path: string, body: unknown): Promise<{ status: number }> {
  const response = await fetch(url + path, { method: 'POST', headers: ADMIN, body: JSON.stringify(body) })
  // Only an answer that came whole counts as one.
  await response.json()
  return { status: response.status }
}

async function serverStarter(
  dialect: 'sqlite' | 'postgres',
): Promise<() => Promise<{ url: string; child: OwnedChild }>> {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-killed-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  const database = dialect === 'postgres' ? await createTestDatabase() : null
  if (database) cleanups.push(database.drop)
  const script = await buildServer()
  return async () => {
    const child = startChild({ script, args: [directory, ...(database ? [database.url] : [])] })
    cleanups.push(async () => {
      await child.stop()
    })
    const trouble: string[] = []
    child.onStderrLine((line) => void trouble.push(line))
    const url = await new Promise<string>((resolve, reject) => {
      child.onStdoutLine(resolve)
      void child.exited.then(() => reject(new Error(`the coordinator did not start: ${trouble.join('\n')}`)))
    })
    return { url, child }
  }
}

/** Bundled from source; below node_modules, because native dependencies are resolved from where it lies. */
async function buildServer(): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'killed-server-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: fileURLToPath(new URL('./killed-server.ts', import.meta.url)),
      outDir: directory,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'server.mjs' } },
    },
  })
  return join(directory, 'server.mjs')
}
