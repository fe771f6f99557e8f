import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'

/** Counts starts that came to no orderly end, so that a node which takes the app with it is not started for ever. */
export interface StartGuard {
  /** How many starts before this one, without a good one between, ended by themselves soon after. */
  readonly failedStarts: number
  /** So many that the node should not be started by itself. */
  readonly isLooping: boolean
  /** This run ends because somebody wants it to. */
  ended(): Promise<void>
}

const StartsSchema = z.object({ unfinished: z.int().min(0).max(1_000_000) })
const TOO_MANY = 3
/** Whatever happens later is no crash at the start: a power cut, or somebody who ended it by force. */
const STEADY_MS = 5 * 60_000

/** Counts this start at once. A disk that cannot keep the count guards nothing, and says so in the log. */
export async function openStartGuard(path: string, clock: Clock, log: EventLog['write']): Promise<StartGuard> {
  const file = jsonFile(path, StartsSchema)
  const save = (unfinished: number) =>
    file.save({ unfinished }).catch((error: unknown) => log('warn', 'shell.starts.failed', messageOf(error)))
  const found = await file.load().catch((error: unknown) => {
    log('warn', 'shell.starts.failed', messageOf(error))
    return null
  })
  const failedStarts = found?.unfinished ?? 0
  await save(failedStarts + 1)
  const cancel = clock.after(STEADY_MS, () => void save(0))
  return {
    failedStarts,
    isLooping: failedStarts >= TOO_MANY,
    async ended() {
      cancel()
      await save(0)
    },
  }
}
