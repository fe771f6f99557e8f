import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { FakeClock } from '../../test/fake-clock'
import { jsonFile, writeFileAtomic } from './atomic-file'
import { defaultDataRoot, openDataDirectory } from './data-directory'
import { createEventLog, type LogEvent } from './event-log'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier storage ü-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the data directory (H-04, H-05, H-37)', () => {
  it('is the system’s place for application data, never the working directory', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(defaultDataRoot({}, platform).startsWith(process.cwd())).toBe(false)
      expect(defaultDataRoot({}, platform)).toMatch(/espalier/i)
    }
    expect(defaultDataRoot({ XDG_DATA_HOME: '/data' }, 'linux')).toBe('/data/espalier')
    expect(defaultDataRoot({ XDG_DATA_HOME: 'relative' }, 'linux')).not.toContain('relative')
  })

  it('holds every path of every store, also with spaces and letters of other languages', async () => {
    const data = await openDataDirectory(join(directory, 'a b', 'ünïcode'))
    const { root, ...paths } = data
    for (const path of Object.values(paths)) expect(path.startsWith(root)).toBe(true)
    expect(await readdir(root)).toEqual([])
  })

  it('says what is wrong when it can’t be used', async () => {
    const file = join(directory, 'a-file')
    await writeFile(file, '')
    await expect(openDataDirectory(join(file, 'below'))).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining(file),
    })
    if (process.getuid?.() === 0) return
    const readOnly = join(directory, 'read-only')
    await openDataDirectory(readOnly)
    await chmod(readOnly, 0o500)
    await expect(openDataDirectory(readOnly)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
  })
})

describe('state files', () => {
  const schema = z.object({ count: z.number() })

  it('are replaced whole, and leave no temporary file', async () => {
    const path = join(directory, 'state.json')
    const file = jsonFile(path, schema)
    expect(await file.load()).toBeNull()
    await file.save({ count: 1 })
    await file.save({ count: 2 })
    expect(await file.load()).toEqual({ count: 2 })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readdir(directory)).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  it('are whole, and the last one stays, when several writes are asked for at once', async () => {
    const path = join(directory, 'busy.json')
    const contents = Array.from({ length: 50 }, (_, i) => JSON.stringify({ count: i, filler: 'x'.repeat(i * 200) }))
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)))
    expect(await readFile(path, 'utf8')).toBe(contents.at(-1))
    expect((await readdir(directory)).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  it('keep the old content when the new one can’t be written', async () => {
    const folder = join(directory, 'in-the-way')
    await openDataDirectory(folder)
    await writeFile(join(folder, 'content'), 'x')
    await expect(writeFileAtomic(folder, 'new')).rejects.toThrow()
    expect(await readFile(join(folder, 'content'), 'utf8')).toBe('x')
    // Nor does the disk fill with what could not take its place.
    expect((await readdir(directory)).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  it('that are removed leave no copy to come back from', async () => {
    const path = join(directory, 'removed.json')
    const file = jsonFile(path, schema, { keepsCopy: true })
    await file.save({ count: 1 })
    await file.remove()
    expect((await readdir(directory)).filter((name) => name.startsWith('removed.json'))).toEqual([])
  })

  for (const [what, content] of [
    ['of another shape', '{"count":"two"}'],
    ['cut short', '{"count":'],
    ['empty', ''],
  ]) {
    it(`that are ${what} are set aside, not overwritten`, async () => {
      const path = join(directory, `${what}.json`)
      await writeFile(path, content!)
      expect(await jsonFile(path, schema).load()).toBeNull()
      expect(await readFile(`${path}.damaged`, 'utf8')).toBe(content)
    })
  }
})

describe('the event log', () => {
  it('hands events to listeners and keeps them as JSON lines', async () => {
    const clock = new FakeClock(5)
    const logs = join(directory, 'logs')
    const log = createEventLog(clock, logs)
    const heard: LogEvent[] = []
    const stop = log.subscribe((event) => void heard.push(event))
    log.write('info', 'a.code', 'a message', { peer: 'x' })
    stop()
    log.write('warn', 'another', 'unheard')
    await log.close()
    expect(heard).toEqual([{ at: 5, level: 'info', code: 'a.code', message: 'a message', fields: { peer: 'x' } }])
    const lines = (await readFile(join(logs, 'events.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).code)).toEqual(['a.code', 'another'])
  })
})
