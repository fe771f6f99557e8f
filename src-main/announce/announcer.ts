import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { MODELS_KEY, type ServerInfo } from '../hivemind/server-info'
import { modelKey } from '../kademlia/keys'
import type { RecordForm } from '../network/profiles'
import type { EventLog } from '../storage/event-log'
import { type Announcement, announcedKeys } from './announcement'
import type { Governor } from './governor'
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
/** The app has ten seconds to end (M-29); what is not written by then, the next start writes. */
const LEAVE_TIMEOUT_MS = 8_000
const JITTER = 0.1

export interface Announcer {
  /**
   * Says this from now on, as soon as the governor lets it and then every interval. Resolves with the report of each
   * form's first round; forms that have to wait are missing.
   */
  announce(what: Announcement): Promise<RoundReport[]>
  /**
   * Writes OFFLINE records that outlive every earlier one, and says nothing more. True when every form has them, also
   * where nothing had been said. Never rejects.
   */
  leave(): Promise<boolean>
  /** Writes OFFLINE records for what an earlier run said. True when every form has them. Never rejects. */
  takeBack(farewell: Announcement): Promise<boolean>
  /** The next round comes now, as far as the governor allows: what others know of us may be old. */
  refresh(): void
  stop(): void
}

/** Keeps our records alive in every form that the network reads, each with its own interval. */
export function createAnnouncer(options: {
  forms: readonly { writer: RecordWriter; intervalMs: number }[]
  clock: Clock
  log: EventLog
  random?: () => number
  /** Absent in networks that exist on this computer only. */
  governor?: Governor | undefined
  /** Before each round. What it throws before the first is the round's error, and nothing is written. */
  mayAnnounce?: (signal: AbortSignal) => Promise<void>
  /** A round has to wait for the governor until then. */
  onHeldBack?: (form: RecordForm, until: number) => void
  /** Before the first round of something new: from now on there is something to take back. */
  onSaying?: (what: Announcement) => Promise<void>
  onRound(report: RoundReport): void
}): Announcer {
  const { clock, log, forms, governor } = options
  const random = options.random ?? Math.random
  const timers = new Map<RecordForm, Disposer>()
  let current: Announcement | null = null
  let stopped = false
  /** What readers may have of us, by form. */
  const said = new Map<RecordForm, Announcement>()

  async function round(writer: RecordWriter, what: Announcement, timeoutMs: number): Promise<RoundReport> {
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
      const signal = AbortSignal.timeout(timeoutMs)
      if (info.state !== 'offline') {
        const mayAnnounce = options.mayAnnounce?.(signal)
        // Who speaks already goes on meanwhile: the answer is no part of the round, and must not make it late.
        // Whoever has found our double tells of it in its own way, and this announcer is stopped.
        if (said.has(writer.form))
          mayAnnounce?.catch((error: unknown) => log.write('debug', 'announce.doubt', messageOf(error)))
        else await mayAnnounce
        if (!said.has(writer.form)) await options.onSaying?.(what)
        // Another leave or another announcement may have come meanwhile.
        if (stopped || what !== current) throw new EspalierError('CANCELLED', 'something else is said now')
        said.set(writer.form, what)
      }
      await governor?.charge(writer.form, info.state === 'offline' ? 'farewell' : 'round')
      await writer.write(what, info, report, signal)
    } catch (error) {
      report.error = reportOf(error)
    }
    // When it was read back, not when it was begun: a round may take as long as many small calls take.
    report.at = clock.now()
    return report
  }

  async function roundAndSchedule(form: (typeof forms)[number], what: Announcement): Promise<RoundReport[]> {
    const { writer, intervalMs } = form
    timers.get(writer.form)?.()
    const waitMs = governor?.waitMs(writer.form, intervalMs) ?? 0
    if (waitMs > 0) {
      schedule(form, waitMs)
      options.onHeldBack?.(writer.form, clock.now() + waitMs)
      return []
    }
    logStart(writer.form, what)
    const report = await round(writer, what, writer.roundTimeoutMs)
    if (stopped || what !== current) return [report]
    const wishedMs = intervalMs * (report.error ? RETRY_SHARE : 1 - JITTER * random())
    const delayMs = Math.max(wishedMs, governor?.waitMs(writer.form, intervalMs) ?? 0)
    report.nextAt = clock.now() + delayMs
    schedule(form, delayMs)
    logRound(report, what)
    options.onRound(report)
    return [report]
  }

  function schedule(form: (typeof forms)[number], delayMs: number): void {
    timers.get(form.writer.form)?.()
    timers.set(
      form.writer.form,
      clock.after(delayMs, () => {
        if (current) void roundAndSchedule(form, current)
      }),
    )
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

  async function farewells(lastOf: (form: RecordForm) => Announcement | undefined): Promise<boolean> {
    const reports = await Promise.all(
      forms.flatMap(({ writer }) => {
        const last = lastOf(writer.form)
        if (!last) return []
        const info = () => ({ ...last.info(), state: 'offline' as const, nextPings: null })
        const farewell = { ...last, info }
        const timeoutMs = Math.min(LEAVE_TIMEOUT_MS, writer.roundTimeoutMs)
        return round(writer, farewell, timeoutMs).then((report) => ({ report, farewell }))
      }),
    )
    for (const { report, farewell } of reports) logRound(report, farewell)
    return reports.every(({ report }) => report.error === null)
  }

  return {
    async announce(what) {
      current = what
      return (await Promise.all(forms.map((form) => roundAndSchedule(form, what)))).flat()
    },
    async leave() {
      silence()
      const last = new Map(said)
      said.clear()
      return farewells((form) => last.get(form))
    },
    takeBack: (farewell) => farewells(() => farewell),
    refresh() {
      const what = current
      if (what) for (const form of forms) void roundAndSchedule(form, what)
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
