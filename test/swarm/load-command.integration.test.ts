import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROFILES } from '../../src-main/network/profiles'
import { readManifest } from '../../src-main/shards/manifest'
import { SLICE_FILE, sliceDirectory } from '../../src-main/shards/models'
import { approve, type LiveNetwork, type LiveNode, SAMPLE_MANIFEST, startLiveNetwork, until } from '../live-network'

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

async function decisions(): Promise<{ decision: string; reason: string }[]> {
  const { url, adminToken } = network.coordinator
  const answer = await fetch(`${url}/decisions?limit=50`, { headers: { authorization: `Bearer ${adminToken}` } })
  return ((await answer.json()) as { decisions: { decision: string; reason: string }[] }).decisions
}

describe('blocks that are assigned between two heartbeats', () => {
  it('S-13: the coordinator commands LOAD_SHARD, the worker loads at once, and its answer is in the decisions', async () => {
    live = await network.join()
    await until(live, 'waiting for approval', ({ steps }) =>
      steps.some(({ name, state }) => name === 'approve' && state === 'waiting'),
    )
    const { workers } = await network.coordinator.snapshot()
    expect((await approve(network.coordinator, workers[0]!.worker_id)).ok).toBe(true)
    await until(live, 'loaded and proven', ({ loadLevel }) => loadLevel === 'L6' || loadLevel === 'L7')
    const history = live.node.running()!.swarm.history()
    expect(history.lastLoadBy).toBe(network.bootstrap.peerId)
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
    const asHost = { authorization: `Bearer ${adminToken}` }
    expect((await load(worker!.worker_id, {})).status).toBe(401)
    expect((await load('00000000-0000-4000-8000-000000000000', asHost)).status).toBe(404)
    expect((await load(worker!.worker_id, asHost)).status).toBe(200)
    const acknowledged = async () =>
      (await decisions()).filter(({ decision }) => decision === 'load-acknowledged').map(({ reason }) => reason)
    await expect.poll(acknowledged).toEqual(['LOAD_SHARD for blocks 0–7: already_loaded', expect.any(String)])
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
