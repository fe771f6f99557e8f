import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { makeSyntheticModel } from '../../../test/models/synthetic'
import { temporaryDirectory } from '../../../test/models/temporary'
import { makeSlice } from '../make-slice'
import { type Manifest, piecesFor } from '../manifest'
import { fileSource } from '../sources/file-source'
import { nodeFileSystem } from '../store/file-system'
import { createShardStore } from '../store/shard-store'
import { verifyStoredDirectory } from '../store/verify-stored'
import { fetchShard } from './fetch-shard'
import type { FetchProgress } from './types'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

describe('fetchShard from a file on this computer', () => {
  it.each([
    { start: 0, end: 3 },
    { start: 3, end: 6 },
    { start: 6, end: 8 },
    { start: 0, end: 8 },
  ])('S-07, S-08: writes the same slice of %o as cutting it does, and counts verified bytes', async (blocks) => {
    const home = await temporaryDirectory()
    const store = createShardStore({ dataDirectory: home, clock: systemClock })
    const progress: FetchProgress[] = []
    const fetched = await fetchShard({
      manifest,
      blocks,
      sources: [fileSource(SAMPLE_MODEL, nodeFileSystem)],
      store,
      clock: systemClock,
      onProgress: (now) => progress.push(now),
    })
    const directory = join(home, 'cut')
    const made = await makeSlice({ modelPath: SAMPLE_MODEL, manifest, range: blocks, directory, clock: systemClock })
    expect((await readFile(fetched.slicePath)).equals(await readFile(made.slicePath))).toBe(true)
    if (made.entryPath) {
      expect((await readFile(fetched.entryPath!)).equals(await readFile(made.entryPath))).toBe(true)
    } else expect(fetched.entryPath).toBeNull()
    const neededBytes = piecesFor(manifest, blocks).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    expect(fetched).toMatchObject({ wasThere: false, neededBytes, proof: { manifestRoot: manifest.root, blocks } })
    expect(fetched.receivedBytes).toBe(neededBytes + manifest.header.sizeBytes)
    expect(progress.at(-1)).toMatchObject({ state: 'done', verifiedBytes: neededBytes, neededBytes })
    const bars = progress.map(({ verifiedBytes }) => verifiedBytes)
    expect(bars).toEqual(bars.toSorted((a, b) => a - b))
    expect(progress.filter(({ state, verifiedBytes }) => state !== 'done' && verifiedBytes > neededBytes)).toEqual([])
    const again = await store.verify(manifest, blocks)
    expect(again).toMatchObject({ slicePath: fetched.slicePath, sha256: fetched.sha256 })
    expect(await verifyStoredDirectory(join(fetched.slicePath, '..'))).toEqual(again)
    expect(await store.looksUntouched(manifest, blocks)).toBe(true)
  })

  it('is there the second time: hashed again, nothing read from the source', async () => {
    const home = await temporaryDirectory()
    const store = createShardStore({ dataDirectory: home, clock: systemClock })
    const blocks = { start: 0, end: 2 }
    const options = { manifest, blocks, store, clock: systemClock }
    const first = await fetchShard({ ...options, sources: [fileSource(SAMPLE_MODEL, nodeFileSystem)] })
    const hashed: number[] = []
    const second = await fetchShard({
      ...options,
      sources: [],
      onEvent: (event) => event.type === 'piece-verified' && hashed.push(event.piece),
    })
    expect(second).toMatchObject({ wasThere: true, receivedBytes: 0, sha256: first.sha256 })
    expect(hashed).toEqual(piecesFor(manifest, blocks).map(({ index }) => index))
  })

  it('keeps tied embeddings and shared tables where they belong', async () => {
    const home = await temporaryDirectory()
    const modelPath = join(home, 'model.gguf')
    await makeSyntheticModel(modelPath, { tiedOutput: true, ropeFreqs: true, type: 'F16' })
    const tied = await manifestOf(modelPath)
    const store = createShardStore({ dataDirectory: home, clock: systemClock })
    for (const blocks of [
      { start: 0, end: 8 },
      { start: 5, end: 8 },
    ]) {
      const sources = [fileSource(modelPath, nodeFileSystem)]
      const fetched = await fetchShard({ manifest: tied, blocks, sources, store, clock: systemClock })
      const directory = join(home, `cut-${blocks.start}`)
      const made = await makeSlice({ modelPath, manifest: tied, range: blocks, directory, clock: systemClock })
      expect((await readFile(fetched.slicePath)).equals(await readFile(made.slicePath))).toBe(true)
      expect(await store.verify(tied, blocks)).not.toBeNull()
    }
  })

  it('S-27: without a source says so at once, and not something else', async () => {
    const home = await temporaryDirectory()
    const store = createShardStore({ dataDirectory: home, clock: systemClock })
    const options = { manifest, blocks: { start: 0, end: 1 }, store, clock: systemClock }
    await expect(fetchShard({ ...options, sources: [] })).rejects.toMatchObject({ code: 'FETCH_NO_SOURCE' })
    const other = join(home, 'other.gguf')
    await copyFile('package.json', other)
    await expect(fetchShard({ ...options, sources: [fileSource(other, nodeFileSystem)] })).rejects.toMatchObject({
      code: 'FETCH_SOURCES_FAILED',
    })
  })
})
