import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodHandlers, MethodInput } from '../../src-shared/contract'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { MeterEvent } from '../../src-shared/meter'
import type { AppPaths } from '../app-paths'
import type { EngineProcess } from '../engine/engine'
import { lookAtNetwork, type MeterOptions, memoryOf, meterWith, type NetworkLook } from '../meter/run-meter'
import { loadOrCreateIdentity } from '../network/identity'
import type { NetworkProfile } from '../network/profiles'
import { threadsFor } from '../node/threads'
import type { DataDirectory } from '../storage/data-directory'
import type { EventLog } from '../storage/event-log'
import type { DetectCompute } from './compute'
import type { SettingsStore } from './settings-store'

/** How long what was seen of a network counts, when only this computer's settings have changed. */
const LOOK_COUNTS_MS = 10 * 60_000

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
  /** For tests: the two halves of a run. */
  halves?: { look: typeof lookAtNetwork; meter: typeof meterWith }
}): {
  handlers: Pick<MethodHandlers, 'meter.run' | 'meter.cancel'>
  onEvent(listener: (event: MeterEvent) => void): Disposer
  cancel(): void
} {
  const listeners = new Set<(event: MeterEvent) => void>()
  let running: AbortController | null = null
  const { look: lookAt, meter: meterOf } = options.halves ?? { look: lookAtNetwork, meter: meterWith }
  let seen: { key: string; atMs: number; look: NetworkLook } | null = null
  const cancel = () => running?.abort(new EspalierError('CANCELLED'))

  /** A change of settings must not cost the network another answer. */
  async function lookOnce(mayCount: boolean, asked: MeterOptions): Promise<NetworkLook> {
    const key = JSON.stringify([asked.coordinatorUrl, asked.allowInsecure])
    const now = options.clock.monotonicMs()
    if (mayCount && seen?.key === key && now - seen.atMs < LOOK_COUNTS_MS) return seen.look
    const look = await lookAt(asked)
    seen = { key, atMs: options.clock.monotonicMs(), look }
    return look
  }

  async function measure({ url, insecure, again }: MethodInput<'meter.run'>, mine: AbortController): Promise<void> {
    const tell = (outcome: MeterEvent['outcome']) => {
      // A newer run has the word.
      if (running === mine) for (const listener of listeners) listener({ url, outcome })
    }
    try {
      const { threads, offeredMemoryGb, gpuMemoryGb, modelPath } = options.settings.get()
      const compute = await options.compute(options.settings.get())
      const { publicKey } = await loadOrCreateIdentity(options.data.identityFile)
      const asked: MeterOptions = {
        ...options,
        ...{ coordinatorUrl: url, allowInsecure: insecure ?? false, compute, gpuMemoryGb, signal: mine.signal },
        ...memoryOf(compute, offeredMemoryGb, gpuMemoryGb),
        modelPath: (isDemo) => modelPath ?? (isDemo ? options.paths.sampleModel : null),
        threads: threadsFor(threads),
        ownPeerId: publicKey.toString(),
        onStage: (stage) => tell({ kind: 'running', stage }),
      }
      const look = await lookOnce(again ?? false, asked)
      tell({ kind: 'done', meter: await meterOf(look, asked) })
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
      'meter.run'(asked) {
        cancel()
        running = new AbortController()
        void measure(asked, running)
        return {}
      },
      'meter.cancel'() {
        cancel()
        return {}
      },
    },
  }
}
