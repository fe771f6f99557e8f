import { open } from 'node:fs/promises'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Host } from '../../src-main/network/host'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { FetchEvent, FetchOptions, FetchProgress } from '../../src-main/shards/fetch/types'
import { piecesFor } from '../../src-main/shards/manifest'
import { byteStream } from '../../src-main/shards/peers/byte-stream'
import { type SeedingLimits, servePieces } from '../../src-main/shards/peers/pieces-server'
import { PIECES_PROTOCOL, readHead, sendRequest } from '../../src-main/shards/peers/pieces-wire'
import { createSeeds } from '../../src-main/shards/peers/seeds'
import { fileSource } from '../../src-main/shards/sources/file-source'
import { httpSource } from '../../src-main/shards/sources/http-source'
import { peerSource } from '../../src-main/shards/sources/peer-source'
import type { ByteSource as Source } from '../../src-main/shards/sources/source'
import { nodeFileSystem } from '../../src-main/shards/store/file-system'
import type { BlockRange } from '../../src-shared/blocks'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, emptyStore, MEDIUM, madeModel, neededBytes } from './models'

let model: Awaited<ReturnType<typeof madeModel>>
beforeAll(async () => {
  model = await madeModel(MEDIUM)
})

/** A node that has these blocks and hands them out. */
async function seeder(blocks: BlockRange, limits: Partial<SeedingLimits> = {}) {
  const store = await emptyStore()
  const sources = [fileSource(model.path, nodeFileSystem)]
  const slice = await fetchShard({ manifest: model.manifest, blocks, sources, store, clock: systemClock })
  const host = await loopbackHost()
  const damaged: number[] = []
  const seeds = createSeeds(store, { onDamaged: (_, piece) => damaged.push(piece) })
  const server = await servePieces(host, { seeds, clock: systemClock, limits })
  onTestFinished(async () => {
    await server.stop()
    await seeds.close()
    await host.stop()
  })
  return { store, slice, host, seeds, server, damaged }
}

async function client(...to: Host[]): Promise<Host> {
  const host = await loopbackHost({ listens: false })
  onTestFinished(() => host.stop())
  for (const other of to) await connect(host, other)
  return host
}

async function options(blocks: BlockRange): Promise<FetchOptions & { events: FetchEvent[] }> {
  const events: FetchEvent[] = []
  const onEvent = (event: FetchEvent) => void events.push(event)
  return {
    manifest: model.manifest,
    blocks,
    sources: [],
    store: await emptyStore(),
    clock: systemClock,
    onEvent,
    events,
  }
}

