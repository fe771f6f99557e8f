import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from '../../src-shared/settings'
import { openSettings } from './settings-store'

let directory: string
let path: string
const write = vi.fn()
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-settings-'))
  path = join(directory, 'settings.json')
  write.mockClear()
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const open = (overrides: Partial<Settings> = {}) => openSettings(path, overrides, { write })
const onDisk = async () => JSON.parse(await readFile(path, 'utf8'))

describe('settings on disk', () => {
  it('M-36: makes the public name once and keeps it over restarts', async () => {
    const first = (await open()).get()
    expect(first).toEqual({ ...DEFAULT_SETTINGS, publicName: expect.stringMatching(/^[a-z]+-[a-z]+-\d{4}$/) })
    expect((await open()).get().publicName).toBe(first.publicName)
  })

  it('keeps what was saved, and tells listeners', async () => {
    const store = await open()
    const listener = vi.fn()
    store.onChange(listener)
    await store.save({ theme: 'dark', network: { kind: 'demo' } })
    expect(listener).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ theme: 'dark' }))
    expect((await open()).get()).toMatchObject({ theme: 'dark', network: { kind: 'demo' } })
  })

  it('loses none of several saves at the same time', async () => {
    const store = await open()
    await Promise.all([store.save({ theme: 'dark' }), store.save({ threads: 3 }), store.save({ closeToTray: false })])
    expect((await open()).get()).toMatchObject({ theme: 'dark', threads: 3, closeToTray: false })
    expect((await readdir(directory)).toSorted()).toEqual(['settings.json', 'settings.json.copy'])
  })

  it('sets a damaged file aside and starts from the defaults', async () => {
    await writeFile(path, '{"publicName": "quiet-pear')
    expect((await open()).get()).toMatchObject({ ...DEFAULT_SETTINGS })
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe('{"publicName": "quiet-pear')
  })

  it('drops unknown keys, and gives a field that is not valid its default, with a word in the log', async () => {
    await writeFile(path, '{"publicName":"quiet-pear-1000","threads":-4,"theme":"dark","ofTheFuture":{"x":1}}')
    const store = await open()
    expect(store.get()).toEqual({ ...DEFAULT_SETTINGS, publicName: 'quiet-pear-1000', theme: 'dark' })
    expect(write).toHaveBeenCalledExactlyOnceWith('warn', 'settings.field.invalid', expect.stringContaining('threads'))
    await store.save({ theme: 'light' })
    expect(await onDisk()).not.toHaveProperty('ofTheFuture')
  })

  it('refuses a value that is not valid, and changes nothing', async () => {
    const store = await open()
    const before = store.get()
    await expect(store.save({ publicName: '<b>' })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    expect(store.get()).toEqual(before)
    expect(await onDisk()).toEqual(before)
  })

  it('saves nothing over a value that is another than the one who saves believes', async () => {
    const store = await open()
    await store.save({ threads: 3, quietHours: { fromMinute: 1, toMinute: 2 } })
    const over = store.save({ threads: 5, theme: 'dark' }, { threads: 2, theme: 'system' })
    await expect(over).rejects.toMatchObject({ code: 'SETTINGS_CHANGED', message: expect.stringContaining('threads') })
    expect(store.get()).toMatchObject({ threads: 3, theme: 'system' })
    await store.save({ threads: 5 }, { threads: 3, quietHours: { fromMinute: 1, toMinute: 2 } })
    expect(store.get().threads).toBe(5)
    // Two at the same time: the second finds what the first has written.
    const both = [store.save({ threads: 6 }, { threads: 5 }), store.save({ threads: 7 }, { threads: 5 })]
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(store.get().threads).toBe(6)
  })

  it('says when the disk refuses, and stays as it was', async () => {
    const store = await open()
    const before = store.get()
    await rm(directory, { recursive: true })
    await expect(store.save({ theme: 'dark' })).rejects.toMatchObject({ code: 'SETTINGS_NOT_SAVED' })
    expect(store.get()).toEqual(before)
  })
})

describe('overrides from the command line', () => {
  it('are in force and never written', async () => {
    const store = await open({ publicName: 'third-fig', network: { kind: 'demo' } })
    await store.save({ theme: 'dark' })
    expect(store.get()).toMatchObject({ publicName: 'third-fig', network: { kind: 'demo' }, theme: 'dark' })
    expect(await onDisk()).toMatchObject({ network: null, publicName: expect.not.stringMatching('third-fig') })
  })

  it('give way when somebody changes the same setting', async () => {
    const store = await open({ publicName: 'third-fig', threads: 2 })
    await store.save({ publicName: 'my own' })
    expect(store.get()).toMatchObject({ publicName: 'my own', threads: 2 })
  })

  it('may leave the port to the system, which is never shown as a setting', async () => {
    const store = await open({ listenPort: 0 })
    expect(store.listenPort()).toBe(0)
    expect(SettingsSchema.safeParse(store.get()).success).toBe(true)
    await store.save({ listenPort: 40_000 })
    expect(store.listenPort()).toBe(40_000)
  })

  it('must be valid', async () => {
    await expect(open({ threads: 0 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(open({ listenPort: 70_000 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})
