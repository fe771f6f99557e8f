import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommandService } from '../../src-main/shards/commands/command-service'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import type { TimelineRow } from '../../src-shared/readiness'
import { isVisible, type LiveNetwork, type LiveNode, startLiveNetwork, until } from '../live-network'
import { loopbackHost } from '../loopback-host'

let network: LiveNetwork
let nodes: LiveNode[]
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 3 })
  nodes = []
  for (let index = 0; index < 3; index++) nodes.push(await network.join())
})
afterAll(() => network?.close())

const isReady = (live: LiveNode) => live.node.status().readiness?.isReady ?? false
const linesOf = (live: LiveNode, code: string) =>
  live.log.filter((event) => event.code === code).map(({ message }) => message)
const swarmOf = (live: LiveNode) => live.node.running()!.swarm

async function allReady(): Promise<void> {
  await Promise.all(nodes.map((live) => until(live, 'ready', ({ readiness }) => readiness?.isReady ?? false)))
}

describe('a swarm of three nodes', () => {
  it('S-01, S-04: every node finds out by itself that all shards are loaded, and says so in the log', async () => {
    await allReady()
    for (const live of nodes) {
      const { readiness } = live.node.status()
      expect(readiness).toMatchObject({ discovered: 8, reasons: [] })
      expect(readiness?.shards.filter(({ isLocal }) => isLocal).length).toBeGreaterThan(0)
      expect(readiness?.shards.every(({ verified }) => verified > 0)).toBe(true)
      const block = linesOf(live, 'swarm.status')
      expect(block).toContain('[STATUS]   Discovered Shards: 8 / 8')
      expect(block.at(-1)).toBe('[STATUS] Swarm Ready: ✓ YES')
    }
  })

  it('S-15, S-43: each told the others; the log counts acknowledged sends', async () => {
    for (const live of nodes) {
      await until(live, 'told', () => linesOf(live, 'shard.story').some((line) => line.startsWith('[SHARD_LOADED]')))
      const story = linesOf(live, 'shard.story')
      expect(story.some((line) => /^\[LOAD_SHARD\] ✓✓✓ Shard [\d-]+ loaded successfully/.test(line))).toBe(true)
    }
    const received = nodes.map((live) => swarmOf(live).commands.counts().SHARD_LOADED ?? 0)
    expect(received.reduce((sum, count) => sum + count)).toBeGreaterThan(0)
  })

  it('S-13, S-18: the coordinator’s peer may command, and nobody else', async () => {
    const [live] = nodes
    const key = await generateKeyPair('Ed25519')
    const host = await loopbackHost({ privateKey: key })
    const stranger = createCommandService({
      host,
      privateKey: key,
      clock: systemClock,
      log: createEventLog(systemClock, null),
      handlers: {
        LOAD_SHARD: () => ({ status: 'accepted' }),
        CANCEL: () => ({ status: 'accepted' }),
        SHARD_LOADED: () => ({ status: 'accepted' }),
        PROVE_SHARD: () => ({ status: 'accepted' }),
        ASK_VIEW: () => ({ status: 'view', loaded: [] }),
        ASK_CAPABILITIES: () => ({ status: 'accepted' }),
      },
    })
    try {
      const { target } = live!.node.running()!
      const [connection] = await Promise.all(
        live!.node.status().listenAddresses.map(async (address) => {
          const { multiaddr } = await import('@multiformats/multiaddr')
          return host.dial(multiaddr(address))
        }),
      )
      const command = { type: 'LOAD_SHARD' as const, root: target!.manifest.root, ...target!.range }
      await expect(stranger.send(connection!.remotePeer, command)).rejects.toMatchObject({
        code: 'COMMAND_NOT_ALLOWED',
      })
      // And a liar who says that it has blocks is asked for them, and not believed.
      await stranger.send(connection!.remotePeer, {
        type: 'SHARD_LOADED',
        root: target!.manifest.root,
        start: 0,
        end: 8,
        isLoaded: true,
        level: 'L7',
      })
      expect(
        swarmOf(live!)
          .verdict()
          ?.shards.every(({ by }) => by !== host.peerId.toString()),
      ).toBe(true)
    } finally {
      await host.stop()
    }
  })

  it('S-17: every node is in the others’ views', async () => {
    const heard = (live: LiveNode) => {
      const views = swarmOf(live).crossViews()
      return views.length > 0 && views.every(({ seesUs }) => seesUs === true)
    }
    for (const live of nodes) await until(live, 'heard', () => heard(live))
  })

  it('S-30, S-26: the timeline has actual times beside the expected ones; nothing is in the way', async () => {
    for (const live of nodes) await until(live, 'visible', isVisible)
    // The steps are told at once and the timeline is folded from them once a second, so it is waited for as well.
    const isWhole = (row: TimelineRow) => row.actualS !== null && row.actualS >= 0 && !row.isLate
    for (const live of nodes) {
      const { readiness } = await until(
        live,
        'free of blockers, with a whole timeline',
        ({ readiness }) => readiness?.blocker === null && readiness.timeline.every(isWhole),
      )
      expect(readiness!.timeline.map(({ what }) => what)).toContain('Swarm ready')
    }
  })

  it('S-06, S-33: who served a request of somebody else is at L7, and says so with what it can give now', async () => {
    const [first, second] = nodes
    const signal = AbortSignal.timeout(60_000)
    const askSecond = async () => {
      const peer = second!.node.status().peerId
      const all = await swarmOf(first!).askCapabilities(signal)
      return all.find((one) => one.peer === peer)!
    }
    const before = await askSecond()
    expect(before).toMatchObject({ level: 'L6', quant: 'Q8_0', maxConcurrent: 2, active: 0, freeCardBytes: null })
    expect({ start: before.start, end: before.end }).toEqual(second!.node.status().blocks)
    expect(before.freeMemoryBytes).toBeGreaterThan(0)
    let during = before
    const asking: Promise<void>[] = []
    const askOnce = async () => {
      during = await askSecond()
    }
    const onToken = () => {
      if (asking.length === 0) asking.push(askOnce())
    }
    await first!.node.generate({ prompt: 'The', maxTokens: 24, signal, onToken })
    await Promise.all(asking)
    expect(during).toMatchObject({ level: 'L7', active: 1 })
    await expect.poll(askSecond, { timeout: 20_000 }).toMatchObject({ level: 'L7', active: 0 })
    expect(second!.node.status().loadLevel).toBe('L7')
  })

  it('S-35: one node goes: the others are not ready any more; it comes back: they are', async () => {
    const gone = nodes.pop()!
    const blocks = gone.node.status().blocks!
    await gone.remove()
    for (const live of nodes) await until(live, 'not ready', () => !isReady(live))
    for (const live of nodes) {
      const missing = live.node.status().readiness!.shards.filter(({ label }) => label !== 'loaded')
      expect(missing.map(({ index }) => index)).toEqual(
        Array.from({ length: blocks.end - blocks.start }, (_, index) => blocks.start + index),
      )
      expect(linesOf(live, 'swarm.status').at(-1)).toBe('[STATUS] Swarm Ready: ✗ NO')
    }
    nodes.push(await network.join())
    await allReady()
  })
})
