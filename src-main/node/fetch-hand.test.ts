import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import type { FetchChange } from '../shards/fetch/fetch-control'
import { shardFolder } from '../shards/sources/shard-folder'
import { createShardStore } from '../shards/store/shard-store'
import { createFetchHand } from './fetch-hand'
import type { ShardTarget } from './load-ladder'
import { FREE_TRANSFERS, type TransferWishes } from './transfers'
import { LOOK_MS } from './watch-shard-folder'

let clock: FakeClock
let folder: string
let target: ShardTarget | null
let changes: FetchChange[]
let wish: (wishes: Partial<TransferWishes>) => void
let hand: ReturnType<typeof createFetchHand>

beforeEach(async () => {
  clock = new FakeClock()
  const dataDirectory = await temporaryDirectory()
  folder = shardFolder(dataDirectory)
  await mkdir(folder, { recursive: true })
  target = { manifest: await manifestOf(SAMPLE_MODEL), range: { start: 0, end: 2 }, modelPath: null }
  let wishes = FREE_TRANSFERS.wishes()
  let tell: () => void = () => undefined
  wish = (next) => {
    wishes = { ...wishes, ...next }
    tell()
  }
  hand = createFetchHand({
    transfers: {
      ...FREE_TRANSFERS,
      wishes: () => wishes,
      onChange(listener) {
        tell = listener
        return () => undefined
      },
    },
    store: createShardStore({ dataDirectory, clock }),
    clock,
    log: { write: vi.fn() },
    fetching: () => target,
  })
  changes = []
  hand.control.onChange((change) => changes.push(change))
})

const brought = () => changes.flatMap((change) => (change.type === 'source' ? [change.source.label] : []))

/** So many looks into the folder, each with the real time that the disk needs. */
async function looks(count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await clock.advance(LOOK_MS)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
}

describe('S-28: a file that is copied into the shard folder', () => {
  it('is offered to the fetch under way once nobody writes to it any more, and only once', async () => {
    const path = join(folder, 'shard-0.gguf')
    await looks(1)
    const bytes = await readFile(SAMPLE_MODEL)
    await writeFile(path, bytes.subarray(0, 1_000_000))
    for (let at = 1_000_000; at < bytes.length; at += 1_500_000) {
      await looks(1)
      await appendFile(path, bytes.subarray(at, at + 1_500_000))
    }
    expect(brought()).toEqual([])
    await looks(5)
    expect(brought()).toEqual(['shard-0.gguf'])
  })

  it('was asked by the fetch itself when it was there before; other files are nobody’s business', async () => {
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-0.gguf'))
    await looks(3)
    await writeFile(join(folder, 'notes.txt'), 'x')
    await looks(3)
    expect(brought()).toEqual([])
    target = null
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-1.gguf'))
    await looks(3)
    expect(brought()).toEqual([])
  })

  it('is not looked for any more after the end', async () => {
    await looks(1)
    hand.stop()
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-0.gguf'))
    await looks(4)
    expect(brought()).toEqual([])
  })
})

it('a file that is chosen while a fetch is under way is asked at once; a pause holds it', () => {
  wish({ modelPath: SAMPLE_MODEL })
  wish({ isPaused: true })
  wish({ isPaused: false })
  expect(changes.map(({ type }) => type)).toEqual(['source', 'paused', 'resumed'])
  expect(brought()).toEqual(['tiny-jargon-8.gguf'])
})
