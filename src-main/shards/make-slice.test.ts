import { chmod, copyFile, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { makeSyntheticModel } from '../../test/models/synthetic'
import { temporaryDirectory } from '../../test/models/temporary'
import { readGgufHeader } from './gguf-read'
import { type MakeSliceOptions, makeSlice } from './make-slice'
import { type Manifest, piecesFor } from './manifest'
import { sliceDirectory } from './models'
import { writePlan } from './plan-writer'
import { planSlice, planVocabulary } from './slice-plan'
import { verifySlice } from './verify-slice'

const RANGE = { start: 0, end: 3 }
let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

async function setUp(range = RANGE) {
  const home = await temporaryDirectory()
  const directory = sliceDirectory(home, manifest.root, range)
  const modelPath = join(home, 'model.gguf')
  await copyFile(SAMPLE_MODEL, modelPath)
  await chmod(modelPath, 0o644)
  const make = (more: Partial<MakeSliceOptions> = {}) =>
    makeSlice({ modelPath, manifest, range, directory, clock: systemClock, ...more })
  return { home, directory, modelPath, make }
}

async function flipBit(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, offset)
  byte[0]! ^= 0x10
  await file.write(byte, 0, 1, offset)
  await file.close()
}

/** Nothing that could be taken for a slice: no record, no finished or unfinished file. */
async function expectNothingLeft(directory: string): Promise<void> {
  expect(await readdir(directory).catch(() => [])).toEqual([])
  await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_MISSING' })
}

