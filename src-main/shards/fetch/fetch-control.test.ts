import { beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { temporaryDirectory } from '../../../test/models/temporary'
import { scriptedSource } from '../../../test/shards/scripted-source'
import type { Manifest } from '../manifest'
import { createShardStore } from '../store/shard-store'
import { createFetchControl } from './fetch-control'
import { fetchShard } from './fetch-shard'
import type { FetchProgress, FetchState } from './types'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

/** Slow enough that a hand comes in between. */
let bytesPerSecond: number | null = null
let onPiece: () => void
beforeEach(() => {
  bytesPerSecond = null
  onPiece = () => undefined
})

async function begin(control: ReturnType<typeof createFetchControl>, hasSource = true) {
  const store = createShardStore({ dataDirectory: await temporaryDirectory(), clock: systemClock })
  const seen: FetchProgress[] = []
  const done = fetchShard({
    manifest,
    blocks: { start: 2, end: 6 },
    sources: hasSource ? [scriptedSource(SAMPLE_MODEL, { id: 'mirror', kind: 'http' })] : [],
    store,
    clock: systemClock,
    control,
    limits: { bytesPerSecond: () => bytesPerSecond },
    onProgress: (progress) => seen.push(progress),
    onEvent: ({ type }) => type === 'piece-verified' && onPiece(),
  })
  const reached = (state: FetchState) => expect.poll(() => seen.at(-1)?.state, { timeout: 10_000 }).toBe(state)
  return { store, seen, done, reached }
}

it('paused from the beginning, it reads nothing until it is resumed', async () => {
  const control = createFetchControl({ paused: true, bringsSources: false })
  const { seen, done, reached } = await begin(control)
  await reached('paused')
  expect(seen.at(-1)).toMatchObject({ verifiedPieces: 0, receivedBytes: 0, blocker: null })
  control.resume()
  expect((await done).wasThere).toBe(false)
})

it('paused in the middle, it keeps what it has, says so, and goes on from there', async () => {
  const control = createFetchControl({ bringsSources: false })
  bytesPerSecond = 200_000
  onPiece = control.pause
  const { seen, done, reached } = await begin(control)
  await reached('paused')
  const { verifiedPieces, neededPieces, receivedBytes } = seen.at(-1) as FetchProgress
  expect(verifiedPieces).toBeGreaterThanOrEqual(1)
  expect(verifiedPieces).toBeLessThan(neededPieces)
  bytesPerSecond = null
  control.resume()
  const { receivedBytes: all, neededBytes } = await done
  expect(all).toBeGreaterThan(receivedBytes)
  // At most one piece of each source was under way when it stopped.
  expect(all).toBeLessThanOrEqual(neededBytes + manifest.header.sizeBytes + 2 * 2 ** 20)
})

it('a hand that brings no sources does not keep a hopeless fetch waiting', async () => {
  const { done } = await begin(createFetchControl({ bringsSources: false }), false)
  await expect(done).rejects.toMatchObject({ code: 'FETCH_NO_SOURCE' })
})
