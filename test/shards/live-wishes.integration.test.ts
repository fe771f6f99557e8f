import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { FREE_TRANSFERS, type Transfers, type TransferWishes } from '../../src-main/node/transfers'
import { readManifest } from '../../src-main/shards/manifest'
import { peerSource } from '../../src-main/shards/sources/peer-source'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import { type LiveNetwork, SAMPLE_MANIFEST, SAMPLE_MODEL, startLiveNetwork } from '../live-network'
import { loopbackHost } from '../loopback-host'
import { temporaryDirectory } from '../models/temporary'

let network: LiveNetwork
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 1 })
})
afterAll(() => network?.close())

function changeable(): Transfers & { change(wishes: Partial<TransferWishes>): void } {
  const listeners = new Set<() => void>()
  let wishes = FREE_TRANSFERS.wishes()
  return {
    ...FREE_TRANSFERS,
    wishes: () => wishes,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    change(next) {
      wishes = { ...wishes, ...next }
      for (const listener of listeners) listener()
    },
  }
}

it('what the operator wishes about files holds in a running node: a file, a pause, seeding, and what is in use', async () => {
  const transfers = changeable()
  transfers.change({ isPaused: true })
  const store = createShardStore({ dataDirectory: await temporaryDirectory(), clock: systemClock })
  const { node } = await network.join({ config: { modelPath: join('/', 'nowhere.gguf'), transfers, store } })
  const fetch = () => node.status().steps.find(({ name }) => name === 'fetch')
  const blockerOf = () => node.status().readiness?.blocker?.id
  const slow = { timeout: 60_000, interval: 100 }

  await expect.poll(() => fetch()?.blocker?.code, slow).toBe('FETCH_PAUSED')
  await expect.poll(blockerOf, slow).toBe('paused')
  expect(node.status()).toMatchObject({ headline: 'Paused by you', fetch: { state: 'paused' } })

  // Resumed, it finds that there is no such file; named another one, it takes that.
  transfers.change({ isPaused: false })
  await expect.poll(() => fetch()?.state, slow).toBe('failed')
  transfers.change({ modelPath: SAMPLE_MODEL })
  node.running()?.loadNow()
  await expect.poll(() => node.status().loadLevel, slow).toMatch(/L[67]/)
  expect(node.status().fetch).toBeUndefined()
  const [slice, ...others] = await store.use.list()
  expect(others).toEqual([])
  expect(slice).toMatchObject({ isInUse: true, isFinished: true })
  await expect(store.use.remove(slice!.directory)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await expect.poll(async () => (await store.use.list())[0]?.usedAt ?? 0).toBeGreaterThan(0)

  const manifest = await readManifest(SAMPLE_MANIFEST)
  const host = await loopbackHost({ listens: false })
  onTestFinished(() => host.stop())
  const connection = await host.dial(node.status().listenAddresses.map((address) => multiaddr(address)))
  const offered = async () => {
    const source = peerSource(host, connection.remotePeer, 'lan')
    const pieces = await source.open(manifest, AbortSignal.timeout(10_000))
    await source.close()
    return pieces?.size ?? manifest.pieces.length
  }
  expect(await offered()).toBe(manifest.pieces.length)
  transfers.change({ seeds: false })
  expect(await offered()).toBe(0)
  transfers.change({ seeds: true })
  expect(await offered()).toBe(manifest.pieces.length)

  await node.stop()
  expect((await store.use.list())[0]).toMatchObject({ isInUse: false })
})
