import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { workerIdOf } from '../../src-main/coordinator/worker-id'
import { computeSpans } from '../../src-main/hivemind/compute-spans'
import { blockKey } from '../../src-main/hivemind/server-info'
import { openNetworkClient } from '../../src-main/node/network-client'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { NodeStatus } from '../../src-shared/status'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  SAMPLE_MANIFEST,
  startLiveNetwork,
  stepOf,
  until,
} from '../live-network'
import { loopbackHost } from '../loopback-host'
import { type SeedCoordinator, type SeedOptions, startSeedCoordinator } from './seed-coordinator'

// A real node with real peers, and a coordinator that knows only the document.

let network: LiveNetwork
let companion: LiveNode
let manifest: { json: string; sha256: string }
const cleanups: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  network = await startLiveNetwork()
  // With the bootstrap, the second peer that can be a witness.
  companion = await network.join({ name: 'companion' })
  await until(companion, 'joined', (status) => stepOf(status, 'approve').state === 'done')
  const json = await readFile(SAMPLE_MANIFEST, 'utf8')
  manifest = { json, sha256: createHash('sha256').update(json).digest('hex') }
})
afterAll(() => network?.close())
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function seed(options: SeedOptions = {}): Promise<SeedCoordinator> {
  const coordinator = await startSeedCoordinator({
    modelName: 'Tiny Jargon 8',
    peers: network.bootstrap.addresses,
    manifest,
    ...options,
  })
  cleanups.push(() => coordinator.close())
  return coordinator
}

/** A node of no demo profile's flag: the document's coordinator knows no demos. */
async function join(coordinator: SeedCoordinator, options: Parameters<LiveNetwork['join']>[0] = {}): Promise<LiveNode> {
  const live = await network.join({
    ...options,
    config: { coordinatorUrl: coordinator.url, profile: { ...network.profile, watermark: null }, ...options.config },
  })
  cleanups.push(() => live.remove())
  return live
}

const idOf = (live: LiveNode) => workerIdOf(live.node.status().peerId ?? '')
const isWaiting = (status: NodeStatus) => stepOf(status, 'approve').state === 'waiting'
const noticeOf = (live: LiveNode, id: string) => live.node.status().coordinator?.notices.find((one) => one.id === id)
const timelineOf = (live: LiveNode) => live.node.status().coordinator?.timeline.map(({ kind }) => kind) ?? []
const codes = (live: LiveNode) => live.log.map(({ code }) => code)

