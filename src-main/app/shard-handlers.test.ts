import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { METHODS } from '../../src-shared/contract'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import { CPU_CHOICE } from '../engine/device-choice'
import type { RunningNode } from '../node/node'
import { fetchShard } from '../shards/fetch/fetch-shard'
import { fileSource } from '../shards/sources/file-source'
import { createShardStore, type ShardStore } from '../shards/store/shard-store'
import { type DataDirectory, openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { createSecretStore } from '../storage/secret-store'
import { createKnowModel } from './known-model'
import { openSettings, type SettingsStore } from './settings-store'
import { createShardHandlers } from './shard-handlers'
import { createTokenDesk } from './token-desk'
import { createTransfers } from './transfer-wishes'

const TOKEN = 'hf_abcdefghijklmnopqrstuvwx'
let data: DataDirectory
let store: ShardStore
let settings: SettingsStore
let handlers: ReturnType<typeof createShardHandlers>
let running: RunningNode | null
let env: Record<string, string>
const log = createEventLog(systemClock, null)

beforeEach(async () => {
  data = await openDataDirectory(await temporaryDirectory())
  store = createShardStore({ dataDirectory: data.root, clock: systemClock })
  settings = await openSettings(data.settingsFile, {}, log)
  running = null
  env = {}
  handlers = createShardHandlers({
    ...{ clock: systemClock, data, store, settings },
    token: createTokenDesk(createSecretStore(data.secretsFile, null), env),
    compute: async () => CPU_CHOICE,
    capBytes: () => null,
    resources: 'resources',
    knowModel: createKnowModel({ store, sampleModel: SAMPLE_MODEL, running: () => running }),
    running: () => running,
    diagnosticsContext: () => ({ clock: systemClock, data, status: null, running }) as never,
  })
})

async function fetchBlocks(blocks: { start: number; end: number }): Promise<string> {
  const manifest = await manifestOf(SAMPLE_MODEL)
  const sources = [fileSource(SAMPLE_MODEL, store.disk)]
  const { slicePath } = await fetchShard({ manifest, blocks, sources, store, clock: systemClock })
  return slicePath.replace(/[\\/][^\\/]+$/, '')
}

it('H-39: a token in the environment is named and not used until somebody says so, and never shown', async () => {
  const secrets = createSecretStore(data.secretsFile, null)
  const transfers = createTransfers(settings, secrets)
  env.HF_TOKEN = TOKEN
  const found = await handlers['token.get']({})
  expect(found).toMatchObject({ isSet: false, found: 'HF_TOKEN' })
  expect(await transfers.token()).toBeNull()
  const taken = await handlers['token.takeFound']({})
  expect(taken).toMatchObject({ isSet: true, found: null })
  expect(await transfers.token()).toBe(TOKEN)
  expect(JSON.stringify([found, taken])).not.toContain(TOKEN)
  expect(METHODS['token.get'].output.safeParse(found).success).toBe(true)
})

it.each([[{}], [{ HF_TOKEN: '' }], [{ HF_TOKEN: 'two lines\nof it' }]])(
  'H-39: there is nothing to take from %j',
  async (variables) => {
    Object.assign(env, variables)
    expect(await handlers['token.get']({})).toMatchObject({ found: null })
    await expect(handlers['token.takeFound']({})).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  },
)

describe('a paused fetch', () => {
  it('stays paused over a restart, until it is resumed or cancelled', async () => {
    const transfers = createTransfers(settings, { get: async () => null })
    const listener = vi.fn()
    transfers.onChange(listener)
    await handlers['fetch.pause']({})
    expect(listener).toHaveBeenCalled()
    expect(transfers.wishes().isPaused).toBe(true)
    const reopened = await openSettings(data.settingsFile, {}, log)
    expect(createTransfers(reopened, { get: async () => null }).wishes().isPaused).toBe(true)
    await handlers['fetch.resume']({})
    expect(transfers.wishes().isPaused).toBe(false)
    const cancelLoad = vi.fn()
    running = { cancelLoad } as unknown as RunningNode
    await handlers['fetch.pause']({})
    await handlers['fetch.cancel']({})
    expect(cancelLoad).toHaveBeenCalledOnce()
    expect(transfers.wishes().isPaused).toBe(false)
  })

  it('caps are bytes where the settings have Mbit/s, and a demonstration keeps its own model', async () => {
    const transfers = createTransfers(settings, { get: async () => TOKEN })
    await settings.save({ downloadMbitPerS: 8, uploadMbitPerS: null, seeds: false, modelPath: '/m.gguf' })
    expect(transfers.wishes()).toEqual({
      isPaused: false,
      modelPath: '/m.gguf',
      downloadBytesPerSecond: 1_000_000,
      uploadBytesPerSecond: null,
      seeds: false,
    })
    await settings.save({ network: { kind: 'demo' } })
    expect(transfers.wishes().modelPath).toBeNull()
    expect(await transfers.token()).toBe(TOKEN)
  })
})

describe('the disk', () => {
  it('is shown by model and shard, and what was shown and is not in use can be freed', async () => {
    const [loaded, other] = [await fetchBlocks({ start: 0, end: 2 }), await fetchBlocks({ start: 2, end: 3 })]
    store.use.hold(loaded)
    const view = METHODS['disk.get'].output.parse(await handlers['disk.get']({}))
    expect(view.slices.map(({ model, blocks, isInUse }) => [model, blocks, isInUse])).toEqual([
      ['Test model', { start: 0, end: 2 }, true],
      ['Test model', { start: 2, end: 3 }, false],
    ])
    const [kept, going] = view.slices
    expect(view.reclaimableBytes).toBe(going?.sizeBytes)
    expect(view.usedBytes).toBe(kept!.sizeBytes + going!.sizeBytes)
    await expect(handlers['disk.free']({ ids: [kept!.id] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(handlers['disk.free']({ ids: ['../../etc'] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    const after = await handlers['disk.free']({ ids: [going!.id] })
    expect(after).toMatchObject({ reclaimableBytes: 0, usedBytes: kept!.sizeBytes })
    expect(await store.disk.list(other).catch(() => [])).toEqual([])
    expect(await store.disk.list(loaded)).toContain('slice.gguf')
  })

  it('says that nothing is there, and names what has no manifest only by its folder', async () => {
    expect(await handlers['disk.get']({})).toMatchObject({ usedBytes: 0, slices: [], capBytes: null })
    const stray = join(data.modelsDirectory, 'c'.repeat(16), '0-1')
    await mkdir(stray, { recursive: true })
    await copyFile('package.json', join(stray, 'slice.gguf.partial'))
    await writeFile(join(stray, '..', 'manifest.json'), 'not a manifest')
    expect((await handlers['disk.get']({})).slices).toMatchObject([{ model: null, isFinished: false, usedAt: null }])
  })
})

describe('the token for gated models', () => {
  it('goes in, and only how it is kept comes out', async () => {
    expect(await handlers['token.get']({})).toEqual({ isSet: false, protection: null, offered: 'file', found: null })
    const answer = await handlers['token.set']({ token: TOKEN })
    expect(answer).toEqual({ isSet: true, protection: 'file', offered: 'file', found: null })
    for (const output of [answer, await handlers['token.get']({}), settings.get()])
      expect(JSON.stringify(output)).not.toContain(TOKEN)
    expect(await handlers['token.set']({ token: null })).toMatchObject({ isSet: false })
    expect(await readFile(data.secretsFile, 'utf8')).not.toContain(TOKEN)
  })

  it.each(['', 'short', 'hf_with space', 'hf_line\nbreak', `hf_${'x'.repeat(300)}`])('%j is none', (token) => {
    expect(METHODS['token.set'].input.safeParse({ token }).success).toBe(false)
  })
})

it('the catalogue has the sample with its manifest, and links whose manifests come from a coordinator', async () => {
  const { models } = METHODS['catalogue.get'].output.parse(await handlers['catalogue.get']({}))
  const [sample, ...others] = models
  const manifest = await manifestOf(SAMPLE_MODEL)
  expect(sample?.manifest).toMatchObject({ root: manifest.root, blockCount: 8 })
  expect(others.every(({ manifest: none, page }) => none === null && page !== null)).toBe(true)
  expect(others.some(({ isGated }) => isGated)).toBe(true)
})

it('what fits is reckoned from the chosen file, the assigned model, or not at all', async () => {
  expect((await handlers['fit.get']({})).model).toBeNull()
  await settings.save({ modelPath: '/nowhere.gguf' })
  await expect(handlers['fit.get']({})).rejects.toMatchObject({ code: 'SHARD_MISSING' })
  await settings.save({ modelPath: SAMPLE_MODEL })
  expect((await handlers['fit.get']({})).model).toEqual({ name: 'tiny-jargon-8.gguf', blockCount: 8 })
  const manifest = await manifestOf(SAMPLE_MODEL)
  await fetchBlocks({ start: 0, end: 1 })
  await settings.save({ modelPath: null })
  running = { target: { manifest, range: { start: 0, end: 1 }, modelPath: null } } as unknown as RunningNode
  expect((await handlers['fit.get']({})).model).toEqual({ name: 'Test model', blockCount: 8 })
})
