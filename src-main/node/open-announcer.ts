import type { Clock } from '../../src-shared/clock'
import { type Announcer, createAnnouncer, type RoundReport } from '../announce/announcer'
import type { Governor } from '../announce/governor'
import { createHivemindWriter } from '../announce/hivemind-writer'
import { jitterOf } from '../announce/jitter'
import { createKademliaWriter } from '../announce/kademlia-writer'
import type { HivemindDht } from '../hivemind/dht'
import type { KademliaRecords } from '../kademlia/records'
import type { Host } from '../network/host'
import { type NetworkProfile, type RecordForm, timingsOf } from '../network/profiles'
import type { EventLog } from '../storage/event-log'
import type { DoppelgangerGuard } from './doppelganger'
import type { BootstrapBook } from './join-network'
import type { LeavingJournal } from './leaving'
import { journalFailed } from './leftover'
import type { NodeRooms } from './rooms'

const JOINING_ELSEWHERE_AFTER_MS = 10_000

/** The announcer of a node: the forms and intervals of its network, held back by governor and guard, and journalled. */
export function openAnnouncer(options: {
  host: Host
  dht: HivemindDht
  records: KademliaRecords
  book: BootstrapBook
  profile: NetworkProfile
  rooms: Pick<NodeRooms, 'announcerClock' | 'announcerDht' | 'announcerRecords'>
  clock: Clock
  log: EventLog
  governor: Governor | undefined
  guard: Pick<DoppelgangerGuard, 'mayAnnounce'>
  journal: LeavingJournal
  onHeldBack(until: number): void
  onRound(report: RoundReport): void
}): Announcer {
  const { host, dht, book, profile, rooms, log, guard, journal } = options
  const clock = rooms.announcerClock(options.clock)
  const common = { self: host.peerId, profile, clock }
  const writerOf = (form: RecordForm) =>
    form === 'hivemind'
      ? createHivemindWriter({
          ...common,
          dht: rooms.announcerDht(dht),
          bootstraps: () => book.peers().map(({ peerId }) => peerId),
        })
      : createKademliaWriter({
          ...common,
          isDhtClient: () => dht.mode === 'client',
          records: rooms.announcerRecords(options.records),
          random: Math.random,
        })
  return createAnnouncer({
    forms: profile.recordForms.map((form, place) => ({
      writer: writerOf(form),
      intervalMs: timingsOf(profile.timings, form).announceIntervalMs,
      // Readers use the first form. Most nodes are done before anybody would have read JOINING in another.
      ...(place === 0 ? {} : { joiningAfterMs: JOINING_ELSEWHERE_AFTER_MS }),
    })),
    clock,
    log,
    governor: options.governor,
    random: jitterOf(host.peerId.toString()),
    mayAnnounce: (signal) => guard.mayAnnounce(signal),
    onHeldBack: (_, until) => options.onHeldBack(until),
    onSaying: (what) => journal.note(what).catch((error: unknown) => journalFailed(log, error)),
    onRound: options.onRound,
  })
}
