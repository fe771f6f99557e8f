import { copyFile, mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workerIdOf } from '../../src-main/coordinator/worker-id'
import { PROFILES } from '../../src-main/network/profiles'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { readManifest } from '../../src-main/shards/manifest'
import { SLICE_FILE, sliceDirectory } from '../../src-main/shards/models'
import { shardFolder } from '../../src-main/shards/sources/shard-folder'
import {
  approve,
  type LiveNetwork,
  type LiveNode,
  SAMPLE_MANIFEST,
  SAMPLE_MODEL,
  startLiveNetwork,
  stepOf,
  until,
} from '../live-network'

/** Longer than the whole test: what is heard here is not heard by a heartbeat, nor noticed by a probe. */
const NEVER_MS = 600_000

let network: LiveNetwork
let live: LiveNode
beforeAll(async () => {
  network = await startLiveNetwork({
    timings: { ...PROFILES.local.timings, heartbeatIntervalMs: NEVER_MS, reprobeIntervalMs: NEVER_MS },
    targetWorkers: 1,
    approves: false,
  })
})
afterAll(() => network?.close())

type Decision = { decision: string; reason: string; by: string }
type Row = { worker_id: string; status: string; x_load?: { state: string } }

async function asHost<T>(path: string): Promise<T> {
  const { url, adminToken } = network.coordinator
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${adminToken}` } })
  return (await answer.json()) as T
}
const decisions = async () => (await asHost<{ decisions: Decision[] }>('/decisions?limit=50')).decisions
const hostRows = async () => (await asHost<{ workers: Row[] }>('/workers')).workers

describe('blocks that are assigned between two heartbeats', () => {
  it('S-28: who waits for approval sees the model that is copied into the shard folder meanwhile', async () => {
    live = await network.join({ config: { modelPath: null } })
    await until(live, 'waiting for approval', ({ steps }) =>
      steps.some(({ name, state }) => name === 'approve' && state === 'waiting'),
    )
    const folder = shardFolder(live.config.data.root)
    await mkdir(folder, { recursive: true })
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-0.gguf'))
    const { foundFiles } = await until(
      live,
      'aware of it',
      ({ foundFiles = [] }) => foundFiles[0]?.state === 'complete',
    )
    expect(foundFiles).toMatchObject([{ name: 'shard-0.gguf', model: { name: 'Tiny Jargon 8', blockCount: 8 } }])
  })

  it('S-13, S-28: the coordinator commands LOAD_SHARD, the worker loads at once from there, and its answer is in the decisions', async () => {
    const { workers } = await network.coordinator.snapshot()
    expect((await approve(network.coordinator, workers[0]!.worker_id)).ok).toBe(true)
    await until(live, 'loaded and proven', ({ loadLevel }) => loadLevel === 'L6' || loadLevel === 'L7')
    const history = live.node.running()!.swarm.history()
    expect(history.lastLoadBy).toBe(network.bootstrap.peerId)
    expect(live.log.map(({ message }) => message)).toContain(
      '[LOAD_SHARD] ✓✓✓ Shard 0-7 loaded successfully from local directory ✓✓✓',
    )
    expect(live.node.status().foundFiles).toBeUndefined()
    await expect
      .poll(async () => (await decisions()).find(({ decision }) => decision === 'load-acknowledged')?.reason)
      .toMatch(/^LOAD_SHARD for blocks 0–7: (loading|downloading|already_loaded)$/)
    // It overtook the assignment, which is no trouble.
    const refused = live.log.filter(({ code }) => code === 'shard.command.refused')
    expect(refused.filter(({ level }) => level === 'warn')).toEqual([])
  })

  it('S-10: the host sends it again on request, and nobody else does', async () => {
    const { url, adminToken } = network.coordinator
    const [worker] = (await network.coordinator.snapshot()).workers
    const load = (id: string, headers: Record<string, string>) =>
      fetch(`${url}/workers/${id}/load`, { method: 'POST', headers })
    const withToken = { authorization: `Bearer ${adminToken}` }
    expect((await load(worker!.worker_id, {})).status).toBe(401)
    expect((await load('00000000-0000-4000-8000-000000000000', withToken)).status).toBe(404)
    const sent = await load(worker!.worker_id, withToken)
    expect(sent.status).toBe(200)
    expect(await sent.json()).toMatchObject({ x_load: { state: 'sending', attempt: 1, isAsked: true } })
    const acknowledged = async () =>
      (await decisions()).filter(({ decision }) => decision === 'load-acknowledged').map(({ reason }) => reason)
    await expect.poll(acknowledged).toEqual(['LOAD_SHARD for blocks 0–7: already_loaded', expect.any(String)])
  })

  it('S-29, S-38: the host takes it back from a worker that is at it, and sends it once more', async () => {
    const { url, adminToken } = network.coordinator
    const isLet = Promise.withResolvers<void>()
    const guest = await network.join({
      rooms: {
        async fetchShard(options) {
          const isEnded = new Promise((_, reject) =>
            options.signal?.addEventListener('abort', () => reject(options.signal)),
          )
          await Promise.race([isLet.promise, isEnded])
          return fetchShard(options)
        },
      },
    })
    const id = () => workerIdOf(guest.node.status().peerId ?? '')
    const rowOf = async () => (await hostRows()).find(({ worker_id }) => worker_id === id())
    await expect.poll(async () => (await rowOf())?.status, { timeout: 20_000 }).toBe('pending')
    const call = (method: string) =>
      fetch(`${url}/workers/${id()}/load`, { method, headers: { authorization: `Bearer ${adminToken}` } })
    const refused = await call('POST')
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({ error: { code: 'LOAD_NOT_SENT' } })
    await approve(network.coordinator, id())
    await expect.poll(async () => (await rowOf())?.x_load?.state, { timeout: 20_000 }).toBe('answered')
    expect(await (await call('DELETE')).json()).toMatchObject({ x_load: { state: 'cancelled' } })
    expect(stepOf(guest.node.status(), 'fetch')).toMatchObject({ state: 'failed', blocker: { code: 'CANCELLED' } })
    expect((await decisions())[0]).toMatchObject({ decision: 'load-cancelled', by: 'the host' })
    isLet.resolve()
    expect((await call('POST')).status).toBe(200)
    await until(guest, 'loaded', ({ loadLevel }) => loadLevel === 'L6' || loadLevel === 'L7')
    await guest.remove()
  })

  it('S-06: a slice that is overwritten under the loaded engine is mended and loaded again, long before the next probe', async () => {
    const loaded = await until(live, 'loaded', ({ loadLevel }) => loadLevel === 'L6' || loadLevel === 'L7')
    const { root } = await readManifest(SAMPLE_MANIFEST)
    const path = join(sliceDirectory(live.config.data.root, root, loaded.blocks!), SLICE_FILE)
    const before = await readFile(path)
    const half = Math.floor(before.length / 2)
    const file = await open(path, 'r+')
    await file.write(Buffer.alloc(half), 0, half, half)
    await file.close()
    await expect.poll(() => live.log.map(({ code }) => code), { timeout: 30_000 }).toContain('shard.changed')
    await until(live, 'loaded again', ({ loadLevel }) => loadLevel === 'L6')
    expect((await readFile(path)).equals(before)).toBe(true)
  })
})
