import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Announcement } from '../announce/announcement'
import type { Announcer } from '../announce/announcer'
import type { EventLog } from '../storage/event-log'
import type { DoppelgangerGuard } from './doppelganger'
import { type Announced, canBeTakenBack, farewellOf, isSameSpan, type LeavingJournal } from './leaving'

const GUARD_TIMEOUT_MS = 8_000
/** Most starts get the blocks of before within this time, and then there is nothing to take back. */
const PATIENCE_MS = 30_000

/** What an earlier run said and had no time to take back. */
export interface Leftover {
  /** Connected: it is taken back, unless it is said again soon. */
  finish(): Promise<void>
  /** This is said from now on. */
  saying(what: Announcement): void
  isThere(): boolean
  /** Forgets it; never rejects. */
  clear(): Promise<void>
}

export function createLeftover(options: {
  announcer: Pick<Announcer, 'refresh' | 'takeBack'>
  guard: Pick<DoppelgangerGuard, 'mayAnnounce'>
  journal: LeavingJournal
  clock: Clock
  log: EventLog
  /** What is said now. */
  said: () => Announcement | null
  /** Nothing is said any more, nor taken back. */
  isSilent: () => boolean
  /** Aborts when the node stops. */
  signal: AbortSignal
}): Leftover {
  const { announcer, guard, journal, clock, log, said, isSilent, signal } = options
  let left: Announced | null = null

  /** Not before it is sure that no living copy of this node stands behind those records. */
  async function takeBack(old: Announced): Promise<boolean> {
    for (let isFirst = true; ; isFirst = false) {
      const now = said()
      if (isSilent() || signal.aborted || (now && isSameSpan(old, now))) return false
      try {
        await guard.mayAnnounce(AbortSignal.timeout(GUARD_TIMEOUT_MS))
        const isTakenBack = await announcer.takeBack(farewellOf(old))
        // Blocks of both spans were said before it, and are to be said after it.
        if (!isFirst && said()) announcer.refresh()
        return isTakenBack
      } catch (error) {
        log.write('debug', 'announced.take-back.waits', messageOf(error))
        await clock.sleep(PATIENCE_MS, signal).catch(() => undefined)
      }
    }
  }

  async function clear(): Promise<void> {
    await journal.clear().catch((error: unknown) => journalFailed(log, error))
  }

  return {
    clear,
    isThere: () => left !== null,
    saying(what) {
      const old = left
      left = null
      // The same blocks are overwritten; others would be believed until they expire (O-10, M-43).
      if (old && !isSameSpan(old, what)) void takeBack(old)
    },
    async finish() {
      const found = await journal.load().catch((error: unknown) => journalFailed(log, error))
      if (!found || said() || isSilent()) return
      if (!canBeTakenBack(found)) {
        log.write('warn', 'announced.dropped', `no records can stand under “${found.model.dhtPrefix.slice(0, 80)}”`)
        await clear()
        return
      }
      left = found
      await clock.sleep(PATIENCE_MS, signal).catch(() => undefined)
      if (left !== found || isSilent() || signal.aborted) return
      left = null
      log.write('info', 'announced.take-back', 'the records of the last run are taken back now')
      if ((await takeBack(found)) && !said()) await clear()
    },
  }
}

/** Without the journal the node announces all the same; only a kill would leave its records to age out. */
export function journalFailed(log: EventLog, error: unknown): void {
  log.write('warn', 'announced.save.failed', messageOf(error))
}
