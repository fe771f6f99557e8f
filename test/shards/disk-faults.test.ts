import { open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { FetchEvent, FetchOptions } from '../../src-main/shards/fetch/types'
import type { Manifest } from '../../src-main/shards/manifest'
import { fileSource } from '../../src-main/shards/sources/file-source'
import type { ByteSource } from '../../src-main/shards/sources/source'
import { nodeFileSystem } from '../../src-main/shards/store/file-system'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { verifyStoredDirectory } from '../../src-main/shards/store/verify-stored'
import { type Clock, systemClock } from '../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../models/manifests'
import { seededRandom } from '../models/random'
import { temporaryDirectory } from '../models/temporary'
import { faultDisk } from './fault-disk'
import { sameBytes } from './model-server'
import { cutSlice } from './models'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

const BLOCKS = { start: 0, end: 2 }
/**
 * Waits of seconds take milliseconds. Between them time stands still: a slow moment of this computer would make a piece
 * go to the disk in two parts, and each call that changes something is counted.
 */
const hurried: Clock = {
  ...systemClock,
  monotonicMs: () => 0,
  sleep: (delayMs, signal) => systemClock.sleep(Math.min(delayMs, 5), signal),
  after: (delayMs, run) => systemClock.after(delayMs > 1_000 ? delayMs : Math.min(delayMs, 20), run),
}
const source = (): ByteSource => fileSource(SAMPLE_MODEL, nodeFileSystem)

async function setUp(disk = faultDisk()) {
  const dataDirectory = await temporaryDirectory()
  const store = createShardStore({ dataDirectory, clock: hurried, fileSystem: disk })
  const events: FetchEvent[] = []
  const options: FetchOptions = {
    manifest,
    blocks: BLOCKS,
    sources: [],
    store,
    clock: hurried,
    onEvent: (event) => events.push(event),
  }
  return { dataDirectory, store, disk, events, options }
}

describe('D-T08: a full disk', { timeout: 120_000 }, () => {
  it('at every write in turn: says so, loses nothing, corrupts nothing, and goes on when there is room', async () => {
    const counting = await setUp()
    await fetchShard({ ...counting.options, sources: [source()] })
    const cut = await cutSlice(SAMPLE_MODEL, manifest, BLOCKS)
    const { changes } = counting.disk
    expect(changes).toBeGreaterThan(20)
    for (let full = 1; full <= changes; full++) {
      const { options, events } = await setUp(faultDisk((call) => call === full))
      const fetched = await fetchShard({ ...options, sources: [source()] })
      expect(await sameBytes(fetched.slicePath, cut.slicePath), `call ${full}`).toBe(true)
      expect(await sameBytes(fetched.entryPath!, cut.entryPath!), `call ${full}`).toBe(true)
      expect(await verifyStoredDirectory(join(fetched.slicePath, '..')), `call ${full}`).not.toBeNull()
      const codes = events.map((event) => event.type === 'blocked' && event.blocker.code)
      // The last calls only note when the slice was used: that may fail silently.
      if (full < changes - 5) expect(codes, `call ${full}`).toContain('DISK_FULL')
    }
  })

  it('that stays full is a blocker which names what is missing, until there is room', async () => {
    const disk = faultDisk((call) => call > 12)
    const { options, events } = await setUp(disk)
    let isBlocked = false
    const fetched = await fetchShard({
      ...options,
      sources: [source()],
      onEvent(event) {
        events.push(event)
        if (event.type !== 'blocked') return
        isBlocked = true
        setTimeout(() => {
          disk.isFull = () => false
        }, 50)
      },
    })
    expect(isBlocked).toBe(true)
    const [blocked] = events.filter((event) => event.type === 'blocked')
    expect(blocked?.type === 'blocked' && blocked.blocker.cause).toMatch(/\d [kM]B more are needed/)
    expect(events.some(({ type }) => type === 'unblocked')).toBe(true)
    expect(fetched.wasThere).toBe(false)
  })

  it('is seen before anything is fetched when the disk is too small for the blocks', async () => {
    const disk = faultDisk()
    disk.freeBytes = async () => 70e6
    const { options, events } = await setUp(disk)
    const stop = new AbortController()
    const received: number[] = []
    const fetching = fetchShard({
      ...options,
      blocks: { start: 0, end: 8 },
      sources: [source()],
      signal: stop.signal,
      onProgress: ({ verifiedBytes }) => received.push(verifiedBytes),
      onEvent: (event) => {
        events.push(event)
        if (event.type === 'blocked') stop.abort()
      },
    })
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(events.filter(({ type }) => type === 'piece-verified')).toEqual([])
    expect(Math.max(...received)).toBe(0)
  })
})

describe('D-T09: damage on the disk', { timeout: 180_000 }, () => {
  it('one bit at each of 100 places: never verified, and only the pieces with damage are fetched again', async () => {
    const { options, store, events } = await setUp()
    const cut = await cutSlice(SAMPLE_MODEL, manifest, BLOCKS)
    let { slicePath, entryPath } = await fetchShard({ ...options, sources: [source()] })
    const random = seededRandom(9)
    const longest = Math.max(...manifest.pieces.map(({ sizeBytes }) => sizeBytes))
    for (let flip = 0; flip < 100; flip++) {
      const path = random() < 0.5 ? slicePath : entryPath!
      const { size } = await stat(path)
      const offset = Math.floor(random() * size)
      const file = await open(path, 'r+')
      const byte = Buffer.alloc(1)
      await file.read(byte, 0, 1, offset)
      byte[0]! ^= 1 << Math.floor(random() * 8)
      await file.write(byte, 0, 1, offset)
      await file.close()
      const hashedFrom = events.length
      expect(await store.verify(manifest, BLOCKS), `bit at ${offset} of ${path}`).toBeNull()
      const repaired = await fetchShard({ ...options, sources: [source()] })
      expect(repaired.receivedBytes, `bit at ${offset} of ${path}`).toBeLessThanOrEqual(longest)
      expect(await sameBytes(repaired.slicePath, cut.slicePath)).toBe(true)
      expect(await sameBytes(repaired.entryPath!, cut.entryPath!)).toBe(true)
      const fetched = events
        .slice(hashedFrom)
        .filter((event) => event.type === 'piece-verified' && event.source !== null)
      expect(fetched.length).toBeLessThanOrEqual(1)
      ;({ slicePath, entryPath } = repaired)
    }
  })

  it('cut at 20 sizes, then longer than it should be', async () => {
    const { options, store } = await setUp()
    const cut = await cutSlice(SAMPLE_MODEL, manifest, BLOCKS)
    const { slicePath } = await fetchShard({ ...options, sources: [source()] })
    const { size } = await stat(slicePath)
    for (let part = 0; part <= 20; part++) {
      await truncate(slicePath, part < 20 ? Math.floor((size * part) / 20) : size + 4096)
      expect(await store.verify(manifest, BLOCKS), `part ${part}`).toBeNull()
      const repaired = await fetchShard({ ...options, sources: [source()] })
      expect(await sameBytes(repaired.slicePath, cut.slicePath), `part ${part}`).toBe(true)
    }
  })

  it('of the record, the header or the journal costs a check, not the truth', async () => {
    const { options, dataDirectory } = await setUp()
    const first = await fetchShard({ ...options, sources: [source()] })
    const directory = join(first.slicePath, '..')
    for (const path of [join(directory, 'slice.json'), join(directory, '..', 'header.bin')]) {
      await writeFile(path, '{"format":2,')
      const again = await fetchShard({ ...options, sources: [source()] })
      expect(again.sha256).toBe(first.sha256)
    }
    await writeFile(join(directory, 'pieces.journal'), await readFile(SAMPLE_MODEL))
    expect(await fetchShard({ ...options, sources: [source()] })).toMatchObject({ sha256: first.sha256 })
    expect((await readdir(join(dataDirectory, 'models_cache'))).length).toBe(2)
  })
})
