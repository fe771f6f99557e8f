import * as z from 'zod/mini'
import { type Clock, type Disposer, lastDays } from '../../../src-shared/clock'
import { DAYS_SHOWN, type DayGiven, DayGivenSchema, type WeekGiven } from '../../../src-shared/contribution'
import { messageOf } from '../../../src-shared/errors'
import type { NodeStatus } from '../../../src-shared/status'
import { jsonFile } from '../../storage/atomic-file'
import type { EventLog } from '../../storage/event-log'
import { type Counted, givenBetween, MAX_DAYS, withGiven } from './day-book'

const LOOK_MS = 60_000
/** A computer that loses its power loses at most so much of the count. */
const SAVE_MS = 5 * 60_000

const FileSchema = z.object({ days: z.array(DayGivenSchema).check(z.maxLength(2 * MAX_DAYS)) })

export interface ContributionOptions {
  clock: Clock
  /** In the data directory; a damaged one is set aside, and counting begins anew. */
  file: string
  log: Pick<EventLog, 'write'>
  node: { status(): NodeStatus; onStatus(listener: (status: NodeStatus) => void): Disposer }
}

export interface Contribution {
  week(): WeekGiven
  /** Counts and writes what came since. Never rejects: why it could not be kept is in the log. */
  close(): Promise<void>
}

/** What this computer gives, day by day and over restarts. A demo is for show, and is not counted. */
export async function keepContribution({ clock, file, log, node }: ContributionOptions): Promise<Contribution> {
  const kept = jsonFile(file, FileSchema)
  const trouble = (error: unknown) => log.write('warn', 'contribution.save.failed', messageOf(error))
  let days: readonly DayGiven[] = []
  try {
    days = (await kept.load())?.days ?? []
  } catch (error) {
    trouble(error)
  }
  let saved = days
  let before: Counted | null = null
  let lookedAtMs = clock.monotonicMs()

  function look(status: NodeStatus): void {
    const nowMs = clock.monotonicMs()
    const now = status.watermark === null ? status.contribution : null
    if (now) {
      const [today = ''] = lastDays(clock.now(), 1)
      days = withGiven(days, today, givenBetween(before, now, nowMs - lookedAtMs))
    }
    before = now
    lookedAtMs = nowMs
  }
  async function save(): Promise<void> {
    if (days === saved) return
    const now = days
    try {
      await kept.save({ days: [...now] })
      saved = now
    } catch (error) {
      trouble(error)
    }
  }

  look(node.status())
  const disposers = [
    node.onStatus(look),
    clock.every(LOOK_MS, () => look(node.status())),
    clock.every(SAVE_MS, () => void save()),
  ]
  return {
    week() {
      look(node.status())
      const shown = lastDays(clock.now(), DAYS_SHOWN)
      const none = (day: string): DayGiven => ({ day, tokens: 0, requests: 0, runningMs: 0 })
      return {
        days: shown.map((day) => days.find((one) => one.day === day) ?? none(day)),
        firstDay: days[0]?.day ?? null,
      }
    },
    async close() {
      for (const dispose of disposers) dispose()
      look(node.status())
      await save()
    },
  }
}
