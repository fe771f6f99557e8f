import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { MeterEvent } from '../../src-shared/meter'
import type { AppPaths } from '../app-paths'
import type { EngineProcess } from '../engine/engine'
import { memoryOf, runMeter } from '../meter/run-meter'
import { loadOrCreateIdentity } from '../network/identity'
import type { NetworkProfile } from '../network/profiles'
import { threadsFor } from '../node/threads'
import type { DataDirectory } from '../storage/data-directory'
import type { EventLog } from '../storage/event-log'
import type { DetectCompute } from './compute'
import type { SettingsStore } from './settings-store'

/** The meter of a network, with what this app's settings offer it. One run at a time. */
export function createAppMeter(options: {
  clock: Clock
  log: EventLog
  data: DataDirectory
  paths: AppPaths
  spawnEngine: () => EngineProcess
  fetch: typeof fetch
  settings: Pick<SettingsStore, 'get'>
  compute: DetectCompute
  profile: NetworkProfile | null
}): {
  handlers: Pick<MethodHandlers, 'meter.run' | 'meter.cancel'>
  onEvent(listener: (event: MeterEvent) => void): Disposer
  cancel(): void
} {
  const listeners = new Set<(event: MeterEvent) => void>()
  let running: AbortController | null = null
  const cancel = () => running?.abort(new EspalierError('CANCELLED'))

  async function measure(url: string, allowInsecure: boolean, mine: AbortController): Promise<void> {
    const tell = (outcome: MeterEvent['outcome']) => {
      // A newer run has the word.
      if (running === mine) for (const listener of listeners) listener({ url, outcome })
    }
    try {
      const { threads, offeredMemoryGb, gpuMemoryGb, modelPath } = options.settings.get()
      const compute = await options.compute(options.settings.get())
      const { publicKey } = await loadOrCreateIdentity(options.data.identityFile)
      const meter = await runMeter({
        ...options,
        ...{ coordinatorUrl: url, allowInsecure, compute, gpuMemoryGb, signal: mine.signal },
        ...memoryOf(compute, offeredMemoryGb, gpuMemoryGb),
        modelPath: (isDemo) => modelPath ?? (isDemo ? options.paths.sampleModel : null),
        threads: threadsFor(threads),
        ownPeerId: publicKey.toString(),
        onStage: (stage) => tell({ kind: 'running', stage }),
      })
      tell({ kind: 'done', meter })
    } catch (error) {
      tell({ kind: 'failed', error: reportOf(error) })
    } finally {
      if (running === mine) running = null
    }
  }

  return {
    cancel,
    onEvent(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    handlers: {
      'meter.run'({ url, insecure = false }) {
        cancel()
        running = new AbortController()
        void measure(url, insecure, running)
        return {}
      },
      'meter.cancel'() {
        cancel()
        return {}
      },
    },
  }
}
