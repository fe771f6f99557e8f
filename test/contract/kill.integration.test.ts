import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestCoordinator } from '../../src-coordinator/test-coordinator'
import { type OwnedChild, startChild } from '../../src-main/process/owned-child'
import { systemClock } from '../../src-shared/clock'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** From source, so that what is killed is what stands in the files. */
async function bundleChild(): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'link-child-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: fileURLToPath(new URL('./link-child.ts', import.meta.url)),
      outDir: directory,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'link-child.mjs' } },
    },
  })
  return join(directory, 'link-child.mjs')
}

/** One life: what was served in it, and up to where the coordinator is known to have heard. */
async function live(child: OwnedChild, minBeats: number, thenMs: number): Promise<{ served: number; heard: number }> {
  let served = 0
  let heard = 0
  let beats = 0
  /** What had been served when the last beat but one was confirmed: all of it was in a beat that arrived. */
  let before = 0
  child.onStdoutLine((line) => {
    const said: unknown = JSON.parse(line)
    if (typeof said !== 'object' || said === null || !('total' in said) || !('beats' in said)) return
    served = Number(said.total)
    if (Number(said.beats) === beats) return
    beats = Number(said.beats)
    heard = before
    before = served
  })
  await expect.poll(() => beats, { timeout: 30_000, interval: 10 }).toBeGreaterThanOrEqual(minBeats)
  await systemClock.sleep(thenMs)
  child.kill()
  await child.exited
  return { served, heard }
}

describe('a killed worker', () => {
  it('C-31, X-13: kill -9 while serving costs at most a beat of tokens and requests, and none is ever counted twice', async () => {
    const script = await bundleChild()
    const coordinator = await startTestCoordinator({ timings: { heartbeatIntervalMs: 100, offlineAfterMs: 60_000 } })
    cleanups.push(() => coordinator.remove())
    const directory = await mkdtemp(join(tmpdir(), 'espalier-killed-'))
    cleanups.push(() => rm(directory, { recursive: true, force: true }))
    const counted = async () => {
      const { tokens_served = 0, x_requests_served = 0 } = (await coordinator.server.snapshot()).workers[0] ?? {}
      expect(x_requests_served).toBe(tokens_served)
      return tokens_served
    }

    const begin = () => startChild({ script, args: [coordinator.server.url, join(directory, 'coordinator.json')] })
    // What it reports before it is approved is not counted; what it had not said by then, it says later.
    let mostPossible = (await live(begin(), 1, 0)).served + 1
    let leastPossible = 0
    const [worker] = (await coordinator.server.snapshot()).workers
    await coordinator.approve(worker?.worker_id ?? '')
    expect(await counted()).toBe(0)
    for (let life = 0; life < 12; life += 1) {
      const { served, heard } = await live(begin(), 2 + (life % 4), (life * 37) % 110)
      // A token may have been served and not yet said aloud.
      mostPossible += served + 1
      leastPossible += heard
      const now = await counted()
      expect(now, `life ${life}`).toBeLessThanOrEqual(mostPossible)
      expect(now, `life ${life}`).toBeGreaterThanOrEqual(leastPossible)
    }
    expect(leastPossible).toBeGreaterThan(100)
  })
})
