import type { Clock, Disposer } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { EngineClient } from '../engine/engine'
import type { TrafficFigures } from '../network/traffic'

export type Resources = NodeStatus['resources']

export const NO_RESOURCES: Resources = { hostResidentBytes: null, engineResidentBytes: null, cpuCores: null }

const INTERVAL_MS = 5_000

export interface ResourceSources {
  engine: () => EngineClient | null
  /** Bytes over connections to peers so far. */
  traffic: () => TrafficFigures
  /** What of a sample is above the operator's limits. */
  overCaps: (sample: Resources) => NonNullable<Resources['over']>
}

/** Samples memory and processor time of this process and its engine, as the operating system counts them. */
export function watchResources(
  clock: Clock,
  { engine, traffic, overCaps }: ResourceSources,
  onSample: (resources: Resources) => void,
): Disposer {
  let last: { atMs: number; cpuMs: number; traffic: TrafficFigures } | null = null
  const sample = async () => {
    // An engine that does not answer has no numbers; its absence is shown elsewhere.
    const stats = await engine()
      ?.stats()
      .catch(() => null)
    const { user, system } = process.cpuUsage()
    const cpuMs = (user + system) / 1000 + (stats ? stats.cpuUserMs + stats.cpuSystemMs : 0)
    const atMs = clock.monotonicMs()
    const bytes = traffic()
    const since = last && atMs > last.atMs ? { ...last, ms: atMs - last.atMs } : null
    last = { atMs, cpuMs, traffic: bytes }
    const cores = since ? (cpuMs - since.cpuMs) / since.ms : null
    const perSecond = (side: keyof TrafficFigures) =>
      since ? ((bytes[side] - since.traffic[side]) / since.ms) * 1000 : null
    const resources: Resources = {
      hostResidentBytes: process.memoryUsage.rss(),
      engineResidentBytes: stats?.residentBytes ?? null,
      // After an engine restarted its counter began at zero; that sample says nothing.
      cpuCores: cores !== null && cores >= 0 ? cores : null,
      network: { ...bytes, receivedPerS: perSecond('receivedBytes'), sentPerS: perSecond('sentBytes') },
      ...(stats?.cards ? { cards: stats.cards } : {}),
    }
    const over = overCaps(resources)
    onSample(over.length > 0 ? { ...resources, over } : resources)
  }
  void sample()
  return clock.every(INTERVAL_MS, () => void sample())
}
