import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { temporaryDirectory } from '../../../test/models/temporary'
import { fetchShard } from '../fetch/fetch-shard'
import { type Manifest, piecesFor } from '../manifest'
import { nodeFileSystem } from '../store/file-system'
import { createShardStore } from '../store/shard-store'
import { fileSource } from './file-source'
import { findLocalFiles, localPlaces } from './find-local'
import { gatherSources } from './gather-sources'
import { shardFolder } from './shard-folder'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

async function nothing() {
  const dataDirectory = await temporaryDirectory()
  const store = createShardStore({ dataDirectory, clock: systemClock })
  const gather = (blocks: { start: number; end: number }) =>
    gatherSources({ manifest, blocks, store, modelPath: null, places: [], host: null, peers: [], http: null })
  return { dataDirectory, store, gather }
}

describe('what is on this computer already', () => {
  it('S-08: a whole model in the shard folder is found and used', async () => {
    const { dataDirectory, store, gather } = await nothing()
    const blocks = { start: 2, end: 4 }
    await mkdir(shardFolder(dataDirectory), { recursive: true })
    await copyFile(SAMPLE_MODEL, join(shardFolder(dataDirectory), 'shard-1.gguf'))
    const fetched = await fetchShard({ manifest, blocks, sources: await gather(blocks), store, clock: systemClock })
    expect(fetched.wasThere).toBe(false)
    expect(await store.verify(manifest, blocks)).not.toBeNull()
  })

  it('S-08: a slice in the shard folder is told by its header, and its pieces are used', async () => {
    const other = await nothing()
    const blocks = { start: 3, end: 5 }
    const sources = () => [fileSource(SAMPLE_MODEL, nodeFileSystem)]
    const made = await fetchShard({ manifest, blocks, sources: sources(), store: other.store, clock: systemClock })
    const { dataDirectory, store, gather } = await nothing()
    await mkdir(shardFolder(dataDirectory), { recursive: true })
    await copyFile(made.slicePath, join(shardFolder(dataDirectory), 'shard-3.gguf'))
    // The header of the whole model is no part of a slice: it comes with the manifest's model, once.
    await store.saveHeader(manifest, (await readFile(SAMPLE_MODEL)).subarray(0, manifest.header.sizeBytes))
    const used = new Set<string | null>()
    await fetchShard({
      manifest,
      blocks,
      sources: await gather(blocks),
      store,
      clock: systemClock,
      onEvent: (event) => event.type === 'piece-verified' && used.add(event.source),
    })
    expect([...used]).toEqual([`folder:${join(shardFolder(dataDirectory), 'shard-3.gguf')}`])
  })

  it('after another assignment takes the blocks that both have in common from the disk', async () => {
    const { store, gather } = await nothing()
    const first = { start: 2, end: 5 }
    const sources = [fileSource(SAMPLE_MODEL, nodeFileSystem)]
    await fetchShard({ manifest, blocks: first, sources, store, clock: systemClock })
    const blocks = { start: 3, end: 6 }
    const from = new Map<string | null, number>()
    // The disk is asked first for two seconds; here they do not pass.
    const clock = { ...systemClock, monotonicMs: () => 0 }
    await fetchShard({
      manifest,
      blocks,
      sources: [...(await gather(blocks)), { ...fileSource(SAMPLE_MODEL, nodeFileSystem), id: 'peer', kind: 'swarm' }],
      store,
      clock,
      onEvent: (event) => event.type === 'piece-verified' && from.set(event.source, (from.get(event.source) ?? 0) + 1),
    })
    const common = piecesFor(manifest, { start: 3, end: 5 }).length
    expect(from.get('store')).toBe(common)
    expect(from.get('peer')).toBe(piecesFor(manifest, blocks).length - common)
  })

  it('finds the file in the caches of LM Studio, Ollama, Hugging Face and llama.cpp, and nothing else', async () => {
    const home = await temporaryDirectory()
    const paths = [
      '.lmstudio/models/owner/name/model.gguf',
      '.ollama/models/blobs/sha256-0123',
      '.cache/huggingface/hub/models--a--b/snapshots/0123/model.gguf',
      '.cache/llama.cpp/model.gguf',
    ]
    for (const path of [...paths, '.lmstudio/models/owner/name/model.txt']) {
      await mkdir(dirname(join(home, path)), { recursive: true })
      await copyFile(SAMPLE_MODEL, join(home, path))
    }
    await writeFile(join(home, '.cache/llama.cpp/other.gguf'), 'another size')
    const places = localPlaces({}, 'linux', home).filter(({ directory }) => directory.startsWith(home))
    const found = await findLocalFiles(manifest, nodeFileSystem, places)
    expect(found.map(({ path }) => path)).toEqual(paths.map((path) => join(home, path)))
    const windows = localPlaces({ LOCALAPPDATA: 'L', HF_HOME: 'H' }, 'win32', 'U').map(({ directory }) => directory)
    expect(windows).toContain(join('L', 'llama.cpp'))
    expect(windows).toContain(join('H', 'hub'))
    const mac = localPlaces({ OLLAMA_MODELS: 'O' }, 'darwin', 'U').map(({ directory }) => directory)
    expect(mac).toContain(join('U', 'Library', 'Caches', 'llama.cpp'))
    expect(mac).toContain(join('O', 'blobs'))
  })
})
