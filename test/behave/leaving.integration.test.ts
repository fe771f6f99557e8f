import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeServerInfo } from '../../src-main/hivemind/server-info'
import { openNetworkClient } from '../../src-main/node/network-client'
import { dataDirectoryAt } from '../../src-main/storage/data-directory'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { type LiveNetwork, type LiveNode, startLiveNetwork, stepOf, until } from '../live-network'

let network: LiveNetwork
let client: Awaited<ReturnType<typeof openNetworkClient>>
const joined: LiveNode[] = []
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 1 })
  client = await openNetworkClient({
    profile: network.profile,
    bootstraps: network.bootstrap.addresses(),
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
})
afterAll(async () => {
  await client?.close()
  await network?.close()
})
afterEach(async () => {
  for (const live of joined.splice(0)) await live.remove()
})

async function joinNetwork(options: Parameters<LiveNetwork['join']>[0] = {}): Promise<LiveNode> {
  const live = await network.join(options)
  joined.push(live)
  return live
}

const isAnnounced = (live: LiveNode) =>
  until(live, 'announced', (status) => stepOf(status, 'announce').state === 'done')

/** What a peer that is not the node reads about it under one block. */
async function stateOf(peerId: string, key: string): Promise<string | null> {
  const found = (await client.dht.get([key], { signal: AbortSignal.timeout(5_000) })).get(key)
  const entry = found?.kind === 'dictionary' ? found.entries.get(peerId) : undefined
  return entry ? decodeServerInfo(entry.value).state : null
}

describe('taking leave', () => {
  it('H-21: another node shows who joins, and greys who leaves, each within moments of its record', async () => {
    const watching = await joinNetwork()
    await isAnnounced(watching)
    const coming = await joinNetwork()
    await isAnnounced(coming)
    const { peerId } = coming.node.status()
    const isShown = (state: string) =>
      until(watching, `shows it ${state}`, ({ peers }) =>
        peers.some((peer) => peer.peerId === peerId && peer.state === state),
      )
    await isShown('online')
    const leftAtMs = systemClock.monotonicMs()
    await coming.node.stop()
    await isShown('offline')
    // Five seconds are the aim (src-main/node/peer-watch.test.ts); a machine with much else to do gets more.
    expect(systemClock.monotonicMs() - leftAtMs).toBeLessThan(30_000)
  })

  it('M-29, O-17: a node that stops is OFFLINE for others at once, and owes nothing afterwards', async () => {
    const live = await joinNetwork()
    await isAnnounced(live)
    const { peerId, model } = live.node.status()
    const key = `${model?.dhtPrefix}.0`
    expect(await stateOf(peerId!, key)).toBe('online')
    expect(JSON.parse(await readFile(live.config.data.announcedFile, 'utf8'))).toMatchObject({ range: { start: 0 } })
    await live.node.stop()
    expect(await stateOf(peerId!, key)).toBe('offline')
    await expect(readFile(live.config.data.announcedFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('M-29, D-T06: OFFLINE before the computer sleeps; online and seen again after it, without a restart', async () => {
    const live = await joinNetwork()
    await isAnnounced(live)
    const { peerId, model } = live.node.status()
    const key = `${model?.dhtPrefix}.0`
    await live.node.running()?.sleep()
    expect(await stateOf(peerId!, key)).toBe('offline')
    live.node.running()?.wake()
    await expect.poll(() => stateOf(peerId!, key), { timeout: 30_000 }).toBe('online')
    expect(live.engines).toHaveLength(1)
  })

  it('O-17, O-10: blocks that a killed run left behind are taken back by the next one; one row, the right span', async () => {
    const first = await joinNetwork({ name: 'killed' })
    await isAnnounced(first)
    const { peerId, model } = first.node.status()
    await first.node.stop()
    // As a run leaves it that was killed while it served other blocks.
    await writeFile(
      first.config.data.announcedFile,
      JSON.stringify({
        model: { dhtPrefix: 'Other-Model', blockCount: 4, repository: null },
        range: { start: 1, end: 3 },
        publicName: 'killed',
        version: null,
      }),
    )
    await first.node.start()
    await isAnnounced(first)
    await expect.poll(() => stateOf(peerId!, 'Other-Model.1'), { timeout: 10_000 }).toBe('offline')
    expect(await stateOf(peerId!, 'Other-Model.2')).toBe('offline')
    expect(await stateOf(peerId!, `${model?.dhtPrefix}.0`)).toBe('online')
  })
})

it('D-T20, D-T21: two nodes with one identity: the older stays, the younger stops and says why', async () => {
  const older = await joinNetwork({ name: 'original' })
  await isAnnounced(older)
  const root = join(dirname(older.config.data.root), 'copy')
  await mkdir(root)
  await copyFile(older.config.data.identityFile, dataDirectoryAt(root).identityFile)
  const younger = await joinNetwork({ name: 'copy' })
  const status = await until(younger, 'refused', ({ steps }) =>
    steps.some(({ blocker }) => blocker?.code === 'IDENTITY_IN_USE'),
  )
  expect(status.peerId).toBe(older.node.status().peerId)
  await younger.remove()
  // The younger one's end is not taken for the older one's; its last word stands until the older one's next.
  const { peerId, model } = older.node.status()
  const key = `${model?.dhtPrefix}.0`
  expect(await stateOf(peerId!, key)).not.toBe('offline')
  await expect.poll(() => stateOf(peerId!, key), { timeout: 10_000 }).toBe('online')
  expect(older.node.status().steps.some(({ blocker }) => blocker?.code === 'IDENTITY_IN_USE')).toBe(false)
})
