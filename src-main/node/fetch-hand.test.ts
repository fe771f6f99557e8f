import { appendFile, copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { FoundFile } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import { quietDisk } from '../../test/shards/quiet-disk'
import type { FetchChange } from '../shards/fetch/fetch-control'
import { shardFolder } from '../shards/sources/shard-folder'
import { createShardStore } from '../shards/store/shard-store'
import { createFetchHand } from './fetch-hand'
import type { ShardTarget } from './load-ladder'
import { FREE_TRANSFERS, type TransferWishes } from './transfers'
import { type FolderUse, LOOK_MS } from './watch-shard-folder'

let clock: FakeClock
let folder: string
let use: FolderUse
let target: ShardTarget
/** What is shown, at each change. */
let shown: FoundFile[][]
let goesOn: number
let changes: FetchChange[]
let wish: (wishes: Partial<TransferWishes>) => void
let hand: ReturnType<typeof createFetchHand>

beforeEach(async () => {
  clock = new FakeClock()
  const dataDirectory = await temporaryDirectory()
  folder = shardFolder(dataDirectory)
  await mkdir(folder, { recursive: true })
  target = { manifest: await manifestOf(SAMPLE_MODEL), range: { start: 0, end: 2 }, modelPath: null }
  use = { for: 'fetch', target }
  shown = []
  goesOn = 0
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
    use: () => use,
    onAwaited: () => void goesOn++,
    onFound: (files) => void shown.push(files),
  })
  changes = []
  hand.control.onChange((change) => changes.push(change))
})

const brought = () => changes.flatMap((change) => (change.type === 'source' ? [change.source.label] : []))

/** So many looks into the folder, each with the real time that the disk needs. */
async function looks(count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await clock.advance(LOOK_MS)
    await quietDisk()
  }
}

describe('S-28: a file that is copied into the shard folder', () => {
  it('is offered to the fetch under way once nobody writes to it any more, and only once', async () => {
    const path = join(folder, 'shard-0.gguf')
    await looks(1)
    await copySlowly(path)
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
    use = null
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

/** In parts, so that several looks see it grow. */
async function copySlowly(path: string): Promise<void> {
  const bytes = await readFile(SAMPLE_MODEL)
  await writeFile(path, bytes.subarray(0, 1_000_000))
  for (let at = 1_000_000; at < bytes.length; at += 1_500_000) {
    await looks(1)
    await appendFile(path, bytes.subarray(at, at + 1_500_000))
  }
}

describe('S-28: a file that is copied while no blocks are assigned', () => {
  beforeEach(() => {
    use = { for: 'blocks' }
  })

  it('is shown while it is copied and when it is complete, with what it says of itself; others say why not', async () => {
    await copySlowly(join(folder, 'shard-0.gguf'))
    await writeFile(join(folder, 'notes.gguf'), 'no model at all')
    await looks(1)
    expect(shown.at(-1)?.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'notes.gguf copying',
      'shard-0.gguf copying',
    ])
    await looks(3)
    const { size } = await stat(SAMPLE_MODEL)
    expect(shown.at(-1)).toMatchObject([
      { name: 'notes.gguf', state: 'unusable', trouble: { code: 'GGUF_INVALID' } },
      { name: 'shard-0.gguf', sizeBytes: size, state: 'complete', model: { name: 'Tiny Jargon 8', blockCount: 8 } },
    ])
    expect(hand.folder.has(size)).toBe(true)
    const times = shown.length
    await looks(3)
    expect(shown).toHaveLength(times)
    await rm(join(folder, 'notes.gguf'))
    await looks(1)
    expect(shown.at(-1)).toHaveLength(1)
    hand.stop()
    expect(shown.at(-1)).toEqual([])
  })

  it('is asked by the fetch itself once there are blocks, and what comes in the same moment is offered to it', async () => {
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-0.gguf'))
    await looks(3)
    use = { for: 'fetch', target }
    await copyFile(SAMPLE_MODEL, join(folder, 'shard-1.gguf'))
    await looks(3)
    expect(brought()).toEqual(['shard-1.gguf'])
    expect(shown.at(-1)).toEqual([])
  })

  it('of a split model is complete when all its files are', async () => {
    const parts = [1, 2].map((number) => join(folder, `big-0000${number}-of-00002.gguf`))
    await copyFile(SAMPLE_MODEL, parts[0]!)
    await looks(4)
    expect(shown.at(-1)).toMatchObject([{ name: 'big-00001-of-00002.gguf', state: 'copying' }])
    await copyFile(SAMPLE_MODEL, parts[1]!)
    await looks(3)
    // Two copies of a whole model are no split one, which only a look into both can tell.
    expect(shown.at(-1)).toMatchObject([{ name: 'big-00001-of-00002.gguf', state: 'unusable' }])
  })
})

it('S-28: a node that rather waits for the coordinator goes on with a file that has its blocks, and with no other', async () => {
  use = { for: 'command', target }
  await looks(1)
  await writeFile(join(folder, 'shard-9.gguf'), 'no model at all')
  await looks(3)
  expect(goesOn).toBe(0)
  await copySlowly(join(folder, 'shard-0.gguf'))
  expect(goesOn).toBe(0)
  await looks(3)
  expect(goesOn).toBe(1)
})

it('a file that is chosen while a fetch is under way is asked at once; a pause holds it', () => {
  wish({ modelPath: SAMPLE_MODEL })
  wish({ isPaused: true })
  wish({ isPaused: false })
  expect(changes.map(({ type }) => type)).toEqual(['source', 'paused', 'resumed'])
  expect(brought()).toEqual(['tiny-jargon-8.gguf'])
})
