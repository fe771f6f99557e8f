import * as z from 'zod'
import { isBlockRange } from '../../src-shared/blocks'
import type { Announcement } from '../announce/announcement'
import { isDhtPrefix, NO_DETAILS } from '../hivemind/server-info'
import { GGUF_LIMITS } from '../shards/gguf-parse'
import { jsonFile } from '../storage/atomic-file'

const count = z.int().min(0)

/** What others may still read about us. It stands on disk from before the first record until the last was taken back. */
export const AnnouncedSchema = z.object({
  model: z.object({
    dhtPrefix: z.string().max(200),
    blockCount: z.int().min(1),
    repository: z.string().max(500).nullable(),
  }),
  range: z.object({ start: count, end: count }),
  publicName: z.string().max(200).nullable(),
  version: z.string().max(100).nullable(),
})
export type Announced = z.output<typeof AnnouncedSchema>

export interface LeavingJournal {
  load(): Promise<Announced | null>
  note(what: Announcement): Promise<void>
  clear(): Promise<void>
}

/** So that a node which had no time to take leave does so at its next start (M-29, O-17). */
export function createLeavingJournal(path: string): LeavingJournal {
  const file = jsonFile(path, AnnouncedSchema)
  return {
    load: () => file.load(),
    note(what) {
      const { publicName, version } = what.info()
      return file.save({ model: what.model, range: what.range, publicName, version })
    },
    clear: () => file.remove(),
  }
}

/** The farewell of an earlier run, from what its journal says. */
export function farewellOf({ model, range, publicName, version }: Announced): Announcement {
  return {
    model,
    range,
    info: () => ({
      state: 'offline',
      throughput: 0,
      startBlock: range.start,
      endBlock: range.end,
      publicName,
      version,
      ...NO_DETAILS,
    }),
  }
}

/** Whether records can stand under these keys at all; what never could is nothing to take back. */
export function canBeTakenBack({ model, range }: Announced): boolean {
  return isDhtPrefix(model.dhtPrefix) && model.blockCount <= GGUF_LIMITS.blocks && isBlockRange(range, model.blockCount)
}

export function isSameSpan(a: Pick<Announced, 'model' | 'range'>, b: Pick<Announced, 'model' | 'range'>): boolean {
  return a.model.dhtPrefix === b.model.dhtPrefix && a.range.start === b.range.start && a.range.end === b.range.end
}