describe('fetching from peers', () => {
  it('takes the header and the pieces, and makes the same slice', async () => {
    const one = await seeder({ start: 0, end: 4 })
    const host = await client(one.host)
    const used = await options({ start: 1, end: 4 })
    const fetched = await fetchShard({ ...used, sources: [peerSource(host, one.host.peerId, 'swarm')] })
    const cut = await cutSlice(model.path, model.manifest, used.blocks)
    expect(await sameBytes(fetched.slicePath, cut.slicePath)).toBe(true)
    expect(one.server.figures().sentBytes).toBe(
      neededBytes(model.manifest, used.blocks) + model.manifest.header.sizeBytes,
    )
  })

  it('S-22, X-22: takes what each peer has, from two that have different blocks', async () => {
    const [one, two] = [await seeder({ start: 0, end: 3 }), await seeder({ start: 3, end: 8 })]
    const host = await client(one.host, two.host)
    const used = await options({ start: 1, end: 6 })
    const sources = [peerSource(host, one.host.peerId, 'swarm'), peerSource(host, two.host.peerId, 'lan')]
    const fetched = await fetchShard({ ...used, sources })
    const cut = await cutSlice(model.path, model.manifest, used.blocks)
    expect(await sameBytes(fetched.slicePath, cut.slicePath)).toBe(true)
    expect(one.server.figures().sentBytes).toBeGreaterThan(0)
    expect(two.server.figures().sentBytes).toBeGreaterThan(0)
  })

  it('S-22: of two that have the same blocks each gives about its share at once; one goes, and the other ends it', async () => {
    const blocks = { start: 2, end: 6 }
    const limits = { bytesPerSecond: 8e6 }
    const [stays, goes] = [await seeder(blocks, limits), await seeder(blocks, limits)]
    const host = await client(stays.host, goes.host)
    const used = await options(blocks)
    const [first, second] = [stays, goes].map((peer) => peerSource(host, peer.host.peerId, 'swarm')) as [Source, Source]
    const atOnce = new Set<number>()
    let last: FetchProgress | null = null
    let isGone = false
    await fetchShard({
      ...used,
      sources: [first, second],
      onProgress(progress) {
        last = progress
        atOnce.add(progress.sources.filter(({ state }) => state === 'active').length)
        const given = progress.sources.find(({ id }) => id === second.id)?.receivedBytes ?? 0
        if (isGone || given < 0.25 * progress.neededBytes) return
        isGone = true
        void goes.server.stop()
      },
    })
    expect(atOnce).toContain(2)
    const { sources, neededBytes: needed } = last as unknown as FetchProgress
    const [one, two] = [first, second].map(({ id }) => sources.find((source) => source.id === id))
    expect(two).toMatchObject({ kind: 'swarm', lastFailure: { code: expect.any(String) } })
    expect(two!.failures).toBeGreaterThan(0)
    expect(two!.receivedBytes).toBeGreaterThan(0.2 * needed)
    expect(one).toMatchObject({ kind: 'swarm', failures: 0, lastFailure: null })
    expect(one!.verifiedPieces + two!.verifiedPieces).toBe(piecesFor(model.manifest, blocks).length)
    // Nothing of what the other gave before it went was fetched again but its last piece.
    expect(one!.receivedBytes + two!.receivedBytes).toBeLessThan(1.15 * needed)
  })

  it('S-14: local first, then peers nearby, then others, then the mirror; without those before it each is enough', async () => {
    const blocks = { start: 2, end: 3 }
    const [far, near] = [await seeder(blocks), await seeder(blocks)]
    const host = await client(far.host, near.host)
    const server = await serveModel(model.path)
    const all: Record<string, () => Source> = {
      http: () => httpSource(server.url, { allowPrivate: true }),
      swarm: () => peerSource(host, far.host.peerId, 'swarm'),
      lan: () => peerSource(host, near.host.peerId, 'lan'),
      file: () => fileSource(model.path, nodeFileSystem),
    }
    const kindsOf = async (names: string[]) => {
      const sources = names.map((name) => all[name]!())
      const used = await options(blocks)
      await fetchShard({ ...used, sources })
      const kinds = used.events.map((event) => event.type === 'piece-verified' && event.source?.split(':')[0])
      return [...new Set(kinds)]
    }
    expect(await kindsOf(['http', 'swarm', 'lan', 'file'])).toEqual(['file'])
    expect(await kindsOf(['http', 'swarm', 'lan'])).toEqual(['lan'])
    expect(await kindsOf(['http', 'swarm'])).toEqual(['swarm'])
    expect(await kindsOf(['http'])).toEqual(['http'])
  })

  it('S-23: a damaged piece is never handed out, and the others still are', async () => {
    const blocks = { start: 5, end: 6 }
    const one = await seeder(blocks)
    const host = await client(one.host)
    const file = await open(one.slice.slicePath, 'r+')
    await file.write(Buffer.from([0xff, 0xfe, 0xfd]), 0, 3, (await file.stat()).size - 5_000_000)
    await file.close()
    const used = await options(blocks)
    await expect(fetchShard({ ...used, sources: [peerSource(host, one.host.peerId, 'swarm')] })).rejects.toMatchObject({
      code: 'FETCH_SOURCES_FAILED',
    })
    expect(one.damaged.length).toBe(1)
    expect(used.events.filter(({ type }) => type === 'piece-rejected')).toEqual([])
  })

  it('S-23: damage that comes after a piece was handed out once is noticed as well', async () => {
    const blocks = { start: 5, end: 6 }
    const one = await seeder(blocks)
    const seeded = (await one.seeds.model(model.manifest.root))!
    const [piece] = seeded.pieces
    expect(await seeded.readPiece(piece!)).not.toBeNull()
    const file = await open(one.slice.slicePath, 'r+')
    const { size } = await file.stat()
    for (let at = 0; at < size; at += 1e5) await file.write(Buffer.from([at % 251]), 0, 1, at)
    await file.close()
    await systemClock.sleep(1_100)
    expect(await seeded.readPiece(piece!)).toBeNull()
  })

  it('hands out as much as it may and no more', async () => {
    const blocks = { start: 5, end: 6 }
    const one = await seeder(blocks, { bytesPerSecond: 4e6, uploadsAtOnce: 1, requestsPerSecond: 2 })
    const hosts = [await client(one.host), await client(one.host)]
    const startedAt = performance.now()
    await Promise.all(
      hosts.map(async (host) =>
        fetchShard({ ...(await options(blocks)), sources: [peerSource(host, one.host.peerId, 'lan')] }),
      ),
    )
    // Both got 10.6 MB through one line of 4 MB/s, its first second free; the second had to ask again.
    expect(performance.now() - startedAt).toBeGreaterThan(3_500)
    expect(one.server.figures().refused).toBeGreaterThan(0)
  })

  it.each([
    ['no JSON', Buffer.from('GET / HTTP/1.1')],
    ['another version', Buffer.from('{"v":2,"op":"have","root":""}')],
    ['a path for a root', Buffer.from('{"v":1,"op":"have","root":"../../../../etc/passwd"}')],
    ['a huge message', new Uint8Array(100_000)],
    ['a negative offset', Buffer.from(`{"v":1,"op":"read","root":"${'0'.repeat(64)}","offset":-1,"size":1}`)],
  ])('S-38: ends the stream of who sends %s, and serves others', async (_, bytes) => {
    const one = await seeder({ start: 5, end: 6 })
    const host = await client(one.host)
    const stream = byteStream(await host.dialProtocol(one.host.peerId, PIECES_PROTOCOL))
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bytes.byteLength)
    await stream.send(Buffer.concat([head, bytes]))
    await expect(readHead(stream)).rejects.toThrow()
    const used = await options({ start: 5, end: 6 })
    await fetchShard({ ...used, sources: [peerSource(host, one.host.peerId, 'lan')] })
  })

  it('refuses what it does not have and what lies beyond the file, and goes on', async () => {
    const one = await seeder({ start: 5, end: 6 })
    const host = await client(one.host)
    const stream = byteStream(await host.dialProtocol(one.host.peerId, PIECES_PROTOCOL))
    const root = model.manifest.root
    const ask = async (offset: number, size: number, of = root) => {
      await sendRequest(stream, { v: 1, op: 'read', root: of, offset, size })
      return readHead(stream).catch((error: { code: string }) => error.code)
    }
    expect(await ask(model.manifest.file.sizeBytes - 1, 2)).toBe('REMOTE_ERROR')
    expect(await ask(model.manifest.file.sizeBytes - 1, 1)).toBe('SOURCE_REFUSED')
    expect(await ask(0, 1, 'f'.repeat(64))).toBe('SOURCE_REFUSED')
  })
})
