import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngineFactory, type EngineFactory } from '../../src-main/engine/testing/test-engine'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { makeManifest } from '../../src-main/shards/make-manifest'
import { checkManifest, type Manifest, readManifest } from '../../src-main/shards/manifest'
import { findLocalFiles } from '../../src-main/shards/sources/find-local'
import { gatherSources } from '../../src-main/shards/sources/gather-sources'
import { shardFolder } from '../../src-main/shards/sources/shard-folder'
import { nodeFileSystem } from '../../src-main/shards/store/file-system'
import type { ShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import { SAMPLE_MANIFEST } from '../live-network'
import { SAMPLE_MODEL } from '../models/manifests'
import { splitModel } from '../models/split'
import { temporaryDirectory } from '../models/temporary'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, emptyStore, MEDIUM, madeModel, neededBytes } from './models'

let model: Awaited<ReturnType<typeof madeModel>>
beforeAll(async () => {
  model = await madeModel(MEDIUM)
})

const BLOCKS = { start: 2, end: 5 }

function gather(store: ShardStore, manifest: Manifest, more: { modelPath?: string; token?: string } = {}) {
  const { modelPath = null, token } = more
  return gatherSources({
    ...{ manifest, blocks: BLOCKS, store, modelPath, places: [], host: null, peers: [] },
    http: {
      allowPrivate: true,
      tokenHosts: ['127.0.0.1'],
      ...(token === undefined ? {} : { tokenFor: async () => token }),
    },
  })
}

describe('a model that its publisher has split', () => {
  it('S-22: comes by Range from all its files: their headers, the assigned tensors, and nothing else', async () => {
    const paths = await splitModel(model.path, await temporaryDirectory(), { count: 4, isFirstEmpty: true })
    const servers = await Promise.all(paths.map((path) => serveModel(path, { token: 'secret' })))
    const sources = [{ urls: servers.map(({ url }) => url) }]
    const manifest = checkManifest({ ...model.manifest, sources })
    const store = await emptyStore()
    const blocks = BLOCKS
    const fetched = await fetchShard({
      ...{ manifest, blocks, store, clock: systemClock },
      sources: await gather(store, manifest, { token: 'secret' }),
    })
    expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, manifest, BLOCKS)).slicePath)).toBe(true)
    const sent = servers.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
    expect(sent).toBeLessThan(1.02 * (neededBytes(manifest, BLOCKS) + manifest.header.sizeBytes))
    const tokens = servers.flatMap(({ requests }) => requests.map(({ authorization }) => authorization))
    expect(new Set(tokens)).toEqual(new Set(['Bearer secret']))
  })

  it('of other files than the manifest’s gives nothing, and says so', async () => {
    const other = await madeModel({ seed: 5, blockCount: 6 })
    const paths = await splitModel(other.path, await temporaryDirectory(), { count: 2 })
    const servers = await Promise.all(paths.map((path) => serveModel(path)))
    const manifest = checkManifest({ ...model.manifest, sources: [{ urls: servers.map(({ url }) => url) }] })
    const store = await emptyStore()
    const codes: unknown[] = []
    const fetching = fetchShard({
      ...{ manifest, blocks: BLOCKS, store, clock: systemClock },
      sources: await gather(store, manifest),
      onEvent: (event) => event.type === 'source-failed' && codes.push(event.error.code),
    })
    await expect(fetching).rejects.toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
    expect(codes).toEqual(['SOURCE_CHANGED'])
  })

  it('is used where it lies: chosen, in the shard folder, in another program’s cache; one that lacks a file is not', async () => {
    const directory = await temporaryDirectory()
    const paths = await splitModel(model.path, directory, { count: 3 })
    const fetchFrom = async (store: ShardStore, modelPath?: string) => {
      const sources = await gather(store, model.manifest, modelPath === undefined ? {} : { modelPath })
      const kinds = new Set<string | undefined>()
      await fetchShard({
        ...{ manifest: model.manifest, blocks: BLOCKS, store, clock: systemClock, sources },
        onEvent: (event) => event.type === 'piece-verified' && kinds.add(event.source?.split(':')[0]),
      })
      return [...kinds]
    }
    expect(await fetchFrom(await emptyStore(), paths[1])).toEqual(['file'])

    const places = [{ program: 'LM Studio', directory, depth: 1, anyName: false }]
    const look = async () =>
      (await findLocalFiles(model.manifest, nodeFileSystem, places)).map(({ path }) => basename(path))
    expect(await look()).toEqual(['model-00001-of-00003.gguf'])

    const store = await emptyStore()
    const folder = shardFolder(store.dataDirectory)
    await mkdir(folder, { recursive: true })
    for (const path of paths) await rename(path, join(folder, basename(path)))
    expect(await look()).toEqual([])
    expect((await gather(store, model.manifest)).map(({ label }) => label)).toEqual([
      'blocks fetched before',
      'model-00001-of-00003.gguf',
    ])
    expect((await fetchFrom(store)).length).toBe(1)
    await rename(join(folder, basename(paths[2]!)), join(folder, 'elsewhere'))
    expect((await gather(store, model.manifest)).map(({ label }) => label)).toEqual(['blocks fetched before'])
  })
})

describe('llama.cpp and a split model', () => {
  let engines: EngineFactory
  beforeAll(async () => {
    engines = await createEngineFactory()
  })
  afterAll(() => engines?.close())

  it('its manifest is that of the whole file, and it can tokenize', async () => {
    const directory = await temporaryDirectory()
    const [first] = await splitModel(SAMPLE_MODEL, directory, { count: 3 })
    const path = join(directory, 'manifest.json')
    const made = await makeManifest(first!, { path, spawnEngine: () => engines.spawn() })
    const whole = await readManifest(SAMPLE_MANIFEST)
    expect(made).toMatchObject({ root: whole.root, name: whole.name, file: whole.file })
    const engine = await engines.start()
    await engine.loadEntry(first!)
    const tokens = await engine.tokenize('one two three')
    const other = await engines.start()
    await other.loadEntry(SAMPLE_MODEL)
    expect(tokens).toEqual(await other.tokenize('one two three'))
  })
})
