import * as z from 'zod'
import type { LoadReport, StartReport } from '../engine/protocol'
import { jsonFile } from '../storage/atomic-file'
import type { ShardTarget } from './load-ladder'
import type { MeasuredThroughput } from './measure-throughput'

const MAX_ENTRIES = 32

const rate = z.number().positive()
const BookSchema = z.array(
  z.object({
    key: z.string().max(2000),
    throughput: z.object({
      inferenceRps: rate,
      forwardRps: rate,
      requestsPerSecond: rate,
      measuredAt: z.number(),
      device: z.string().max(200),
    }),
  }),
)

/** What was measured once, on disk. It is only ever believed as long as a probe is as fast as it was then. */
export interface ThroughputBook {
  get(key: string): Promise<MeasuredThroughput | null>
  set(key: string, throughput: MeasuredThroughput): Promise<void>
}

export function createThroughputBook(path: string): ThroughputBook {
  const file = jsonFile(path, BookSchema)
  const load = async () => (await file.load()) ?? []
  return {
    async get(key) {
      return (await load()).find((entry) => entry.key === key)?.throughput ?? null
    },
    async set(key, throughput) {
      const others = (await load()).filter((entry) => entry.key !== key)
      await file.save([...others, { key, throughput }].slice(-MAX_ENTRIES))
    },
  }
}

/**
 * All that a speed depends on and that does not change by itself: the model's bytes, and with them its quantization, the
 * blocks, the devices as their drivers name them, their drivers, llama.cpp's build for them, and the threads.
 */
export function throughputKey(
  { manifest, range }: ShardTarget,
  { devices: used }: Pick<LoadReport, 'devices'>,
  { release, libraryDirectory, devices, driver }: StartReport,
  threads: number,
): string {
  const cards = devices.filter(({ name }) => used.includes(name))
  const names = cards.map(({ name, description }) => [name, description])
  // The processor's speed does not change with a graphics driver.
  const drivers = cards.some(({ kind }) => kind !== 'cpu') ? driver : undefined
  return JSON.stringify([manifest.root, range.start, range.end, names, release, libraryDirectory, threads, drivers])
}