describe('makeSlice', () => {
  it.each([
    { start: 0, end: 3 },
    { start: 3, end: 6 },
    { start: 6, end: 8 },
    { start: 0, end: 8 },
  ])('gives the planned bytes of %o, and the entry file with the first block', async (range) => {
    const { home, directory, make } = await setUp(range)
    const progress: [number, number][] = []
    const made = await make({ onProgress: (done, total) => progress.push([done, total]) })
    const header = await readGgufHeader(SAMPLE_MODEL)
    const slice = await writePlan(planSlice(header, range), SAMPLE_MODEL, join(home, 'expected'))
    expect(made).toMatchObject({ sizeBytes: slice.sizeBytes, sha256: slice.sha256, range })
    expect((await readFile(made.slicePath)).equals(await readFile(join(home, 'expected')))).toBe(true)
    if (range.start === 0) {
      await writePlan(planVocabulary(header), SAMPLE_MODEL, join(home, 'expected'))
      expect((await readFile(made.entryPath!)).equals(await readFile(join(home, 'expected')))).toBe(true)
    } else {
      expect(made.entryPath).toBeNull()
    }
    const names = range.start === 0 ? ['entry.gguf', 'slice.gguf', 'slice.json'] : ['slice.gguf', 'slice.json']
    expect((await readdir(directory)).sort()).toEqual(names)
    const total = piecesFor(manifest, range).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    expect(progress.at(-1)).toEqual([total, total])
    expect(made).toEqual({ ...(await verifySlice(directory)), wasThere: false })
  })

  it('cuts a tied model with shared tables, whole and in parts', async () => {
    const home = await temporaryDirectory()
    const modelPath = join(home, 'model.gguf')
    await makeSyntheticModel(modelPath, { tiedOutput: true, ropeFreqs: true, type: 'F16' })
    const tied = await manifestOf(modelPath)
    const header = await readGgufHeader(modelPath)
    for (const range of [
      { start: 0, end: 8 },
      { start: 5, end: 8 },
      { start: 2, end: 5 },
    ]) {
      const directory = sliceDirectory(home, tied.root, range)
      const made = await makeSlice({ modelPath, manifest: tied, range, directory, clock: systemClock })
      const expected = await writePlan(planSlice(header, range), modelPath, join(home, 'expected'))
      expect(made.sha256).toBe(expected.sha256)
    }
  })

  it('verifies a slice that is already there instead of copying it again, even without the model', async () => {
    const { modelPath, make } = await setUp()
    const first = await make()
    const before = await stat(first.slicePath)
    await rm(modelPath)
    expect(await make()).toEqual({ ...first, wasThere: true })
    expect((await stat(first.slicePath)).mtimeMs).toBe(before.mtimeMs)
  })

  it('makes a damaged slice anew', async () => {
    const { directory, make } = await setUp()
    const first = await make()
    await flipBit(first.slicePath, first.sizeBytes - 5000)
    expect(await make()).toEqual(first)
    expect(first).toEqual({ ...(await verifySlice(directory)), wasThere: false })
  })

  it('starts clean over what an attempt that was killed left behind', async () => {
    const { directory, make } = await setUp()
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'slice.gguf.partial'), 'half of it')
    await writeFile(join(directory, 'entry.gguf'), 'renamed, but no record yet')
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_MISSING' })
    const made = await make()
    expect((await readdir(directory)).sort()).toEqual(['entry.gguf', 'slice.gguf', 'slice.json'])
    expect(made).toEqual({ ...(await verifySlice(directory)), wasThere: false })
  })

  it('D-T09: finds a flipped bit in every piece that the range needs, names it, and leaves nothing', async () => {
    const { directory, modelPath, make } = await setUp()
    for (const { index, offset, sizeBytes } of piecesFor(manifest, RANGE)) {
      const place = offset + Math.floor(sizeBytes / 2)
      await flipBit(modelPath, place)
      await expect(make()).rejects.toMatchObject({
        code: 'SHARD_HASH_MISMATCH',
        message: expect.stringContaining(`piece ${index},`),
      })
      await expectNothingLeft(directory)
      await flipBit(modelPath, place)
    }
    await make()
  })

  it('does not read pieces that the range does not need', async () => {
    const { modelPath, make } = await setUp()
    const needed = new Set(piecesFor(manifest, RANGE).map(({ index }) => index))
    for (const { index, offset } of manifest.pieces) if (!needed.has(index)) await flipBit(modelPath, offset)
    await make()
  })

  it('D-T09: refuses the model cut at 20 sizes, and leaves nothing', async () => {
    const { directory, modelPath, make } = await setUp()
    for (let step = 19; step >= 0; step--) {
      await truncate(modelPath, Math.floor((manifest.file.sizeBytes * step) / 20))
      await expect(make()).rejects.toMatchObject({ code: 'GGUF_TRUNCATED' })
      await expectNothingLeft(directory)
    }
  })

  it('refuses another model, a changed header, a longer file and a missing one', async () => {
    const { home, directory, modelPath, make } = await setUp()
    const other = join(home, 'other.gguf')
    await makeSyntheticModel(other, { blockCount: 12 })
    await expect(make({ modelPath: other })).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
    await flipBit(modelPath, 1000)
    await expect(make()).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
    await truncate(modelPath, manifest.file.sizeBytes + 1)
    await expect(make()).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
    await rm(modelPath)
    await expect(make()).rejects.toMatchObject({ code: 'SHARD_MISSING' })
    await expectNothingLeft(directory)
  })

  it('refuses a manifest whose roles are not those of the file', async () => {
    const { directory, make } = await setUp()
    const pieces = manifest.pieces.map((piece) => (piece.block === 2 ? { ...piece, block: 1 } : piece))
    await expect(make({ manifest: { ...manifest, pieces } })).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
    await expectNothingLeft(directory)
  })

  it('takes back the folders that it made for a slice that failed, and no others', async () => {
    const { home, directory, modelPath, make } = await setUp()
    await flipBit(modelPath, piecesFor(manifest, RANGE).at(-1)!.offset)
    await expect(make()).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    expect(await readdir(home)).toEqual(['model.gguf'])
    await mkdir(directory, { recursive: true })
    await expect(make()).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    expect(await readdir(directory)).toEqual([])
  })

  it('stops when it is cancelled, and leaves nothing', async () => {
    const { directory, make } = await setUp()
    const controller = new AbortController()
    const running = make({ signal: controller.signal, onProgress: () => controller.abort() })
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    await expectNothingLeft(directory)
    await expect(make({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('says SHARD_WRITE_FAILED when the disk does not take it', async () => {
    const { home, make } = await setUp()
    const blocked = join(home, 'a file, not a directory')
    await writeFile(blocked, '')
    await expect(make({ directory: join(blocked, 'slice') })).rejects.toMatchObject({ code: 'SHARD_WRITE_FAILED' })
  })

  it('says SHARD_WRITE_FAILED when something is in the way, and starts clean once it is not', async () => {
    const { directory, make } = await setUp()
    await mkdir(join(directory, 'slice.gguf.partial', 'full'), { recursive: true })
    await expect(make()).rejects.toMatchObject({ code: 'SHARD_WRITE_FAILED' })
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_MISSING' })
    await rm(join(directory, 'slice.gguf.partial'), { recursive: true })
    await make()
  })

  it.runIf(process.platform === 'linux')('says SHARD_WRITE_FAILED when the disk is full', async () => {
    const plan = planSlice(await readGgufHeader(SAMPLE_MODEL), RANGE)
    await expect(writePlan(plan, SAMPLE_MODEL, '/dev/full')).rejects.toMatchObject({
      code: 'SHARD_WRITE_FAILED',
      message: expect.stringContaining('ENOSPC'),
    })
  })
})

describe('verifySlice', () => {
  it('D-T09: finds a flipped bit anywhere in a finished slice or entry file', async () => {
    const { directory, make } = await setUp()
    const { slicePath, entryPath, sizeBytes } = await make()
    for (let sample = 0; sample < 20; sample++) {
      const place = Math.floor((sizeBytes * sample) / 20)
      await flipBit(slicePath, place)
      await expect(verifySlice(directory), `byte ${place}`).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
      await flipBit(slicePath, place)
    }
    await verifySlice(directory)
    await flipBit(entryPath!, 70_000)
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
  })

  it('finds files that became shorter, longer or went away', async () => {
    const { directory, make } = await setUp()
    const { slicePath, sizeBytes } = await make()
    await truncate(slicePath, sizeBytes - 1)
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    await truncate(slicePath, sizeBytes + 1)
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    await rm(slicePath)
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_MISSING' })
  })

  it('takes the slice of another model or range for none', async () => {
    const { directory, make } = await setUp()
    await make()
    const expected = { manifestRoot: manifest.root, range: RANGE }
    await verifySlice(directory, { expected })
    for (const other of [
      { ...expected, range: { start: 0, end: 4 } },
      { ...expected, manifestRoot: 'f'.repeat(64) },
    ]) {
      await expect(verifySlice(directory, { expected: other })).rejects.toMatchObject({ code: 'SHARD_MISSING' })
    }
  })

  it.each(['', 'null', '{"format":1}', 'x'.repeat(20_000)])('refuses a record that is none', async (text) => {
    const { directory, make } = await setUp()
    await make()
    await writeFile(join(directory, 'slice.json'), text)
    await expect(verifySlice(directory)).rejects.toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    await make()
    await verifySlice(directory)
  })
})
