import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { meterOf } from '../../e2e/support/meter-fixtures'
import { DEFAULT_SETTINGS } from '../../src-shared/settings'
import { FakeClock } from '../../test/fake-clock'
import { appPaths } from '../app-paths'
import { CPU_CHOICE } from '../engine/device-choice'
import type { NetworkLook } from '../meter/run-meter'
import { openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { createAppMeter } from './meter'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-meter-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const URL_A = 'https://orchard.example'

it('a run for changed settings asks the network nothing again, for some minutes, and of this network only', async () => {
  const clock = new FakeClock()
  const looks: string[] = []
  const meter = createAppMeter({
    ...{
      clock,
      log: createEventLog(clock, null),
      data: await openDataDirectory(root),
      paths: appPaths(),
      profile: null,
    },
    ...{
      fetch,
      compute: async () => CPU_CHOICE,
      settings: { get: () => ({ ...DEFAULT_SETTINGS, publicName: 'fig' }) },
    },
    spawnEngine: () => {
      throw new Error('nothing computes here')
    },
    halves: {
      look: async ({ coordinatorUrl }) => {
        looks.push(coordinatorUrl)
        return { isDemo: false } as NetworkLook
      },
      meter: async () => meterOf('Llama'),
    },
  })
  const run = async (url: string, again?: true) => {
    const end = Promise.withResolvers<string>()
    const stop = meter.onEvent((event) => end.resolve(`${event.url} ${event.outcome.kind}`))
    await meter.handlers['meter.run']({ url, ...(again && { again }) })
    expect(await end.promise).toBe(`${url} done`)
    stop()
  }
  // Nothing was seen yet that could count.
  await run(URL_A, true)
  await run(URL_A, true)
  expect(looks).toEqual([URL_A])
  await run(URL_A)
  expect(looks).toEqual([URL_A, URL_A])
  await run('https://other.example', true)
  await run(URL_A, true)
  expect(looks.slice(2)).toEqual(['https://other.example', URL_A])
  await clock.advance(11 * 60_000)
  await run(URL_A, true)
  expect(looks).toHaveLength(5)
})
