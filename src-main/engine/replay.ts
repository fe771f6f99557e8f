import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cuttingRule } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import type { Manifest } from '../shards/manifest'
import { writePlan } from '../shards/plan-writer'
import { planSlice } from '../shards/slice-plan'
import type { CaptureOptions } from './capture'
import { EngineClient } from './engine'
import { runProbe } from './probe'

/**
 * Cuts a model into its smallest slices, one after the other, and runs each slice's part of the manifest's probe from
 * the stored rows: what the network's nodes will do. Gives the largest share of its tolerance that any slice took.
 * `directory` needs room for the largest slice. Rejects as EngineClient.load does.
 */
export async function replayProbe(
  modelPath: string,
  manifest: Manifest,
  { directory, spawnEngine, library, threads }: CaptureOptions & { directory: string },
): Promise<number> {
  const header = await readGgufHeader(modelPath)
  const { period, uncuttableBlockCounts } = cuttingRule(manifest.architecture)
  const { blockCount } = manifest
  const step = uncuttableBlockCounts.includes(blockCount) ? blockCount : period
  const place = await mkdtemp(join(directory, 'replay-'))
  const engine = new EngineClient(spawnEngine())
  let largest = 0
  try {
    await engine.start(library)
    const slicePath = join(place, 'slice.gguf')
    for (let start = 0; start < blockCount; start += step) {
      const range = { start, end: Math.min(start + step, blockCount) }
      await engine.unload()
      await writePlan(planSlice(header, range), modelPath, slicePath)
      await engine.load({
        slicePath,
        entryPath: null,
        wholeModel: false,
        isLast: range.end === blockCount,
        contextTokens: 2 * manifest.probe.tokens.length,
        maxBatchTokens: manifest.probe.tokens.length,
        maxSequences: 1,
        threads,
        gpuLayers: 0,
      })
      const { maxDifference, tolerance } = await runProbe(engine, manifest, range, { hasEntry: false })
      largest = Math.max(largest, maxDifference / tolerance)
    }
    return largest
  } finally {
    await engine.stop()
    await rm(place, { recursive: true, force: true })
  }
}
