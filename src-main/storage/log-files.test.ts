import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createEventLog } from './event-log'
import { writeLogFiles } from './log-files'

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
  writeLogFiles(log, directory, { maxFileBytes: 200, fileCount: 3 })
  for (let i = 0; i < 40; i++) log.write('info', 'count', `event ${i} of a run that is long enough to fill a line`)
  expect((await readdir(directory)).toSorted()).toEqual(['espalier.1.log', 'espalier.2.log', 'espalier.log'])
  const newest = await readFile(join(directory, 'espalier.log'), 'utf8')
  const older = await readFile(join(directory, 'espalier.1.log'), 'utf8')
  const first = Number(/event (\d+)/.exec(newest)?.[1])
  expect(newest).toContain('event 39')
  expect(older).toContain(`event ${first - 1}`)
})

it('a place that cannot be written takes nothing down', () => {
  const log = createEventLog(systemClock, null)
  writeLogFiles(log, '/dev/null/logs')
  expect(() => log.write('error', 'x', 'y')).not.toThrow()
})
