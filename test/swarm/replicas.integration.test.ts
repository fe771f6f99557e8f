import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { NodeStatus } from '../../src-shared/status'
import { type LiveNetwork, type LiveNode, QUICK, startLiveNetwork, stepOf, until } from '../live-network'

/** A machine with much else to do must not let the records grow old between two rounds: that is not what is tested. */
const PATIENT = { ...QUICK, recordLifetimeMs: 60_000, kademlia: { ...QUICK.kademlia, recordLifetimeMs: 60_000 } }
const TIMEOUT_MS = 150_000

let network: LiveNetwork
let owner: LiveNode
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 1, timings: PATIENT })
  owner = await network.join()
  await until(owner, 'loaded', isLoaded, TIMEOUT_MS)
}, 2 * TIMEOUT_MS)
afterAll(() => network?.close())

const isLoaded = ({ loadLevel }: NodeStatus) => loadLevel === 'L6' || loadLevel === 'L7'
const storyOf = (live: LiveNode) => live.log.filter(({ code }) => code === 'shard.story').map(({ message }) => message)

describe('a new node without any file, for blocks that another one has', { timeout: 2 * TIMEOUT_MS }, () => {
  let guest: LiveNode
  const blockers = new Set<string>()

  it('S-32: is seen as JOINING while its shard is missing, with its level', async () => {
    const gate = Promise.withResolvers<void>()
    guest = await network.join({
      config: { modelPath: null },
      rooms: {
        fetchShard: async (options) => {
          await gate.promise
          return fetchShard(options)
        },
      },
    })
    guest.node.onStatus(({ readiness }) => readiness?.blocker && blockers.add(readiness.blocker.id))
    const { peerId } = guest.node.status()
    const isJoining = ({ peers }: NodeStatus) =>
      peers.some((peer) => peer.peerId === peerId && peer.state === 'joining')
    await until(owner, 'aware of a joining node', isJoining, TIMEOUT_MS)
    const all = await owner.node.running()!.swarm.askCapabilities(AbortSignal.timeout(20_000))
    expect(all).toMatchObject([{ peer: peerId, level: 'L0', start: 0, end: 8, active: 0 }])
    const { readiness } = owner.node.status()
    expect(readiness?.shards.map(({ verified }) => verified)).toEqual(Array(8).fill(1))
    gate.resolve()
  })

  it('S-42: gets its shard by itself before it is online, and is never told to look for a file', async () => {
    const { steps } = await until(guest, 'loaded', isLoaded, TIMEOUT_MS)
    expect(steps.find(({ name }) => name === 'fetch')?.state).toBe('done')
    expect(stepOf(guest.node.status(), 'fetch').evidence[0]?.value).toMatch(/^\d+ of \d+ pieces match the manifest/)
    expect([...blockers]).not.toContain('shard-missing')
    expect([...blockers]).not.toContain('coordinator-silent')
    // The runbook's own words say where it came from.
    expect(storyOf(guest)).toContain('[LOAD_SHARD] 📥 Starting torrent download from peer...')
    expect(storyOf(guest)).toContain('[LOAD_SHARD] ✓✓✓ Shard 0-7 loaded successfully ✓✓✓')
    expect(storyOf(owner)).toContain('[LOAD_SHARD] ✓✓✓ Shard 0-7 loaded successfully from local directory ✓✓✓')
  })

  it('S-39: both replicas are found and verified by both, and neither record hides the other', async () => {
    const both = [owner, guest].map(({ node }) => node.status().peerId)
    for (const live of [owner, guest]) {
      const isWhole = ({ readiness, peers }: NodeStatus) => {
        const online = peers.filter(({ state }) => state === 'online').map(({ peerId }) => peerId)
        const areVerified = readiness?.shards.every(({ replicas, verified }) => replicas === 2 && verified === 2)
        return Boolean(areVerified && readiness?.isReady && both.every((peerId) => online.includes(peerId ?? '')))
      }
      await until(live, 'aware of two replicas, each with its record', isWhole, TIMEOUT_MS)
    }
  })
})
