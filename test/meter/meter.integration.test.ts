import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CPU_CHOICE } from '../../src-main/engine/device-choice'
import { createEngineFactory, type EngineFactory } from '../../src-main/engine/testing/test-engine'
import { type MeterOptions, runMeter } from '../../src-main/meter/run-meter'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { MeterSchema } from '../../src-shared/meter'
import { isVisible, type LiveNetwork, type LiveNode, SAMPLE_MODEL, startLiveNetwork, until } from '../live-network'

// A real network, a real guest, real timings; nothing here says how fast a machine must be.
let network: LiveNetwork
let engines: EngineFactory
const nodes: LiveNode[] = []
const GB = 1e9
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 2 })
  engines = await createEngineFactory()
})
afterAll(async () => {
  await engines?.close()
  await network?.close()
})

function measure(change: Partial<MeterOptions> = {}) {
  const stages: string[] = []
  const meter = runMeter({
    ...{ coordinatorUrl: network.coordinator.url, allowInsecure: false, fetch, clock: systemClock },
    ...{ log: createEventLog(systemClock, null), profile: network.profile, modelPath: () => SAMPLE_MODEL, threads: 1 },
    ...{ memoryBytes: 4 * GB, offeredBytes: 2 * GB, compute: CPU_CHOICE, gpuMemoryGb: null, ownPeerId: '' },
    ...{ spawnEngine: engines.spawn, signal: AbortSignal.timeout(60_000), onStage: (stage) => void stages.push(stage) },
    ...change,
  })
  return meter.then((result) => ({ ...result, stages }))
}

describe('the meter', () => {
  it('a network without anybody: nothing can pass now, and this computer alone would complete it', async () => {
    const { alone, now, together, verdict, stages } = await measure()
    expect(stages).toEqual(['network', 'answer', 'computer'])
    expect(alone.tokensPerSecond).toBeGreaterThan(0)
    expect(now).toMatchObject({ measured: null, estimated: null, nodes: 0, reason: expect.stringContaining('block') })
    expect(together.blocks).toEqual({ start: 0, end: 8 })
    expect(together.estimated).toBeCloseTo(alone.tokensPerSecond ?? 0)
    expect(verdict).toBe('completes')
  })

  it('one that serves: an answer is timed, the parts are added up, and nobody was registered', async () => {
    nodes.push(await network.join(), await network.join())
    for (const node of nodes) await until(node, 'visible', isVisible)
    const workers = async () => (await network.coordinator.snapshot()).workers.length
    const before = await workers()
    const { now, together, verdict } = await measure()
    expect(now).toMatchObject({ nodes: 2, hops: 2, reason: null })
    expect(now.measured).toBeGreaterThan(0)
    expect(now.estimated).toBeGreaterThan(0)
    // Half of the model is at each of the two, so it would double one of them.
    expect(together.blocks).toEqual(
      nodes[0]?.node.status().blocks?.start === 0 ? nodes[0].node.status().blocks : nodes[1]?.node.status().blocks,
    )
    expect(together.estimated).toBeGreaterThan(0)
    expect(['faster', 'same', 'slower']).toContain(verdict)
    expect(await workers()).toBe(before)
  })

  it('what was not measured is not known, and why is said', async () => {
    const without = await measure({ modelPath: () => null })
    expect(without.alone).toMatchObject({
      tokensPerSecond: null,
      reason: expect.stringContaining('not on this computer'),
    })
    expect(without.together).toMatchObject({ estimated: null, blocks: null })
    expect(without.verdict).toBe('unknown')
    expect(without.now.measured).toBeGreaterThan(0)
  })

  it('a model that does not fit is not run: its first blocks are', async () => {
    const { alone, together } = await measure({ memoryBytes: 3e6, offeredBytes: 3e6 })
    expect(alone.reason).toMatch(/Does not fit: \d of 8 blocks do/)
    expect(together.estimated === null).toBe(together.blocks === null)
  })

  it('on the command line: one JSON document, or lines for people', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const run = promisify(execFile)
    await run(process.execPath, [join(root, 'scripts/build-once.mjs')])
    const directory = await mkdtemp(join(tmpdir(), 'espalier-meter-cli-'))
    const meter = (...more: string[]) => {
      const args = ['meter', '--coordinator', network.coordinator.url, '--data-dir', directory, '--threads', '1']
      return run(process.execPath, [join(root, 'out/main/cli.js'), ...args, ...more])
    }
    try {
      const { stdout } = await meter('--profile', 'local', '--model-file', SAMPLE_MODEL, '--json')
      const document = MeterSchema.parse(JSON.parse(stdout))
      expect(document.alone.tokensPerSecond).toBeGreaterThan(0)
      expect(document.modelName).not.toBe('')
      const people = await meter()
      expect(people.stdout).toMatch(/this computer alone +[\d.,]+ tokens\/s\n.*network, measured/)
      expect(people.stderr).toContain('Timing this computer…')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }, 240_000)

  it('ends when it is told to', async () => {
    const stopping = new AbortController()
    const measuring = measure({ signal: stopping.signal, onStage: (stage) => stage === 'answer' && stopping.abort() })
    await expect(measuring).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
