import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { joinFleet, lockUser } from '../../src-main/storage/process-lock'
import type { NodeStatus } from '../../src-shared/status'
import { type LiveNetwork, type LiveNode, PATIENCE_MS, PATIENT, startLiveNetwork, stepOf, until } from '../live-network'

const SIZES = [1, 3, 8]

let network: LiveNetwork
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 8, timings: PATIENT })
})
afterAll(() => network?.close())

const isAnnounced = (status: NodeStatus) =>
  (status.loadLevel === 'L6' || status.loadLevel === 'L7') && stepOf(status, 'announce').state === 'done'

it('O-15: a network grows to 1, 3 and 8 nodes: at every size all blocks are served, and no engine is lost on the way', {
  timeout: 4 * PATIENCE_MS,
}, async () => {
  const nodes: LiveNode[] = []
  const info = async () => (await fetch(`${network.coordinator.url}/network/info`)).json()
  for (const size of SIZES) {
    nodes.push(...(await Promise.all(Array.from({ length: size - nodes.length }, () => network.join()))))
    // Few nodes get more blocks each, so that a small network can answer as well as a large one.
    await expect
      .poll(info, { timeout: PATIENCE_MS, interval: 500 })
      .toMatchObject({ online_workers: size, coverage_percent: 100, ready_for_inference: true })
    for (const live of nodes) await until(live, `announced in a network of ${size}`, isAnnounced, PATIENCE_MS)
    expect(new Set(nodes.map(({ node }) => node.status().peerId)).size).toBe(size)
    for (const { engines } of nodes) expect(engines).toHaveLength(1)
  }
})

// Nodes of networks on one computer, as above, need no permission: they can't reach anybody else.
it('O-15: 3 and 8 nodes of one user run only where each has said so, and 1 without a word', async () => {
  const userRoot = await mkdtemp(join(tmpdir(), 'espalier-fleet-'))
  const taken = expect.objectContaining({ code: 'NODE_ALREADY_RUNNING' })
  try {
    const only = lockUser('/data/1', userRoot)
    expect(() => lockUser('/data/2', userRoot)).toThrow(taken)
    expect(() => joinFleet(userRoot)).toThrow(taken)
    only()
    for (const size of SIZES.slice(1)) {
      const fleet = Array.from({ length: size }, () => joinFleet(userRoot))
      // One that was not told that there are others does not join them.
      expect(() => lockUser('/data/9', userRoot)).toThrow(taken)
      for (const leave of fleet) leave()
    }
    lockUser('/data/1', userRoot)()
  } finally {
    await rm(userRoot, { recursive: true, force: true })
  }
})
