import { execFile } from 'node:child_process'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { FetchEvent } from '../../src-main/shards/fetch/types'
import { httpSource } from '../../src-main/shards/sources/http-source'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import { temporaryDirectory } from '../models/temporary'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, MEDIUM, madeModel, neededBytes } from './models'

const run = promisify(execFile)
const BLOCKS = { start: 2, end: 5 }

let model: Awaited<ReturnType<typeof madeModel>>
beforeAll(async () => {
  model = await madeModel(MEDIUM)
})

/** Writes until the system says that there is no room. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  const bytes = Buffer.alloc(2 ** 20, 1)
  try {
    for (;;) await file.write(bytes)
  } catch (error) {
    expect((error as { code?: string }).code).toBe('ENOSPC')
  } finally {
    await file.close()
  }
}

describe('D-T08: a real volume', { timeout: 180_000 }, () => {
  it('of 20 MB is a blocker at once; with room it goes on, is filled on the way, and still ends with the right bytes', async (context) => {
    const volume = await temporaryDirectory()
    const mounting = run('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', volume])
    // Only root of a Linux machine may.
    if (!(await mounting.then(Boolean, () => false))) return context.skip('volumes can’t be mounted here')
    onTestFinished(async () => void (await run('umount', [volume])))
    const identity = join(volume, 'identity.key')
    await writeFile(identity, 'not to be lost')

    const { manifest } = model
    const server = await serveModel(model.path, { bytesPerSecond: 2e7 })
    const store = createShardStore({ dataDirectory: volume, clock: systemClock })
    const events: FetchEvent[] = []
    const blockers = () => events.flatMap((event) => (event.type === 'blocked' ? [event.blocker] : []))
    let share = 0
    const startedMs = performance.now()
    const fetching = fetchShard({
      ...{ manifest, blocks: BLOCKS, store, clock: systemClock },
      sources: [httpSource(server.url, { allowPrivate: true })],
      onEvent: (event) => void events.push(event),
      onProgress: ({ verifiedBytes, neededBytes: all }) => {
        share = verifiedBytes / all
      },
    })
    const wait = { timeout: 60_000, interval: 50 }
    await expect.poll(() => blockers().length, wait).toBe(1)
    expect(blockers()[0]).toMatchObject({
      code: 'DISK_FULL',
      cause: expect.stringMatching(/\d [kM]B more are needed/),
    })
    expect(server.sentBytes).toBeLessThan(manifest.header.sizeBytes + 1)

    // Room for the slice and what is always kept free, and not much more.
    const needed = neededBytes(manifest, BLOCKS)
    await run('mount', ['-o', `remount,size=${Math.ceil((needed + 72 * 2 ** 20) / 2 ** 20)}m`, volume])
    await expect.poll(() => share, wait).toBeGreaterThan(0.2)
    await fill(join(volume, 'filler'))
    await expect.poll(() => blockers().length, wait).toBe(2)
    expect(blockers()[1]?.code).toBe('DISK_FULL')
    await rm(join(volume, 'filler'))

    const fetched = await fetching
    expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, manifest, BLOCKS)).slicePath)).toBe(true)
    expect(await readFile(identity, 'utf8')).toBe('not to be lost')
    expect(fetched.receivedBytes).toBeLessThan(1.2 * needed)
    expect(performance.now() - startedMs).toBeLessThan(170_000)
  })
})
