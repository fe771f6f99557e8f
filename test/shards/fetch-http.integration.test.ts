import { open } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { FetchEvent, FetchOptions } from '../../src-main/shards/fetch/types'
import { isPublicAddress } from '../../src-main/shards/sources/http-guard'
import { httpSource } from '../../src-main/shards/sources/http-source'
import { systemClock } from '../../src-shared/clock'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, emptyStore, MEDIUM, madeModel, neededBytes } from './models'

let model: Awaited<ReturnType<typeof madeModel>>
beforeAll(async () => {
  model = await madeModel(MEDIUM)
})

const BLOCKS = { start: 2, end: 4 }

async function options(more: Partial<FetchOptions> = {}): Promise<FetchOptions & { events: FetchEvent[] }> {
  const events: FetchEvent[] = []
  const onEvent = (event: FetchEvent) => void events.push(event)
  return {
    manifest: model.manifest,
    blocks: BLOCKS,
    sources: [],
    store: await emptyStore(),
    clock: systemClock,
    onEvent,
    events,
    ...more,
  }
}

const from = (url: string, more = {}) => httpSource(url, { allowPrivate: true, ...more })

describe('fetching by HTTP', () => {
  it('S-22: takes the header and the assigned tensors, and nothing else', async () => {
    const server = await serveModel(model.path)
    const fetched = await fetchShard(await options({ sources: [from(server.url)] }))
    const needed = neededBytes(model.manifest, BLOCKS)
    expect(server.sentBytes).toBe(needed + model.manifest.header.sizeBytes)
    expect(fetched).toMatchObject({ neededBytes: needed, receivedBytes: server.sentBytes })
    expect(needed).toBeLessThan(0.27 * model.manifest.file.sizeBytes)
    expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, model.manifest, BLOCKS)).slicePath)).toBe(
      true,
    )
  })

  it('takes from several servers at once, each about its share', async () => {
    const servers = [
      await serveModel(model.path, { bytesPerSecond: 2e7 }),
      await serveModel(model.path, { bytesPerSecond: 2e7 }),
    ]
    // Another host name for the second: sources are told apart by it.
    const sources = [from(servers[0]!.url), from(servers[1]!.url.replace('127.0.0.1', 'localhost'))]
    const used = await options({ blocks: { start: 0, end: 8 }, sources })
    const fetched = await fetchShard(used)
    expect(
      await sameBytes(fetched.slicePath, (await cutSlice(model.path, model.manifest, used.blocks)).slicePath),
    ).toBe(true)
    for (const { sentBytes } of servers) expect(sentBytes).toBeGreaterThan(0.2 * model.manifest.file.sizeBytes)
    expect(fetched.receivedBytes).toBeLessThan(1.02 * (fetched.neededBytes + model.manifest.header.sizeBytes))
  })

  it('refuses a server that ignores Range before it has sent much', async () => {
    const server = await serveModel(model.path, { ignoresRanges: true })
    const used = await options({ sources: [from(server.url)] })
    await expect(fetchShard(used)).rejects.toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
    expect(used.events).toContainEqual(expect.objectContaining({ type: 'source-failed', excluded: true }))
    expect(used.events.map((event) => event.type === 'source-failed' && event.error.code)).toContain(
      'SOURCE_IGNORES_RANGES',
    )
    expect(server.sentBytes).toBeLessThan(16 * 2 ** 20)
  })

  it.each([
    { what: 'gone', behaviour: { status: 404 }, code: 'SOURCE_REFUSED' },
    { what: 'another file', behaviour: { totalBytes: 12 }, code: 'SOURCE_CHANGED' },
    { what: 'compressed', behaviour: { contentEncoding: 'gzip' }, code: 'SOURCE_IGNORES_RANGES' },
    { what: 'a redirect to a strange place', behaviour: { redirectTo: 'file:///etc/passwd' }, code: 'SOURCE_REFUSED' },
  ])('excludes a server at once: $what', async ({ behaviour, code }) => {
    const server = await serveModel(model.path, behaviour)
    const used = await options({ sources: [from(server.url)] })
    await expect(fetchShard(used)).rejects.toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
    expect(used.events.map((event) => event.type === 'source-failed' && event.error.code)).toEqual([code])
    expect(server.requests.length).toBe(1)
  })

  it('goes on after connections that are cut and answers of 500, and says how often', async () => {
    const server = await serveModel(model.path, { cutAfterBytes: 6e6 })
    const used = await options({ sources: [from(server.url)] })
    const fetched = await fetchShard(used)
    expect(used.events.filter(({ type }) => type === 'source-failed').length).toBeGreaterThan(2)
    // What was cut was on the disk already.
    expect(fetched.receivedBytes).toBeLessThan(1.02 * (fetched.neededBytes + model.manifest.header.sizeBytes))
    server.behaviour.status = 503
    setTimeout(() => delete server.behaviour.status, 700)
    await fetchShard({ ...used, store: await emptyStore() })
  })

  it('notices that the file on the server was replaced', async () => {
    const server = await serveModel(model.path, { cutAfterBytes: 2e6 })
    const used = await options({
      sources: [from(server.url)],
      onEvent(event) {
        used.events.push(event)
        if (event.type === 'source-failed') server.behaviour.etag = '"two"'
      },
    })
    await expect(fetchShard(used)).rejects.toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
    const codes = used.events.map((event) => event.type === 'source-failed' && event.error.code)
    expect(codes).toContain('PEER_UNREACHABLE')
    expect(codes).toContain('SOURCE_CHANGED')
  })

  it('sends the token to its host alone, and not along with a redirect', async () => {
    const mirror = await serveModel(model.path)
    const hub = await serveModel(model.path, { redirectTo: mirror.url.replace('127.0.0.1', 'localhost') })
    const asked: string[] = []
    const tokenFor = async (host: string) => {
      asked.push(host)
      return 'secret'
    }
    // Also where the host of the redirect is one that may have a token of its own.
    const sources = [from(hub.url, { tokenFor, tokenHosts: ['127.0.0.1', 'localhost'] })]
    await fetchShard(await options({ sources }))
    expect(hub.requests.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true)
    expect(mirror.requests.length).toBeGreaterThan(1)
    expect(mirror.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
    expect(new Set(asked)).toEqual(new Set(['127.0.0.1']))
  })

  it('a gated model: says whether the token is missing or not accepted, and comes with the right one', async () => {
    const hub = await serveModel(model.path, { token: 'right' })
    const fetchWith = async (token: string | null) =>
      fetchShard(
        await options({ sources: [from(hub.url, { tokenFor: async () => token, tokenHosts: ['127.0.0.1'] })] }),
      )
    const refusal = (why: string) => ({
      code: 'SOURCE_GATED',
      message: expect.stringContaining(why),
      action: expect.stringContaining('Hugging Face token'),
    })
    await expect(fetchWith(null)).rejects.toMatchObject(refusal('answers 401: no token was sent'))
    await expect(fetchWith('wrong')).rejects.toMatchObject(refusal('answers 403: it does not accept the token'))
    expect(hub.requests.length).toBe(2)
    expect((await fetchWith('right')).wasThere).toBe(false)
  })

  it('asks nobody on this computer or its network unless that is allowed', async () => {
    const server = await serveModel(model.path)
    for (const url of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
      const used = await options({ sources: [httpSource(url)] })
      await expect(fetchShard(used)).rejects.toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
      expect(used.events.map((event) => event.type === 'source-failed' && event.error.code)).toEqual([
        'SOURCE_FORBIDDEN',
      ])
    }
    expect(server.requests).toEqual([])
    expect(
      ['10.1.2.3', '169.254.169.254', '::1', 'fd00::1', '::ffff:127.0.0.1', '100.64.0.1'].filter(isPublicAddress),
    ).toEqual([])
    expect(['1.1.1.1', '2606:4700::1111'].every(isPublicAddress)).toBe(true)
  })

  it('S-23, D-T09: bad bytes are never kept, and another source gives the piece', async () => {
    const piece = model.manifest.pieces.find(({ block }) => block === 3)!
    const liar = await serveModel(model.path, { corruptAt: piece.offset + 1000 })
    const used = await options({ sources: [from(liar.url)] })
    await expect(fetchShard(used)).rejects.toMatchObject({ code: 'FETCH_PIECES_REJECTED' })
    expect(used.events).toContainEqual(expect.objectContaining({ type: 'piece-rejected', piece: piece.index }))
    const honest = await serveModel(model.path)
    const sources = [from(liar.url), from(honest.url.replace('127.0.0.1', 'localhost'))]
    const fetched = await fetchShard({ ...used, sources })
    expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, model.manifest, BLOCKS)).slicePath)).toBe(
      true,
    )
    const givers = used.events.map(
      (event) => event.type === 'piece-verified' && event.piece === piece.index && event.source,
    )
    expect(givers.filter(Boolean)).toEqual([sources[1]!.id])
  })

  it('keeps to the bandwidth that it is given', async () => {
    const server = await serveModel(model.path)
    const startedAt = performance.now()
    const needed = neededBytes(model.manifest, BLOCKS)
    await fetchShard(await options({ sources: [from(server.url)], limits: { bytesPerSecond: needed / 3 } }))
    // The first second's worth is free.
    expect(performance.now() - startedAt).toBeGreaterThan(1_700)
  })

  it('D-T09: flipped bits in a finished slice cost their pieces and no others', async () => {
    const server = await serveModel(model.path)
    const used = await options({ sources: [from(server.url)] })
    const first = await fetchShard(used)
    const file = await open(first.slicePath, 'r+')
    const byte = Buffer.alloc(1)
    const { size } = await file.stat()
    await file.read(byte, 0, 1, size - 100)
    byte[0]! ^= 1
    await file.write(byte, 0, 1, size - 100)
    await file.close()
    expect(await used.store.looksUntouched(used.manifest, BLOCKS)).toBe(false)
    const before = server.sentBytes
    const second = await fetchShard({ ...used, sources: [from(server.url)] })
    expect(second).toMatchObject({ wasThere: false, sha256: first.sha256 })
    expect(server.sentBytes - before).toBeLessThanOrEqual(
      Math.max(...model.manifest.pieces.map(({ sizeBytes }) => sizeBytes)),
    )
    expect(await sameBytes(second.slicePath, (await cutSlice(model.path, model.manifest, BLOCKS)).slicePath)).toBe(true)
  })
})
