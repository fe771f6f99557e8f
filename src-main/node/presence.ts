import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { Evidence, OthersSee } from '../../src-shared/status'
import { type Announcement, announcedKeys } from '../announce/announcement'
import { createAnnouncer, type RoundReport } from '../announce/announcer'
import type { Governor } from '../announce/governor'
import { createHivemindWriter } from '../announce/hivemind-writer'
import { jitterOf } from '../announce/jitter'
import { createKademliaWriter } from '../announce/kademlia-writer'
import type { HivemindDht } from '../hivemind/dht'
import { describe as describeServer, type ExpertDescription } from '../kademlia/expert-info'
import type { KademliaRecords } from '../kademlia/records'
import type { Host } from '../network/host'
import { type RecordForm, timingsOf } from '../network/profiles'
import { isRelayed } from '../network/relay-place'
import type { VisibilityVerdict } from '../observe/visibility'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { DoppelgangerGuard } from './doppelganger'
import type { BootstrapBook } from './join-network'
import { type Announced, canBeTakenBack, farewellOf, isSameSpan, type LeavingJournal } from './leaving'
import type { ShardTarget } from './load-ladder'
import type { NodeRooms } from './rooms'
import { createSayOnce } from './say-once'
import { serverInfoFor } from './server-info-for'
import type { LoadedShard } from './shard-loader'
import type { Steps } from './steps'
import { createVisibilityLoop } from './visibility-loop'

/** An app has ten seconds to end. */
const LEAVE_TIMEOUT_MS = 8_000
/** Most starts get the blocks of before within this time, and then there is nothing to take back. */
const LEFTOVER_PATIENCE_MS = 30_000

export interface Presence {
  /** Says that these blocks are on their way here. */
  joining(target: ShardTarget): void
  /** Says that they are served, and then has others look. */
  online(shard: LoadedShard): void
  /** Served no longer, for now: back to joining, and nobody is asked to look. */
  lost(target: ShardTarget | null): void
  /** OFFLINE records for what was said; resolves when they are written or could not be. */
  withdraw(): Promise<void>
  /** Connected: what an earlier run had no time to take back is taken back, unless it is said again soon. */
  finishLeaving(): Promise<void>
  /** Says nothing more, and does not take leave either: what stands there is another's now. */
  silence(): void
  /** The computer is about to sleep: OFFLINE, while there is time. The next `refresh` says again what was said. */
  sleep(): Promise<void>
  /** Everything known about being seen may be old: says so at once. */
  stale(blocker: ErrorReport): void
  /** As `stale`; announces again and has others look. */
  refresh(blocker: ErrorReport): void
  /** Somebody else ran tokens through our blocks. */
  servedFor(peer: string): void
  keysOf(target: ShardTarget): string[]
  /** What is said about us in the Kademlia form; null for a block that is not served here. */
  describe(uid: string): ExpertDescription | null
}

