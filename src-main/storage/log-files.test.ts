import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from './event-log'
import { writeLogFiles } from './log-files'

const DAY_MS = 86_400_000
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-log-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

it('writes an event a line, readable by its user only', async () => {
  const log = createEventLog(systemClock, null)
  const stop = writeLogFiles(log, directory)
  log.write('warn', 'peer.lost', 'a peer\nwent away', { peer: '12D3', error: new Error('gone'), count: 3n })
  log.write('info', 'node.running', 'the node is running')
  stop()
  log.write('info', 'late', 'after the end')
  const file = join(directory, 'espalier.log')
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^\S+Z warn peer\.lost a peer\\nwent away .*"error":"Error: gone","count":"3"/)
  expect(lines[1]).toMatch(/info node\.running/)
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).toBe(0)
})

it('D-28: rotates, keeps ten files by default and never more than told', async () => {
  const log = createEventLog(systemClock, null)
  writeLogFiles(log, directory, () => ({ bytes: 2_000, days: 30 }))
  for (let i = 0; i < 60; i++) log.write('info', 'count', `event ${i} of a run that is long enough to fill a line`)
  expect((await readdir(directory)).toSorted()).toEqual([
    ...Array.from({ length: 9 }, (_, i) => `espalier.${i + 1}.log`),
    'espalier.log',
  ])
  const newest = await readFile(join(directory, 'espalier.log'), 'utf8')
  const older = await readFile(join(directory, 'espalier.1.log'), 'utf8')
  const first = Number(/event (\d+)/.exec(newest)?.[1])
  expect(newest).toContain('event 59')
  expect(older).toContain(`event ${first - 1}`)
})

it('log retention: files go when the last of their lines is older than so many days, and a change of the limits holds at once', async () => {
  const clock = new FakeClock(systemClock.now())
  const log = createEventLog(clock, null)
  let limits = { bytes: 50 * 1024 * 1024, days: 20 }
  writeLogFiles(log, directory, () => limits, clock)
  const names = async () => (await readdir(directory)).toSorted()
  log.write('info', 'first', 'day 0')
  await clock.advance(DAY_MS)
  log.write('info', 'second', 'day 1')
  expect(await names()).toEqual(['espalier.log'])
  // A tenth of the days in one file, so that lines go when they are due and not with their last neighbour.
  await clock.advance(2 * DAY_MS)
  log.write('info', 'third', 'day 3')
  expect(await names()).toEqual(['espalier.1.log', 'espalier.log'])
  expect(await readFile(join(directory, 'espalier.1.log'), 'utf8')).toContain('day 1')
  limits = { ...limits, days: 2 }
  await clock.advance(DAY_MS)
  log.write('info', 'fourth', 'day 4')
  expect(await readFile(join(directory, 'espalier.log'), 'utf8')).toContain('day 4')
  for (const name of await names()) expect(await readFile(join(directory, name), 'utf8')).not.toContain('day 1')
  limits = { bytes: 1_000, days: 2 }
  for (let i = 0; i < 60; i++) log.write('info', 'count', `event ${i} of a run that is long enough to fill a line`)
  const sizes = await Promise.all((await names()).map(async (name) => (await stat(join(directory, name))).size))
  expect(sizes.length).toBe(10)
  // Each file ends with the line that fills it.
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000 + 10 * 120)
})

it('log retention: a clock that is ahead for a while deletes nothing, and is set right without further harm', async () => {
  let aheadMs = 0
  const fake = new FakeClock(systemClock.now())
  const clock = { ...fake, now: () => fake.now() + aheadMs }
  const log = createEventLog(clock, null)
  writeLogFiles(log, directory, () => ({ bytes: 50 * 1024 * 1024, days: 20 }), clock)
  log.write('info', 'first', 'a line')
  await writeFile(join(directory, 'espalier.1.log'), 'of yesterday')
  // Under whatever number it stands by then.
  const isThere = async () => {
    const texts = (await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8'))
    return (await Promise.all(texts)).includes('of yesterday')
  }
  for (const jumpMs of [30 * DAY_MS, 0]) {
    aheadMs = jumpMs
    for (let i = 0; i < 3; i++) {
      await fake.advance(1_300_000)
      log.write('info', 'next', 'another line')
    }
    expect(await isThere()).toBe(true)
  }
  // It is deleted when its time has really come.
  await fake.advance(21 * DAY_MS)
  for (let i = 0; i < 3; i++) {
    await fake.advance(3_600_000)
    log.write('info', 'late', 'a line')
  }
  expect(await isThere()).toBe(false)
})

it('a place that cannot be written takes nothing down', () => {
  const log = createEventLog(systemClock, null)
  writeLogFiles(log, '/dev/null/logs')
  expect(() => log.write('error', 'x', 'y')).not.toThrow()
})
