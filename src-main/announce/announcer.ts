import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, reportOf } from '../../src-shared/errors'
import { MODELS_KEY, type ServerInfo } from '../hivemind/server-info'
import { modelKey } from '../kademlia/keys'
import type { RecordForm } from '../network/profiles'
import type { EventLog } from '../storage/event-log'
import { type Announcement, announcedKeys } from './announcement'
import type { RecordWriter, WriteReport } from './record-writer'

export interface RoundReport extends WriteReport {
  form: RecordForm
  at: number
  state: ServerInfo['state']
  error: ErrorReport | null
  /** When the next round is due, ms since the epoch. */
  nextAt: number
}

const RETRY_SHARE = 0.1
const JITTER = 0.1

export interface Announcer {
  /** Says this from now on, at once and then every interval. Resolves with the first round's report of each form. */
  announce(what: Announcement): Promise<RoundReport[]>
  /** Writes OFFLINE records that outlive every earlier one, and says nothing more. Never rejects. */
  leave(): Promise<void>
  stop(): void
}

/** Keeps our records alive in every form that the network reads, each with its own interval. */
export function createAnnouncer(options: {
  forms: readonly { writer: RecordWriter; intervalMs: number }[]
  clock: Clock
  log: EventLog
  random?: () => number
  onRound(report: RoundReport): void
}): Announcer {
  const { clock, log, forms } = options
  const random = options.random ?? Math.random
  const timers = new Map<RecordForm, Disposer>()
  let current: Announcement | null = null
  let stopped = false

  async function round(writer: RecordWriter, what: Announcement): Promise<RoundReport> {
    const info = what.info()
    const report: RoundReport = {
      form: writer.form,
      at: clock.now(),
      state: info.state,
      acknowledged: 0,
      total: 0,
      ackedBy: [],
      readBack: null,
      error: null,
      nextAt: 0,
    }
    try {
      await writer.write(what, info, report, AbortSignal.timeout(writer.roundTimeoutMs))
    } catch (error) {
      report.error = reportOf(error)
    }
    // When it was read back, not when it was begun: a round may take as long as many small calls take.
    report.at = clock.now()
    return report
  }

  async function roundAndSchedule(form: (typeof forms)[number], what: Announcement): Promise<RoundReport> {
    const { writer, intervalMs } = form
    timers.get(writer.form)?.()
    logStart(writer.form, what)
    const report = await round(writer, what)
    if (stopped || what !== current) return report
    const delayMs = intervalMs * (report.error ? RETRY_SHARE : 1 - JITTER * random())
    report.nextAt = clock.now() + delayMs
    timers.set(
      writer.form,
      clock.after(delayMs, () => {
        if (current) void roundAndSchedule(form, current)
      }),
    )
    logRound(report, what)
    options.onRound(report)
    return report
  }

  function logStart(form: RecordForm, what: Announcement): void {
    const { state } = what.info()
    log.write('debug', 'announce.started', `announcing as ${state}, ${form} form`, { form, state })
  }

  function logRound(report: RoundReport, what: Announcement): void {
    const { form, state, acknowledged, total, readBack: back, error } = report
    const keys = announcedKeys(what)
    if (error) log.write('warn', 'announce.failed', error.cause, { ...report })
    else
      log.write('info', 'announce.done', `announced ${acknowledged}/${total}, read back from ${back?.by}`, {
        form,
        state,
        acks: report.ackedBy.length,
        readback: back?.by,
        acknowledged,
        firstKey: keys[0],
        lastKey: keys.at(-1),
        modelKey: modelKeyOf(form, what.model.dhtPrefix),
      })
  }

  function silence(): void {
    current = null
    for (const cancel of timers.values()) cancel()
    timers.clear()
  }

  return {
    announce(what) {
      current = what
      return Promise.all(forms.map((form) => roundAndSchedule(form, what)))
    },
    async leave() {
      const last = current
      silence()
      if (!last) return
      const farewell: Announcement = { ...last, info: () => ({ ...last.info(), state: 'offline', nextPings: null }) }
      const reports = await Promise.all(forms.map(({ writer }) => round(writer, farewell)))
      for (const report of reports) logRound(report, farewell)
    },
    stop() {
      stopped = true
      silence()
    },
  }
}

/** Where the model itself is announced: hivemind has one key with an entry for each model. */
function modelKeyOf(form: RecordForm, dhtPrefix: string): string {
  return form === 'kademlia' ? modelKey(dhtPrefix) : `${MODELS_KEY} (${dhtPrefix})`
}
