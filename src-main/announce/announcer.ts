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
  /** Of the model that this set of keys belongs to. */
  dhtPrefix: string
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
/** A set that is due within this share of the interval goes along, so that sets do not drift into rounds of their own. */
const ALONG_SHARE = 0.5

export interface Announcer {
  /**
   * Says this from now on, one set of keys a model, as soon as the governor lets it and then every interval; one round
   * writes every set. A model that was said before and is no longer among them gets OFFLINE records, and the others go
   * on. Resolves with the reports of each form's first round; forms that have to wait are missing.
   */
  announce(...sets: readonly [Announcement, ...Announcement[]]): Promise<RoundReport[]>
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

export interface AnnouncedForm {
  writer: RecordWriter
  intervalMs: number
  /** JOINING is said only when it has been so for this long; absent: at once. What was said before is corrected at once. */
  joiningAfterMs?: number
}

/** Keeps our records alive in every form that the network reads, each with its own interval. */
export function createAnnouncer(options: {
  forms: readonly AnnouncedForm[]
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
  /** Once for each set of a round. */
  onRound(report: RoundReport): void
}): Announcer {
  const { clock, log, forms, governor } = options
  const random = options.random ?? Math.random
  const timers = new Map<RecordForm, Disposer>()
  /** What is said now; the first is the one that speaks for the node where only one can. */
  let current: readonly Announcement[] = []
  let currentSinceMs = 0
  let stopped = false
  /** What readers may have of us, by form and model. */
  const said = new Map(forms.map(({ writer }) => [writer.form, new Map<string, Announcement>()]))
  /** The last round of each form, over or not. */
  const underWay = new Map<RecordForm, { sets: readonly Announcement[]; ending: AbortController }>()
  /** When each set is written next, by form, on the clock that nobody sets (D-T05). */
  const due = new Map(forms.map(({ writer }) => [writer.form, new Map<Announcement, number>()]))

  async function write(
    writer: RecordWriter,
    what: Announcement,
    options: {
      timeoutMs: number
      speaksForNode: boolean
      prepare?: (signal: AbortSignal) => Promise<void>
      ending?: AbortSignal
    },
  ): Promise<RoundReport> {
    const info = what.info()
    const report: RoundReport = {
      form: writer.form,
      dhtPrefix: what.model.dhtPrefix,
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
      const timeout = AbortSignal.timeout(options.timeoutMs)
      // Not cut short: that this run lives is to be known whatever it says.
      await options.prepare?.(timeout)
      const signal = options.ending ? AbortSignal.any([timeout, options.ending]) : timeout
      await writer.write(what, info, report, { signal, speaksForNode: options.speaksForNode })
    } catch (error) {
      report.error = reportOf(error)
    }
    // When it was read back, not when it was begun: a round may take as long as many small calls take.
    report.at = clock.now()
    return report
  }

  /** Writes those of `sets` that are due, one after the other: together they would be as many calls at once. */
  async function round(
    { writer }: (typeof forms)[number],
    sets: readonly Announcement[],
    dueSets: readonly Announcement[],
    ending: AbortSignal,
  ): Promise<RoundReport[]> {
    let isCharged = false
    const reports: RoundReport[] = []
    for (const what of dueSets) {
      const { dhtPrefix } = what.model
      const ofForm = said.get(writer.form)
      const prepare = async (signal: AbortSignal) => {
        const mayAnnounce = options.mayAnnounce?.(signal)
        // Who speaks already goes on meanwhile: the answer is no part of the round, and must not make it late.
        // Whoever has found our double tells of it in its own way, and this announcer is stopped.
        if (ofForm?.size) mayAnnounce?.catch((error: unknown) => log.write('debug', 'announce.doubt', messageOf(error)))
        else await mayAnnounce
        if (!ofForm?.has(dhtPrefix)) await options.onSaying?.(what)
        // Another leave or another announcement may have come meanwhile.
        if (stopped || sets !== current) throw new EspalierError('CANCELLED', 'something else is said now')
        ofForm?.set(dhtPrefix, what)
        if (!isCharged) await governor?.charge(writer.form, 'round')
        isCharged = true
      }
      logStart(writer.form, what)
      const speaksForNode = what === sets[0]
      reports.push(await write(writer, what, { timeoutMs: writer.roundTimeoutMs, speaksForNode, prepare, ending }))
      if (stopped || sets !== current) break
    }
    return reports
  }

  async function roundAndSchedule(form: (typeof forms)[number], sets: readonly Announcement[]): Promise<RoundReport[]> {
    const { writer, intervalMs } = form
    timers.get(writer.form)?.()
    const waitMs = governor?.waitMs(writer.form, intervalMs) ?? 0
    if (waitMs > 0) {
      schedule(form, waitMs)
      options.onHeldBack?.(writer.form, clock.now() + waitMs)
      return []
    }
    const sinceMs = clock.monotonicMs() - currentSinceMs
    const laterMs = isMerelyJoining(writer.form, sets) ? (form.joiningAfterMs ?? 0) - sinceMs : 0
    if (laterMs > 0) {
      schedule(form, laterMs)
      return []
    }
    const dueAt = due.get(writer.form) ?? new Map<Announcement, number>()
    const latest = clock.monotonicMs() + intervalMs * ALONG_SHARE
    const dueSets = sets.filter((what) => (dueAt.get(what) ?? 0) <= latest)
    const reports = await round(form, sets, dueSets, endingOf(writer.form, sets))
    if (stopped || sets !== current) return reports
    const wellMs = intervalMs * (1 - JITTER * random())
    const leastMs = governor?.waitMs(writer.form, intervalMs) ?? 0
    for (const [i, report] of reports.entries()) {
      const what = dueSets[i]
      const delayMs = Math.max(report.error ? intervalMs * RETRY_SHARE : wellMs, leastMs)
      report.nextAt = clock.now() + delayMs
      if (what) dueAt.set(what, clock.monotonicMs() + delayMs)
    }
    schedule(form, Math.min(...sets.map((what) => dueAt.get(what) ?? 0)) - clock.monotonicMs())
    for (const [i, report] of reports.entries()) {
      const what = dueSets[i]
      if (what) logRound(report, what)
      options.onRound(report)
    }
    return reports
  }

  /** Nobody knows of us yet, and there is nothing yet to be used. */
  function isMerelyJoining(form: RecordForm, sets: readonly Announcement[]): boolean {
    return saidIn(form).length === 0 && sets.every((what) => what.info().state === 'joining')
  }

  /** What said something else is of no use any more, and would only be in the way. */
  function endingOf(form: RecordForm, sets: readonly Announcement[]): AbortSignal {
    const before = underWay.get(form)
    if (before && before.sets !== sets)
      before.ending.abort(new EspalierError('CANCELLED', 'something else is said now'))
    // One for each round: signals that are made of one that stays would stay with it.
    const ending = new AbortController()
    underWay.set(form, { sets, ending })
    return ending.signal
  }

  function schedule(form: (typeof forms)[number], delayMs: number): void {
    timers.get(form.writer.form)?.()
    timers.set(
      form.writer.form,
      clock.after(delayMs, () => {
        if (current.length > 0) void roundAndSchedule(form, current)
      }),
    )
  }

  function logStart(form: RecordForm, what: Announcement): void {
    const { state } = what.info()
    log.write('debug', 'announce.started', `announcing as ${state}, ${form} form`, { form, state })
  }

  function logRound(report: RoundReport, what: Announcement): void {
    const { form, state, acknowledged, total, readBack: back, error } = report
    if (error) log.write('warn', 'announce.failed', error.cause, { ...report })
    else {
      // Only what was written surely has keys.
      const keys = announcedKeys(what)
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
  }

  function silence(): void {
    current = []
    for (const cancel of timers.values()) cancel()
    timers.clear()
  }

  function allDue(): void {
    for (const ofForm of due.values()) ofForm.clear()
  }

  /** OFFLINE records in every form; who is first of a form's list speaks for the node, unless others stay. */
  async function farewells(
    lastOf: (form: RecordForm) => readonly Announcement[],
    { othersStay = false } = {},
  ): Promise<boolean> {
    const written = await Promise.all(
      forms.flatMap(({ writer }) =>
        lastOf(writer.form).map(async (last, i) => {
          const farewell = { ...last, info: () => ({ ...last.info(), state: 'offline' as const, nextPings: null }) }
          const report = await write(writer, farewell, {
            timeoutMs: Math.min(LEAVE_TIMEOUT_MS, writer.roundTimeoutMs),
            speaksForNode: i === 0 && !othersStay,
            prepare: async () => governor?.charge(writer.form, 'farewell'),
          })
          const ofForm = said.get(writer.form)
          if (report.error === null && ofForm?.get(last.model.dhtPrefix) === last) ofForm.delete(last.model.dhtPrefix)
          return { report, farewell }
        }),
      ),
    )
    for (const { report, farewell } of written) logRound(report, farewell)
    return written.every(({ report }) => report.error === null)
  }

  const saidIn = (form: RecordForm) => [...(said.get(form)?.values() ?? [])]

  return {
    async announce(...sets) {
      current = sets
      currentSinceMs = clock.monotonicMs()
      allDue()
      const stays = ({ model }: Announcement) => sets.some((set) => set.model.dhtPrefix === model.dhtPrefix)
      const [reports] = await Promise.all([
        Promise.all(forms.map((form) => roundAndSchedule(form, sets))),
        farewells((form) => saidIn(form).filter((what) => !stays(what)), { othersStay: true }),
      ])
      return reports.flat()
    },
    async leave() {
      silence()
      const last = new Map(forms.map(({ writer }) => [writer.form, saidIn(writer.form)]))
      for (const ofForm of said.values()) ofForm.clear()
      return farewells((form) => last.get(form) ?? [])
    },
    takeBack: (farewell) => farewells(() => [farewell]),
    refresh() {
      allDue()
      const sets = current
      if (sets.length > 0) for (const form of forms) void roundAndSchedule(form, sets)
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
