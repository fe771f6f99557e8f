import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { fileSource } from '../../src-main/shards/sources/file-source'
import type { ByteSource } from '../../src-main/shards/sources/source'
import { nodeFileSystem, type ShardFile, type ShardFileSystem } from '../../src-main/shards/store/file-system'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { type Clock, systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { temporaryDirectory } from '../models/temporary'
import { sameBytes } from './model-server'
import { cutSlice, MEDIUM, madeModel, neededBytes } from './models'

const BLOCKS = { start: 0, end: 8 }
const LINE_BYTES_PER_MS = 1_000
const CHUNK_BYTES = 32 * 1024
const TIMEOUT_MS = 180_000

let model: Awaited<ReturnType<typeof madeModel>>
let bytes: Buffer
beforeAll(async () => {
  model = await madeModel(MEDIUM)
  bytes = await readFile(model.path)
})

/** A line of 1 MB/s: its time passes with the bytes, so that a minute and a half of download takes a few seconds. */
function slowLine(breaksAt: number[], onBreak: () => Promise<void>) {
  let givenBytes = 0
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + givenBytes / LINE_BYTES_PER_MS,
    sleep: (delayMs, signal) => systemClock.sleep(Math.min(delayMs, 5), signal),
    // Only for looks again: the time that a source has to answer stays what it is.
    after: (delayMs, run) => systemClock.after(delayMs > 1_000 ? delayMs : Math.min(delayMs, 20), run),
  }
  function source(): ByteSource {
    const file = fileSource(model.path, nodeFileSystem)
    return {
      ...file,
      kind: 'http',
      async read({ offset, sizeBytes }, sink, signal) {
        for (let done = 0; done < sizeBytes; done += CHUNK_BYTES) {
          const part = { offset: offset + done, sizeBytes: Math.min(CHUNK_BYTES, sizeBytes - done) }
          givenBytes += part.sizeBytes
          if (signal.aborted) throw signal.reason
          await sink(bytes.subarray(part.offset, part.offset + part.sizeBytes))
          await setImmediate()
          if (givenBytes < (breaksAt[0] ?? Number.POSITIVE_INFINITY)) continue
          breaksAt.shift()
          await onBreak()
        }
      },
    }
  }
  return { clock, source, givenBytes: () => givenBytes }
}

/**
 * A disk that takes nothing any more after `die`: what a process can still do once it was killed. `settled` when what
 * was on its way to it is there: on such a line there is time for that, however busy this computer is.
 */
function mortalDisk(): { disk: ShardFileSystem; settled(): Promise<void>; die(): void } {
  let isDead = false
  let writing = 0
  const check = () => {
    if (isDead) throw new EspalierError('SHARD_WRITE_FAILED', 'killed')
  }
  const mortal = (file: ShardFile): ShardFile => ({
    ...file,
    async write(bytes, position) {
      check()
      writing++
      try {
        await file.write(bytes, position)
      } finally {
        writing--
      }
    },
  })
  return {
    async settled() {
      // The journal is written after the data.
      for (let quiet = 0; quiet < 5; quiet = writing === 0 ? quiet + 1 : 0) await setImmediate()
    },
    die: () => {
      isDead = true
    },
    disk: {
      ...nodeFileSystem,
      async open(path, mode) {
        if (mode !== 'read') check()
        return mortal(await nodeFileSystem.open(path, mode))
      },
    },
  }
}

const tenths = () => {
  const all = neededBytes(model.manifest, BLOCKS) + model.manifest.header.sizeBytes
  return Array.from({ length: 10 }, (_, tenth) => Math.floor((all * (tenth + (tenth === 0 ? 0.5 : 0))) / 10))
}

it('D-T03: the receiver is killed at every tenth: ten kills cost 1 % of the bytes at most, and the bytes are right', {
  timeout: TIMEOUT_MS,
}, async () => {
  const dataDirectory = await temporaryDirectory()
  let kill: () => Promise<void> = async () => undefined
  const line = slowLine(tenths(), () => kill())
  const { manifest } = model
  for (let life = 0; ; life++) {
    const { disk, settled, die } = mortalDisk()
    const store = createShardStore({ dataDirectory, clock: line.clock, fileSystem: disk })
    const stop = new AbortController()
    kill = async () => {
      await settled()
      die()
      stop.abort()
    }
    const fetching = fetchShard({
      ...{ manifest, blocks: BLOCKS, store, clock: line.clock },
      sources: [line.source()],
      signal: stop.signal,
    })
    const fetched = await fetching.catch((error: { code: string }) => error.code)
    if (typeof fetched === 'string') {
      expect(fetched).toBe('CANCELLED')
      continue
    }
    expect(life).toBe(10)
    expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, manifest, BLOCKS)).slicePath)).toBe(true)
    break
  }
  const needed = neededBytes(manifest, BLOCKS) + manifest.header.sizeBytes
  expect(line.givenBytes() / needed).toBeLessThanOrEqual(1.01)
})

it('D-T03: the sender is killed at every tenth: ten kills cost 1 % of the bytes at most, and the bytes are right', {
  timeout: TIMEOUT_MS,
}, async () => {
  const dataDirectory = await temporaryDirectory()
  const { disk, settled } = mortalDisk()
  const line = slowLine(tenths(), async () => {
    await settled()
    throw new EspalierError('PEER_UNREACHABLE', 'killed')
  })
  const { manifest } = model
  const store = createShardStore({ dataDirectory, clock: line.clock, fileSystem: disk })
  const failures: string[] = []
  const fetched = await fetchShard({
    ...{ manifest, blocks: BLOCKS, store, clock: line.clock },
    sources: [line.source()],
    onEvent: (event) => event.type === 'source-failed' && failures.push(event.error.code),
  })
  expect(failures).toEqual(Array(10).fill('PEER_UNREACHABLE'))
  expect(await sameBytes(fetched.slicePath, (await cutSlice(model.path, manifest, BLOCKS)).slicePath)).toBe(true)
  const needed = neededBytes(manifest, BLOCKS) + manifest.header.sizeBytes
  expect(line.givenBytes() / needed).toBeLessThanOrEqual(1.01)
})
