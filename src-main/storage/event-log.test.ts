import { mkdir, mkdtemp, readFile, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from './event-log'

it('lines that could not be saved are tried again after seconds, also when the clock was set back meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-events-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'events.jsonl')
  await mkdir(path)
  let setBackMs = 0
  const fake = new FakeClock()
  const heard: string[] = []
  const log = createEventLog({ ...fake, now: () => fake.now() - setBackMs }, folder)
  log.subscribe(({ code }) => void heard.push(code))
  log.write('info', 'one', 'is lost')
  await expect.poll(() => heard).toEqual(['one', 'log.unsaved'])
  await rmdir(path)
  setBackMs = 86_400_000
  await fake.advance(5_000)
  log.write('info', 'two', 'is kept')
  await expect.poll(() => heard).toContain('log.saved')
  await log.close()
  expect(JSON.parse((await readFile(path, 'utf8')).trim())).toMatchObject({ code: 'two', lostBefore: 1 })
})
