import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { callRpcInfo } from '../../src-main/hivemind/rpc-info'
import { decodeServerInfo, type ServerInfo } from '../../src-main/hivemind/server-info'
import { type NetworkClient, openNetworkClient } from '../../src-main/node/network-client'
import { REAL_ROOMS } from '../../src-main/node/rooms'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  PATIENCE_MS,
  PATIENT,
  startLiveNetwork,
  stepOf,
  until,
} from '../live-network'

// The order of a node's first minutes, as its own log has it and as somebody else sees it.

const BLOCK_KEY = 'Tiny-Jargon-8.0'
const LATE_MS = 10_000
const CALLS = 100
const CALL_TIMEOUT_MS = 1_000

let network: LiveNetwork
let stranger: NetworkClient
let joined: LiveNode | null = null
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 1, timings: PATIENT })
  stranger = await openNetworkClient({
    profile: network.profile,
    bootstraps: network.bootstrap.addresses(),
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
  // Two witnesses are needed to be visible: this node, and the bootstrap peer.
  const witness = await network.join({ name: 'witness' })
  await until(witness, 'loaded', ({ loadLevel }) => loadLevel === 'L6', PATIENCE_MS)
}, 2 * PATIENCE_MS)
afterAll(async () => {
  await stranger?.close()
  await network?.close()
})
afterEach(async () => {
  await joined?.remove()
  joined = null
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const peerIdOf = (live: LiveNode) => live.node.status().peerId ?? ''

/** What the network's peers have of a node under its first block. */
async function stateOf(peerId: string): Promise<ServerInfo['state'] | null> {
  const found = (await stranger.dht.get([BLOCK_KEY], { signal: AbortSignal.timeout(10_000) })).get(BLOCK_KEY)
  const entry = found?.kind === 'dictionary' ? found.entries.get(peerId) : undefined
  return entry ? decodeServerInfo(entry.value).state : null
}

describe('the first minutes of a node', { timeout: 2 * PATIENCE_MS }, () => {
  it('M-01: connected, joined, loaded, announced, seen: in this order, and nothing is announced while bootstraps are late', async () => {
    let answeredAt = 0
    joined = await network.join({
      rooms: {
        dialBootstraps: async (...call) => {
          if (answeredAt === 0) await pause(LATE_MS)
          const outcomes = await REAL_ROOMS.dialBootstraps(...call)
          answeredAt ||= systemClock.now()
          return outcomes
        },
      },
    })
    const live = joined
    while (answeredAt === 0) {
      expect(stepOf(live.node.status(), 'connect').state).toBe('working')
      const state = await stateOf(peerIdOf(live))
      if (answeredAt === 0) expect(state).toBeNull()
      await pause(500)
    }
    const status = await until(live, 'visible', isVisible, PATIENCE_MS)
    const codes = live.log.map(({ code }) => code)
    const joinedAt = codes.indexOf('dht.bootstrap.done')
    expect(joinedAt).toBeGreaterThan(-1)
    expect(codes.slice(0, joinedAt).filter((code) => code.startsWith('announce.'))).toEqual([])
    expect(codes.indexOf('announce.done')).toBeGreaterThan(joinedAt)
    expect(codes.indexOf('node.visible')).toBeGreaterThan(codes.indexOf('announce.done'))

    const ends = (['connect', 'fetch', 'load', 'prove', 'announce', 'visible'] as const).map((name) => {
      const { startedAt, endedAt } = stepOf(status, name)
      expect(startedAt, name).toBeGreaterThan(0)
      expect(endedAt, name).toBeGreaterThanOrEqual(startedAt ?? Number.POSITIVE_INFINITY)
      return endedAt ?? 0
    })
    expect(ends[0]).toBeGreaterThanOrEqual(answeredAt)
    expect(ends).toEqual(ends.toSorted((a, b) => a - b))
  })

  it('M-10: others see joining, online and offline, in this order, and online not before the test pass', async () => {
    const gate = Promise.withResolvers<void>()
    let isProven = false
    joined = await network.join({
      rooms: {
        runProbe: async (...probe) => {
          await gate.promise
          const result = await REAL_ROOMS.runProbe(...probe)
          isProven = true
          return result
        },
      },
    })
    const live = joined
    const peerId = peerIdOf(live)
    const seen: string[] = []
    async function watchUntil(last: string): Promise<void> {
      const deadline = performance.now() + PATIENCE_MS
      while (seen.at(-1) !== last) {
        expect(performance.now(), `${last}, after ${seen.join(', ') || 'nothing'}`).toBeLessThan(deadline)
        const state = await stateOf(peerId)
        if (state === 'online') expect(isProven).toBe(true)
        if (state !== null && state !== seen.at(-1)) seen.push(state)
        await pause(50)
      }
    }
    await watchUntil('joining')
    await until(live, 'loaded, and not proven', ({ loadLevel }) => loadLevel === 'L5', PATIENCE_MS)
    for (let look = 0; look < 20; look++) {
      expect(await stateOf(peerId)).toBe('joining')
      await pause(50)
    }
    gate.resolve()
    await watchUntil('online')
    await live.node.stop()
    await watchUntil('offline')
    expect(seen).toEqual(['joining', 'online', 'offline'])
  })

  it.skipIf(process.platform === 'win32')(
    'M-14: while its engine is busy with a load and answers nothing, a hundred info calls are answered within a second each',
    async () => {
      const gate = Promise.withResolvers<void>()
      joined = await network.join({
        rooms: {
          fetchShard: async (...call) => {
            await gate.promise
            return REAL_ROOMS.fetchShard(...call)
          },
        },
      })
      const live = joined
      await until(live, 'fetching', (status) => stepOf(status, 'fetch').state === 'working', PATIENCE_MS)
      await expect.poll(() => live.engines.length, { timeout: 30_000 }).toBe(1)
      const [engine] = live.engines
      engine!.signal('SIGSTOP')
      try {
        gate.resolve()
        await until(live, 'loading', (status) => stepOf(status, 'load').state === 'working', PATIENCE_MS)
        const peer = peerIdFromString(peerIdOf(live))
        await stranger.host.dial(live.node.status().listenAddresses.map((address) => multiaddr(address)))
        for (let call = 0; call < CALLS; call++) {
          const signal = AbortSignal.timeout(CALL_TIMEOUT_MS)
          expect(await callRpcInfo(stranger.host, peer, '', { signal })).toMatchObject({ dhtClientMode: false })
          await pause(50)
        }
        expect(stepOf(live.node.status(), 'load').state).toBe('working')
      } finally {
        engine!.signal('SIGCONT')
      }
      await until(live, 'visible after the load', isVisible, PATIENCE_MS)
      expect(live.engines).toEqual([engine])
    },
  )
})
