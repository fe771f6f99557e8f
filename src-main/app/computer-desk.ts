import { availableParallelism, cpus } from 'node:os'
import type { Clock } from '../../src-shared/clock'
import type { ComputerTiming, ComputerView } from '../../src-shared/computer-view'
import type { MethodHandlers } from '../../src-shared/contract'
import { EspalierError } from '../../src-shared/errors'
import type { AppPaths } from '../app-paths'
import { cardsOf } from '../engine/device-choice'
import type { EngineProcess } from '../engine/engine'
import { measureComputer } from '../meter/measure-computer'
import { memoryOf } from '../meter/run-meter'
import { capabilityOf, offerOf } from '../node/offer'
import { threadsFor } from '../node/threads'
import { readManifest } from '../shards/manifest'
import type { ShardStore } from '../shards/store/shard-store'
import type { DetectCompute } from './compute'
import { createDiskViews } from './disk-view'
import type { SettingsStore } from './settings-store'

export interface ComputerDesk {
  readonly handlers: Pick<MethodHandlers, 'computer.get' | 'computer.time' | 'computer.stopTiming'>
  /** Ends a timing that is under way. */
  cancel(): void
}

/** What this computer has to give, asked of the system, and how fast it computes, tried. */
export function createComputerDesk(options: {
  clock: Clock
  paths: Pick<AppPaths, 'sampleModel' | 'sampleManifest'>
  modelsDirectory: string
  store: ShardStore
  settings: Pick<SettingsStore, 'get'>
  compute: DetectCompute
  spawnEngine: () => EngineProcess
}): ComputerDesk {
  const { clock, paths, settings } = options
  const disk = createDiskViews(options.store, options.modelsDirectory, () => null)
  let running: AbortController | null = null
  const cancel = () => running?.abort(new EspalierError('CANCELLED'))

  async function look(): Promise<ComputerView> {
    const [compute, { directory, usedBytes, freeBytes }] = await Promise.all([
      options.compute(settings.get()),
      disk.view(),
    ])
    const { memoryBytes } = capabilityOf(compute)
    return {
      processor: cpus()[0]?.model.trim() ?? '',
      cores: availableParallelism(),
      memoryBytes,
      usual: { threads: threadsFor(null), memoryBytes: offerOf(capabilityOf(), null).memoryBytes },
      cards: cardsOf(compute.devices).map(({ name, description, totalBytes, freeBytes: free }) => ({
        description: description || name,
        totalBytes,
        freeBytes: free,
        isChosen: compute.gpuLayers > 0 && compute.gpuNames.includes(name),
      })),
      missedGpu: compute.missedGpu,
      disk: { directory, usedBytes, freeBytes },
    }
  }

  async function time(signal: AbortSignal): Promise<ComputerTiming> {
    const now = settings.get()
    const threads = threadsFor(now.threads)
    const compute = await options.compute(now)
    const manifest = await readManifest(paths.sampleManifest)
    const { aloneTokensPerSecond } = await measureComputer({
      ...{ modelPath: paths.sampleModel, manifest, threads, compute, signal },
      ...memoryOf(compute, now.offeredMemoryGb, now.gpuMemoryGb),
      gpuMemoryGb: now.gpuMemoryGb,
      spawnEngine: options.spawnEngine,
    })
    if (aloneTokensPerSecond === null) throw new EspalierError('ENGINE_OUT_OF_MEMORY', 'the sample model did not fit')
    const { name, file } = manifest
    return {
      ...{ modelName: name, sizeBytes: file.sizeBytes, threads, at: clock.now() },
      tokensPerSecond: aloneTokensPerSecond,
    }
  }

  return {
    cancel,
    handlers: {
      'computer.get': look,
      async 'computer.time'() {
        cancel()
        const mine = new AbortController()
        running = mine
        try {
          return await time(mine.signal)
        } finally {
          if (running === mine) running = null
        }
      },
      'computer.stopTiming'() {
        cancel()
        return {}
      },
    },
  }
}