describe('a coordinator by the document', () => {
  it('C-53, C-36: layers beside “pending” load nothing and announce nothing; approval starts at once', async () => {
    const coordinator = await seed({ tellsLayersWhilePending: true, layersFor: () => [0, 4] })
    const live = await join(coordinator, { name: 'pending' })
    await until(live, 'waiting', isWaiting)
    const beats = () => coordinator.calls.filter(({ call }) => call === 'POST /workers/heartbeat').length
    await until(live, 'three beats later', () => beats() >= 3)
    const status = live.node.status()
    expect(live.engines).toHaveLength(0)
    expect(status).toMatchObject({ blocks: null, loadLevel: 'L0' })
    for (const step of ['fetch', 'load', 'prove', 'announce', 'visible', 'serve'] as const) {
      expect(stepOf(status, step)).toMatchObject({ state: 'idle' })
    }
    expect(status.shape).toBe('waiting')
    await coordinator.approve(idOf(live))
    const working = await until(live, 'proven', (now) => stepOf(now, 'prove').state === 'done')
    expect(working.blocks).toEqual({ start: 0, end: 4 })
    await until(live, 'announced', (now) => stepOf(now, 'announce').state === 'done', 120_000)
    expect(timelineOf(live).slice(0, 3)).toEqual(['asked', 'waiting', 'approved'])
    // C-30: joining was said before online.
    const order = ['fetch', 'load', 'prove', 'announce'] as const
    const times = order.map((step) => stepOf(live.node.status(), step).startedAt ?? 0)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('C-35, C-04, X-08, X-09: the address that it lists is compared and named, and nothing is taken over', async () => {
    const coordinator = await seed({ layersFor: () => [0, 4], publicHost: '203.0.113.9' })
    const live = await join(coordinator, { name: 'elsewhere' })
    await until(live, 'waiting', isWaiting)
    expect(noticeOf(live, 'own-address')).toBeUndefined()
    await coordinator.approve(idOf(live))
    await until(live, 'warned', () => noticeOf(live, 'own-address') !== undefined)
    await until(live, 'visible', isVisible)
    await until(
      live,
      'dialled back',
      () => noticeOf(live, 'own-address')?.text.includes('Dialled back at your own') ?? false,
    )
    const port = /\/tcp\/(\d+)/.exec(live.node.status().listenAddresses[0] ?? '')?.[1]
    const notice = noticeOf(live, 'own-address')
    expect(notice?.tone).toBe('warn')
    expect(notice?.text).toContain(`Coordinator advertises :31338, you listen on :${port}`)
    expect(notice?.text).toContain('the host 203.0.113.9')
    expect(live.node.status().listenAddresses.join()).not.toContain('203.0.113.9')
  })

  it('C-39, X-10, C-54: QmBootstrap is warned of once, the valid peer is dialled, and the list is called what it is', async () => {
    const coordinator = await seed({})
    const live = await join(coordinator, { name: 'careful' })
    await until(live, 'waiting', isWaiting)
    const warned = () =>
      live.log.filter(({ code, message }) => code === 'bootstrap.address.invalid' && message.includes('QmBootstrap'))
    await until(live, 'told', () => noticeOf(live, 'registry') !== undefined)
    expect(warned()).toHaveLength(1)
    expect(stepOf(live.node.status(), 'connect').state).toBe('done')
    const listed = 1 + network.bootstrap.addresses().length
    expect(noticeOf(live, 'registry')?.text).toBe(
      `Coordinator peer list is a registry, not a DHT: 1 of ${listed} peers actually dialled.`,
    )
  })

  it('C-14: another quantization is told, and what runs is left alone', async () => {
    const coordinator = await seed({ layersFor: () => [0, 4] })
    coordinator.quantization = 'int8'
    const live = await join(coordinator, { name: 'quantized' })
    await until(live, 'waiting', isWaiting)
    await coordinator.approve(idOf(live))
    await until(live, 'visible', isVisible)
    expect(live.node.status().coordinator?.quantization).toBe('int8')
    const engines = live.engines.length
    coordinator.quantization = 'nf4'
    await until(live, 'told', () => noticeOf(live, 'quantization') !== undefined)
    expect(noticeOf(live, 'quantization')?.text).toContain('applies to new assignments')
    expect(live.engines).toHaveLength(engines)
    expect(live.node.status().shape).toBe('visible')
  })

  it('C-34: its memory is emptied: same id, nothing fetched or loaded again, and nothing served meanwhile', async () => {
    const coordinator = await seed({ layersFor: () => [0, 4] })
    const live = await join(coordinator, { name: 'forgotten' })
    await until(live, 'waiting', isWaiting)
    const id = idOf(live)
    await coordinator.approve(id)
    await until(live, 'visible', isVisible)
    const engines = live.engines.length
    const fetchedAt = stepOf(live.node.status(), 'fetch').startedAt
    const loadedAt = stepOf(live.node.status(), 'load').startedAt

    coordinator.forget()
    await until(live, 'waiting again', isWaiting)
    expect([...coordinator.workers.keys()]).toEqual([id])
    const silent = await until(live, 'silent', (now) => stepOf(now, 'announce').state === 'idle' && now.blocks === null)
    expect(silent.loadLevel).toBe('L6')
    expect(timelineOf(live)).toContain('forgotten')
    await coordinator.approve(id)
    const again = await until(live, 'visible again', isVisible)
    expect(live.engines).toHaveLength(engines)
    expect(stepOf(again, 'fetch').startedAt).toBe(fetchedAt)
    expect(stepOf(again, 'load').startedAt).toBe(loadedAt)
  })

  it('C-28: standby lets go of the blocks and says why; later blocks are loaded', async () => {
    const coordinator = await seed({ layersFor: () => [0, 4] })
    const live = await join(coordinator, { name: 'standby' })
    await until(live, 'waiting', isWaiting)
    await coordinator.approve(idOf(live))
    await until(live, 'visible', isVisible)
    coordinator.assign(idOf(live), null)
    await until(live, 'on standby', (now) => now.coordinator?.state === 'standby' && now.loadLevel === 'L0')
    expect(stepOf(live.node.status(), 'approve').next?.what).toMatch(/standby/i)
    const beats = coordinator.calls.length
    await until(live, 'beating on', () => coordinator.calls.length > beats + 1)
    coordinator.assign(idOf(live), [4, 8])
    const status = await until(live, 'visible with others', isVisible)
    expect(status.blocks).toEqual({ start: 4, end: 8 })
  })

  it('C-11: a peer that it names later is dialled without a restart', async () => {
    const others: string[] = []
    const coordinator = await seed({ peers: () => [...network.bootstrap.addresses(), ...others] })
    const live = await join(coordinator, { name: 'curious' })
    await until(live, 'waiting', isWaiting)
    const stranger = await loopbackHost()
    cleanups.push(async () => stranger.stop())
    expect(stranger.getConnections()).toHaveLength(0)
    others.push(...stranger.getMultiaddrs().map(String))
    await until(live, 'dialled', () => stranger.getConnections().length > 0)
    expect(stranger.getConnections()[0]?.remotePeer.toString()).toBe(live.node.status().peerId)
  })

  it('C-38: with the coordinator gone at the start, it joins through the peers of last time', async () => {
    const coordinator = await seed({})
    const live = await join(coordinator, { name: 'remembering' })
    await until(live, 'waiting', isWaiting)
    await until(live, 'told', () => noticeOf(live, 'registry') !== undefined)
    await live.node.stop()
    await coordinator.close()
    await live.node.start()
    const status = await until(live, 'connected without it', (now) => stepOf(now, 'connect').state === 'done')
    expect(stepOf(status, 'connect').evidence[0]?.by).toBe(network.bootstrap.addresses()[0]?.split('/p2p/').at(-1))
    await until(live, 'missing the coordinator', (now) => stepOf(now, 'register').state === 'failed')
    expect(codes(live)).toContain('network.info.failed')
  })

  it('C-19, C-29: after a rejection it asks no more by itself; a person’s wish is told in the timeline', async () => {
    const coordinator = await seed({})
    const live = await join(coordinator, { name: 'rejected' })
    await until(live, 'waiting', isWaiting)
    await coordinator.reject(idOf(live))
    await until(live, 'rejected', (now) => stepOf(now, 'approve').blocker?.code === 'REGISTRATION_REJECTED')
    const asked = coordinator.calls.filter(({ call }) => call.startsWith('POST')).length
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(coordinator.calls.filter(({ call }) => call.startsWith('POST'))).toHaveLength(asked)
    live.node.running()?.reapply()
    await until(live, 'asking', () => coordinator.calls.filter(({ call }) => call.startsWith('POST')).length > asked)
    expect(timelineOf(live)).toContain('asked-again')
  })

  it('C-50: other blocks mid-run: no moment with both online, and an answer under way ends well or with its reason', async () => {
    const coordinator = await seed({ layersFor: () => [4, 8] })
    const live = await join(coordinator, { name: 'moving' })
    await until(live, 'waiting', isWaiting)
    await coordinator.approve(idOf(live))
    await until(live, 'visible', isVisible)
    await until(companion, 'whole', ({ coverage }) => coverage.length === 8 && coverage.every((servers) => servers > 0))

    const client = await openNetworkClient({
      profile: network.profile,
      bootstraps: network.bootstrap.addresses(),
      clock: systemClock,
      log: createEventLog(systemClock, null),
    })
    cleanups.push(() => client.close())
    const { peerId, model } = live.node.status()
    const keys = Array.from({ length: 8 }, (_, block) => blockKey(model?.dhtPrefix ?? '', block))
    /** The blocks under which this node's record says online, as one reading finds them. */
    const onlineBlocks = async () => {
      const found = await client.dht.get(keys, { signal: AbortSignal.timeout(10_000) })
      return keys.flatMap((key, block) => {
        // One block's record at a time: a span would hide that another one says something else.
        const alone = keys.map((other) => (other === key ? (found.get(key) ?? null) : null))
        const mine = computeSpans(alone).find(({ peer }) => peer.toString() === peerId)
        return mine?.info.state === 'online' ? [block] : []
      })
    }
    await expect.poll(onlineBlocks, { timeout: 20_000 }).toEqual([4, 5, 6, 7])

    let tokens = 0
    const answer = companion.node
      .generate({
        prompt: 'A hacker is',
        maxTokens: 48,
        signal: AbortSignal.timeout(60_000),
        onToken: () => {
          tokens += 1
        },
      })
      .then(
        () => 'finished',
        (error: unknown) => (error instanceof EspalierError ? error.code : String(error)),
      )
    await expect.poll(() => tokens, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
    coordinator.assign(idOf(live), [0, 4])
    const readings: number[][] = []
    for (;;) {
      const reading = await onlineBlocks()
      readings.push(reading)
      if (reading.length === 4 && reading[0] === 0) break
      if (readings.length > 2_000) throw new Error('the new blocks never came online')
      await systemClock.sleep(20)
    }
    const both = readings.filter((blocks) => blocks.some((block) => block < 4) && blocks.some((block) => block >= 4))
    expect(both).toEqual([])
    expect(['finished', 'STAGE_LOST']).toContain(await answer)
    expect(live.node.status().coordinator?.timeline.at(-1)).toMatchObject({ kind: 'reassigned' })
  })
})
