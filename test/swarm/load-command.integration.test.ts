import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROFILES } from '../../src-main/network/profiles'
import { approve, type LiveNetwork, startLiveNetwork, until } from '../live-network'

/** Longer than the whole test: what is heard here is not heard by a heartbeat. */
const HEARTBEAT_MS = 600_000

let network: LiveNetwork
beforeAll(async () => {
  network = await startLiveNetwork({
    timings: { ...PROFILES.local.timings, heartbeatIntervalMs: HEARTBEAT_MS },
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
    const live = await network.join()
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
  })
})
