import type { Clock, Disposer } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'

export type Resources = NodeStatus['resources']

export const NO_RESOURCES: Resources = { hostResidentBytes: null, engineResidentBytes: null, cpuCores: null }

const INTERVAL_MS = 5_000

/** Samples memory and processor time of this process and its engine, as the operating system counts them. */
export function watchResources(
  clock: Clock,
  engine: () => EngineClient | null,
  onSample: (resources: Resources) => void,
): Disposer {
  let last: { atMs: number; cpuMs: number } | null = null
  const sample = async () => {
    // An engine that does not answer has no numbers; its absence is shown elsewhere.
    const stats = await engine()
      ?.stats()
      .catch(() => null)
    const { user, system } = process.cpuUsage()
    const cpuMs = (user + system) / 1000 + (stats ? stats.cpuUserMs + stats.cpuSystemMs : 0)
    const atMs = clock.monotonicMs()
    const cores = last && atMs > last.atMs ? (cpuMs - last.cpuMs) / (atMs - last.atMs) : null
    last = { atMs, cpuMs }
    onSample({
      hostResidentBytes: process.memoryUsage.rss(),
      engineResidentBytes: stats?.residentBytes ?? null,
      // After an engine restarted its counter began at zero; that sample says nothing.
      cpuCores: cores !== null && cores >= 0 ? cores : null,
    })
  }
  void sample()
  return clock.every(INTERVAL_MS, () => void sample())
}
