import { mkdir, mkdtemp, readFile, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Unsaved } from '../../src-shared/app-view'
import { FakeClock } from '../../test/fake-clock'
import { jsonFile } from './atomic-file'
import { createEventLog, type LogEvent } from './event-log'
import { writeLogFiles } from './log-files'
import { watchUnsaved } from './unsaved-book'

// A directory where a file should be is refused for every user, also for root.

let folder: string
let shown: Unsaved[]
let told: LogEvent[]
let clock: FakeClock
let stop: () => void
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-unsaved-'))
  clock = new FakeClock()
  shown = []
  told = []
})
afterEach(async () => {
  stop()
  // The last look at the disk may still be under way.
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

function follow() {
  const log = createEventLog(clock, null)
  log.subscribe((event) => void told.push(event))
  stop = watchUnsaved({ folders: [folder], clock, log, onChange: (unsaved) => (shown = unsaved) })
  return log
}
const state = (options = {}) => jsonFile(join(folder, 'state.json'), z.object({ count: z.number() }), options)
const codes = () => told.map(({ code }) => code)

describe('H-02, H-45: what the disk does not take', () => {
  it('is shown at once, logged once, counted, kept in memory, and written when the disk can', async () => {
    follow()
    const path = join(folder, 'state.json')
    await mkdir(path)
    await expect(state().save({ count: 1 })).rejects.toThrow()
    expect(shown).toMatchObject([{ file: 'state.json', count: 1, cause: expect.stringMatching(/EISDIR|EPERM/) }])
    await expect(state().save({ count: 2 })).rejects.toThrow()
    expect(shown).toMatchObject([{ count: 2 }])
    expect(codes()).toEqual(['state.unsaved'])
    await rmdir(path)
    await clock.advance(5_000)
    await expect.poll(() => shown).toEqual([])
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ count: 2 })
    expect(codes()).toEqual(['state.unsaved', 'state.saved'])
  })

  it('is told to nobody who has stopped to listen', async () => {
    follow()
    stop()
    await mkdir(join(folder, 'state.json'))
    await expect(state().save({ count: 1 })).rejects.toThrow()
    expect([shown, codes(), clock.pending]).toEqual([[], [], 0])
  })

  it('of which somebody was told that it failed is not written behind their back', async () => {
    follow()
    const path = join(folder, 'state.json')
    await mkdir(path)
    await expect(state({ refusesUnsaved: true }).save({ count: 1 })).rejects.toThrow()
    expect(shown).toHaveLength(1)
    await rmdir(path)
    await clock.advance(5_000)
    await expect.poll(() => shown).toEqual([])
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is not said to be on the disk again while only its folder takes files', async () => {
    follow()
    const path = join(folder, 'state.json')
    await mkdir(path)
    await expect(state({ refusesUnsaved: true }).save({ count: 1 })).rejects.toThrow()
    // What another file needs to be written shows that the look at this one is over.
    const held = jsonFile(join(folder, 'none', 'held.json'), z.object({ count: z.number() }))
    await expect(held.save({ count: 1 })).rejects.toThrow()
    await mkdir(join(folder, 'none'))
    await clock.advance(5_000)
    await expect.poll(() => shown.map(({ file }) => file)).toEqual(['state.json'])
    expect(codes().filter((code) => code === 'state.saved')).toHaveLength(1)
    await rmdir(path)
    await clock.advance(5_000)
    await expect.poll(() => shown).toEqual([])
  })

  it('and was removed meanwhile does not come back', async () => {
    follow()
    await mkdir(join(folder, 'in-the-way'))
    const file = jsonFile(join(folder, 'none', 'state.json'), z.object({ count: z.number() }))
    await expect(file.save({ count: 1 })).rejects.toThrow()
    await file.remove()
    await mkdir(join(folder, 'none'))
    await clock.advance(5_000)
    await expect.poll(() => shown).toEqual([])
    expect(await file.load()).toBeNull()
  })

  it('is heard of by whoever begins to watch later, and in no other folder', async () => {
    await mkdir(join(folder, 'state.json'))
    await expect(state().save({ count: 1 })).rejects.toThrow()
    const other: Unsaved[][] = []
    watchUnsaved({
      folders: [`${folder}-2`],
      clock,
      log: { write: () => undefined },
      onChange: (all) => other.push(all),
    })()
    expect(other).toEqual([])
    follow()
    expect(shown).toMatchObject([{ file: 'state.json' }])
  })

  it('may be the log itself: its events go on, and the files when they can', async () => {
    const logs = join(folder, 'logs')
    const log = follow()
    const path = join(logs, 'espalier.log')
    await mkdir(path, { recursive: true })
    const close = writeLogFiles(log, logs)
    log.write('info', 'node.running', 'nobody may lose this')
    expect(shown).toMatchObject([{ file: 'espalier.log', count: expect.any(Number) }])
    expect(codes()).toEqual(['node.running', 'state.unsaved'])
    await rmdir(path)
    log.write('info', 'node.serving', 'this one is kept')
    expect(shown).toEqual([])
    expect(await readFile(path, 'utf8')).toContain('this one is kept')
    close()
  })

  it('may be the coordinator’s event log, which says so and is opened again', async () => {
    const heard: string[] = []
    const logs = join(folder, 'events')
    const path = join(logs, 'events.jsonl')
    await mkdir(path, { recursive: true })
    const log = createEventLog(clock, logs)
    log.subscribe(({ code }) => void heard.push(code))
    stop = watchUnsaved({ folders: [folder], clock, log: { write: () => undefined }, onChange: (all) => (shown = all) })
    log.write('info', 'one', 'is lost to the disk')
    await expect.poll(() => heard).toEqual(['one', 'log.unsaved'])
    expect(shown).toMatchObject([{ file: 'events.jsonl' }])
    log.write('info', 'two', 'too')
    await rmdir(path)
    await clock.advance(5_000)
    log.write('info', 'three', 'is kept')
    await expect.poll(() => heard).toEqual(['one', 'log.unsaved', 'two', 'three', 'log.saved'])
    await log.close()
    expect(JSON.parse((await readFile(path, 'utf8')).trim())).toMatchObject({ code: 'three', lostBefore: 2 })
    expect(shown).toEqual([])
  })
})
