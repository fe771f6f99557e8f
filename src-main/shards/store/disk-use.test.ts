import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { temporaryDirectory } from '../../../test/models/temporary'
import { createDiskUse, type DiskUse } from './disk-use'
import { nodeFileSystem } from './file-system'

const MIB = 2 ** 20
const [OURS, OTHER] = ['a'.repeat(16), 'b'.repeat(16)]
/** The manifest's whole root; the folder has its first characters. */
const ROOT = 'a'.repeat(64)

let directory: string
let clock: FakeClock
let capBytes: number | null
let use: DiskUse

beforeEach(async () => {
  directory = await temporaryDirectory()
  clock = new FakeClock()
  capBytes = null
  use = createDiskUse({ disk: nodeFileSystem, clock, directory, capBytes: () => capBytes })
})

async function store(model: string, name: string, isFinished = true): Promise<string> {
  const path = join(directory, model, name)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'slice.gguf'), Buffer.alloc(MIB, 1))
  if (isFinished) await writeFile(join(path, 'slice.json'), '{}')
  await clock.advance(1_000)
  await use.touch(path)
  return path
}

const left = async () => (await use.list()).map(({ directory: path }) => path.slice(directory.length + 1)).toSorted()

it('lists what is stored, with what it takes and whether it is in use', async () => {
  const path = await store(OURS, '0-4')
  await store(OTHER, '2-3', false)
  const letGo = use.hold(path)
  const [first, second] = (await use.list()).toSorted((a, b) => a.model.localeCompare(b.model))
  expect(first).toMatchObject({ model: OURS, blocks: { start: 0, end: 4 }, isFinished: true, isInUse: true })
  expect(second).toMatchObject({ model: OTHER, isFinished: false, isInUse: false, usedAt: clock.now() })
  expect(await use.totalBytes()).toBeGreaterThanOrEqual(2 * MIB)
  letGo()
  expect((await use.list()).some(({ isInUse }) => isInUse)).toBe(false)
})

it('makes room under the cap: other models first, then what was used longest ago, never what is in use', async () => {
  const loaded = await store(OTHER, '0-1')
  await store(OURS, '0-1')
  await store(OTHER, '1-2')
  await store(OTHER, '2-3')
  use.hold(loaded)
  capBytes = (await use.totalBytes()) + MIB / 2
  await use.makeRoom(MIB, ROOT)
  // The one of ours is older, and the loaded one the oldest of all.
  expect(await left()).toEqual([`${OURS}/0-1`, `${OTHER}/0-1`, `${OTHER}/2-3`])
  // Two slices with their records, and what comes.
  capBytes = 3 * MIB + 50_000
  await use.makeRoom(MIB, ROOT)
  expect(await left()).toEqual([`${OURS}/0-1`, `${OTHER}/0-1`])
  await use.makeRoom(2 * MIB, ROOT)
  expect(await left()).toEqual([`${OTHER}/0-1`])
})

it('removes nothing when even everything would not be enough', async () => {
  await store(OTHER, '0-1')
  capBytes = 2 * MIB
  await expect(use.makeRoom(5 * MIB)).rejects.toMatchObject({ code: 'DISK_CAP_REACHED' })
  expect(await left()).toEqual([`${OTHER}/0-1`])
})

it('is in use until everybody has let go, each once', async () => {
  const path = await store(OURS, '0-4')
  const [first, second] = [use.hold(path), use.hold(path)]
  first()
  first()
  await expect(use.remove(path)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  second()
  await use.remove(path)
  expect(await left()).toEqual([])
})

it('removes stored slices and nothing else', async () => {
  await store(OURS, '0-4')
  for (const path of [directory, join(directory, OURS), join(directory, OURS, '..', OTHER, '0-1')])
    await expect(use.remove(path), path).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  expect(await left()).toEqual([`${OURS}/0-4`])
})

it('knows of each slice when it was used last', async () => {
  await store(OURS, '0-4')
  const usedAt = clock.now()
  await store(OTHER, '0-4')
  const times = (await use.list()).map(({ model, usedAt: at }) => [model, at])
  expect(Object.fromEntries(times)).toEqual({ [OURS]: usedAt, [OTHER]: clock.now() })
})

it('tells whoever has files open that some are gone', async () => {
  const path = await store(OTHER, '0-1')
  const listener = vi.fn()
  const stop = use.onRemoved(listener)
  const letGo = use.hold(path)
  await expect(use.remove(path)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  expect(listener).not.toHaveBeenCalled()
  letGo()
  await use.remove(path)
  expect(listener).toHaveBeenCalledOnce()
  stop()
  await use.remove(await store(OTHER, '0-1'))
  expect(listener).toHaveBeenCalledOnce()
})