/** What we say about ourselves, and what others say about us: the steps *announce*, *visible* and *serve*. */
export function createPresence(options: {
  host: Host
  dht: HivemindDht
  records: KademliaRecords
  book: BootstrapBook
  config: NodeConfig
  rooms: NodeRooms
  steps: Steps
  clock: Clock
  log: EventLog
  governor: Governor | undefined
  guard: DoppelgangerGuard
  journal: LeavingJournal
  cacheTokensLeft: () => number
  /** Aborts when the node stops. */
  signal: AbortSignal
  /** What is proven now; verdicts about anything else are of no interest any more. */
  shard: () => LoadedShard | null
  /** Ids of other servers, as records name them. */
  servers: () => readonly string[]
  onRound(): void
  onOthersSee(othersSee: OthersSee): void
  /** Whether strangers reached us without a relay. */
  onDialled(isDialable: boolean | null): void
  /** What the network's map has against us. */
  mapDoubt: () => string | null
}): Presence {
  const { host, dht, book, config, rooms, steps, clock, log, guard, journal } = options
  const bootstraps = () => book.peers().map(({ peerId }) => peerId)
  const doubts = createSayOnce(log)
  let lastServed: Evidence | null = null

  const { profile } = config
  const announcerClock = rooms.announcerClock(clock)
  const common = { self: host.peerId, profile, clock: announcerClock }
  const writerOf = (form: RecordForm) =>
    form === 'hivemind'
      ? createHivemindWriter({ ...common, dht: rooms.announcerDht(dht), bootstraps })
      : createKademliaWriter({
          ...common,
          isDhtClient: () => dht.mode === 'client',
          records: rooms.announcerRecords(options.records),
          random: Math.random,
        })
  const announcer = createAnnouncer({
    forms: profile.recordForms.map((form) => ({
      writer: writerOf(form),
      intervalMs: timingsOf(profile.timings, form).announceIntervalMs,
    })),
    clock: announcerClock,
    log,
    governor: options.governor,
    random: jitterOf(host.peerId.toString()),
    mayAnnounce: (signal) => guard.mayAnnounce(signal),
    onHeldBack: (_, until) => heldBack(until),
    // Without the journal the node announces all the same; only a kill would leave its records to age out.
    onSaying: (what) => journal.note(what).catch(journalFailed),
    onRound,
  })
  /** A look under way is not begun anew: with slow witnesses none would ever end. */
  let isLooking = false
  /** The last round of each form since what we say last changed. */
  const rounds = new Map<RecordForm, RoundReport>()
  const visibility = createVisibilityLoop({
    host,
    dht,
    bootstraps,
    named: () => options.servers().map((id) => peerIdFromString(id)),
    forms: profile.recordForms,
    publicName: config.publicName,
    intervalMs: config.profile.timings.witnessIntervalMs,
    clock,
    log,
    ask: rooms.askWitness,
    onVerdict,
  })

  function announcementOf({ manifest, range }: ShardTarget, shard: LoadedShard | null): Announcement {
    const { dhtPrefix, blockCount, repository } = manifest
    return {
      model: { dhtPrefix, blockCount, repository },
      range,
      // Asked for anew in every round, so that the cache room in the record is the room that there is.
      info: () =>
        serverInfoFor({
          config,
          manifest,
          range,
          throughput: shard?.throughput ?? null,
          cacheTokensLeft: options.cacheTokensLeft(),
          usingRelay: dht.mode === 'client' && host.getMultiaddrs().some(isRelayed),
        }),
    }
  }

  function onRound(report: RoundReport): void {
    options.onRound()
    const shard = options.shard()
    if (report.error?.code === 'IDENTITY_BEING_CHECKED') {
      steps.waiting('announce', { what: report.error.cause, at: report.nextAt })
      return
    }
    // A JOINING round is not this step's matter, and a round for what has been lost since says nothing.
    if (report.state !== 'online' || !shard) return
    rounds.set(report.form, report)
    const reports = profile.recordForms.flatMap((form) => rounds.get(form) ?? [])
    steps.progress('announce', {
      done: sum(reports.map(({ acknowledged }) => acknowledged)),
      total: sum(reports.map(({ total }) => total)),
      unit: 'records',
    })
    const next = { what: 'The records are written again', at: Math.min(...reports.map(({ nextAt }) => nextAt)) }
    const failed = reports.find(({ error, readBack }) => error !== null || readBack === null)
    if (failed) {
      failOrDegrade('announce', failed.error ?? new EspalierError('NOT_READ_BACK').report(), next)
      return
    }
    // Every form has its readers: one that was not written yet leaves the node unseen by them.
    if (reports.length < profile.recordForms.length) return
    steps.done('announce', reports.map(evidenceOf), next)
    if (!isLooking) look(shard.target)
  }

  function evidenceOf({ form, readBack, ackedBy, total, at }: RoundReport): Evidence {
    const kept = `${total} records kept by ${ackedBy.length} ${ackedBy.length === 1 ? 'peer' : 'peers'}`
    const sample = form === 'kademlia' ? 'block records and providers, Kademlia form' : 'block records'
    const value = `${readBack?.found ?? 0} of ${readBack?.asked ?? 0} ${sample}; ${kept}`
    return { kind: 'peer', by: readBack?.by ?? '', at, value }
  }

  function look(target: ShardTarget): void {
    isLooking = true
    for (const step of ['visible', 'serve'] as const) if (!steps.isDone(step)) steps.working(step)
    visibility.look(target, keysOf(target))
  }

  function onVerdict(verdict: VisibilityVerdict, othersSee: OthersSee | null): void {
    options.onDialled(verdict.isDialable)
    if (!options.shard()) return
    if (othersSee) options.onOthersSee(othersSee)
    const different = othersSee?.steps.find(({ state }) => state === 'fail')
    const doubted = different?.value ?? options.mapDoubt()
    if (verdict.visible && doubted) doubt('visible', new EspalierError('SEEN_DIFFERENTLY', doubted).report())
    else if (verdict.visible) {
      const witnesses = verdict.evidence.map(({ by }) => by)
      if (!steps.isDone('visible'))
        log.write('info', 'node.visible', `seen by ${witnesses.join(' and ')}`, { witnesses })
      doubts.over('visible.doubted')
      steps.done('visible', verdict.evidence)
    } else if (verdict.blocker) doubt('visible', verdict.blocker)
    if (verdict.serving.length > 0) {
      doubts.over('serve.doubted')
      steps.done('serve', [...verdict.serving, ...recentUse()])
    } else if (verdict.servingBlocker) doubt('serve', verdict.servingBlocker)
  }

  /** Who used us since the witnesses' last look or so; older use says nothing about now. */
  function recentUse(): Evidence[] {
    const maxAgeMs = 3 * config.profile.timings.witnessIntervalMs
    return lastServed && clock.now() - lastServed.at < maxAgeMs ? [lastServed] : []
  }

  function doubt(step: 'visible' | 'serve', blocker: ErrorReport): void {
    const before = steps.get(step)?.state
    // A network begins with one node. One that others have confirmed before has lost something.
    if (blocker.code === 'ALONE' && before !== 'done' && before !== 'degraded') {
      steps.held(step, blocker)
      return
    }
    doubts.warn(`${step}.doubted`, blocker.code, blocker.cause)
    const isNew = before === 'working' || before === 'waiting'
    // Nobody there to ask is a wait, not a fault.
    if (isNew && blocker.code === 'NO_WITNESS') steps.waiting(step, { what: `${blocker.cause}` })
    else failOrDegrade(step, blocker, { what: 'Asking again shortly' })
  }

  function failOrDegrade(
    step: 'announce' | 'visible' | 'serve',
    blocker: ErrorReport,
    next: { what: string; at?: number },
  ): void {
    const before = steps.get(step)?.state
    if (before === 'done' || before === 'degraded') steps.degraded(step, blocker, next)
    else steps.failed(step, blocker, next)
  }

  function keysOf(target: ShardTarget): string[] {
    return announcedKeys(announcementOf(target, null))
  }

  function pauseLooking(): void {
    isLooking = false
    visibility.pause()
  }

  /** What was said last, so that a call and the records cannot tell two stories. */
  let said: Announcement | null = null

  /** What an earlier run said and did not take back. */
  let leftover: Announced | null = null
  let isSilent = false
  /** Taken back because the computer goes to sleep. */
  let asleep: Announcement | null = null

  function say(what: Announcement): void {
    if (isSilent) return
    pauseLooking()
    asleep = null
    said = what
    rounds.clear()
    const old = leftover
    leftover = null
    // The same blocks are overwritten; others would be believed until they expire (O-10, M-43).
    if (old && !isSameSpan(old, what)) void takeBack(old)
    void announcer.announce(what)
  }

  /** Not before it is sure that no living copy of this node stands behind those records. */
  async function takeBack(old: Announced): Promise<boolean> {
    for (let isFirst = true; ; isFirst = false) {
      if (isSilent || options.signal.aborted || (said && isSameSpan(old, said))) return false
      try {
        await guard.mayAnnounce(AbortSignal.timeout(LEAVE_TIMEOUT_MS))
        const isTakenBack = await announcer.takeBack(farewellOf(old))
        // Blocks of both spans were said before it, and are to be said after it.
        if (!isFirst && said) announcer.refresh()
        return isTakenBack
      } catch (error) {
        log.write('debug', 'announced.take-back.waits', messageOf(error))
        await clock.sleep(LEFTOVER_PATIENCE_MS, options.signal).catch(() => undefined)
      }
    }
  }

  function heldBack(until: number): void {
    if (steps.get('announce')?.state !== 'working') return
    steps.waiting('announce', { what: 'Announcing again needs a pause, so that the network is not flooded', at: until })
  }

  function stale(blocker: ErrorReport): void {
    for (const step of ['announce', 'visible', 'serve'] as const) {
      if (steps.isDone(step)) steps.degraded(step, blocker, { what: 'Announcing again and asking others to look' })
    }
  }

  function journalFailed(error: unknown): void {
    log.write('warn', 'announced.save.failed', messageOf(error))
  }

  return {
    keysOf,
    describe(uid) {
      if (!said || (uid !== '' && !announcedKeys(said).includes(uid))) return null
      return describeServer(said.info(), { dhtClientMode: dht.mode === 'client' })
    },
    joining(target) {
      say(announcementOf(target, null))
    },
    online(shard) {
      steps.working('announce')
      say(announcementOf(shard.target, shard))
    },
    lost(target) {
      pauseLooking()
      steps.idle('announce', 'visible', 'serve')
      if (target) say(announcementOf(target, null))
    },
    async withdraw() {
      pauseLooking()
      said = null
      asleep = null
      if (isSilent) return
      const [isTakenBack] = await Promise.all([announcer.leave(), guard.ended(AbortSignal.timeout(LEAVE_TIMEOUT_MS))])
      if (isTakenBack && leftover === null) await journal.clear().catch(journalFailed)
    },
    async finishLeaving() {
      const found = await journal.load().catch(journalFailed)
      if (!found || said || isSilent) return
      if (!canBeTakenBack(found)) {
        log.write('warn', 'announced.dropped', `no records can stand under “${found.model.dhtPrefix.slice(0, 80)}”`)
        await journal.clear().catch(journalFailed)
        return
      }
      leftover = found
      await clock.sleep(LEFTOVER_PATIENCE_MS, options.signal).catch(() => undefined)
      if (leftover !== found || isSilent || options.signal.aborted) return
      leftover = null
      log.write('info', 'announced.take-back', 'the records of the last run are taken back now')
      if ((await takeBack(found)) && !said) await journal.clear().catch(journalFailed)
    },
    silence() {
      isSilent = true
      pauseLooking()
      announcer.stop()
    },
    async sleep() {
      if (!said || isSilent) return
      pauseLooking()
      asleep = said
      await announcer.leave()
    },
    stale,
    refresh(blocker) {
      stale(blocker)
      if (asleep) {
        // The next round comes as soon as the governor lets it, and the look after it.
        say(asleep)
        return
      }
      announcer.refresh()
      const shard = options.shard()
      if (shard && !isSilent) look(shard.target)
    },
    servedFor(peer) {
      lastServed = { kind: 'peer', by: peer, at: clock.now(), value: 'for a conversation' }
    },
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
