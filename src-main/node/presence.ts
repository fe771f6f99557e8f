import type { Clock } from '../../src-shared/clock'
import type { ErrorReport } from '../../src-shared/errors'
import type { OthersSee } from '../../src-shared/status'
import { type Announcement, announcedKeys } from '../announce/announcement'
import type { RoundReport } from '../announce/announcer'
import type { Governor } from '../announce/governor'
import type { HivemindDht } from '../hivemind/dht'
import { describe as describeServer, type ExpertDescription } from '../kademlia/expert-info'
import type { KademliaRecords } from '../kademlia/records'
import type { Host } from '../network/host'
import type { ForeignEye } from '../observe/foreign-eye'
import type { EventLog } from '../storage/event-log'
import { createAnnounceStep } from './announce-step'
import type { NodeConfig } from './config'
import type { DoppelgangerGuard } from './doppelganger'
import type { BootstrapBook } from './join-network'
import type { LeavingJournal } from './leaving'
import { createLeftover } from './leftover'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import { openAnnouncer } from './open-announcer'
import { createOwnAnnouncements, keysOf } from './own-announcements'
import type { NodeRooms } from './rooms'
import { createSeenSteps } from './seen-steps'
import type { Steps } from './steps'

/** An app has ten seconds to end. */
const LEAVE_TIMEOUT_MS = 8_000

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
  foreign: ForeignEye | null
  /** Ids of other servers, as records name them. */
  servers: () => readonly string[]
  onRound(): void
  onOthersSee(othersSee: OthersSee): void
  /** Whether strangers reached us without a relay. */
  onDialled(isDialable: boolean | null): void
  /** What the network's map has against us. */
  mapDoubt: () => string | null
}): Presence {
  const { dht, config, steps, guard } = options
  const { profile } = config
  /** What was said last, so that a call and the records cannot tell two stories. */
  let said: Announcement | null = null
  let isSilent = false
  /** Taken back because the computer goes to sleep. */
  let asleep: Announcement | null = null

  const announcementOf = createOwnAnnouncements(options)
  const announceStep = createAnnounceStep(profile.recordForms, steps)
  const seen = createSeenSteps({
    ...options,
    isServing: () => options.shard() !== null,
    keepers: announceStep.keepers,
  })
  const announcer = openAnnouncer({ ...options, profile, onHeldBack: announceStep.heldBack, onRound })
  const leftover = createLeftover({ ...options, announcer, said: () => said, isSilent: () => isSilent })

  function onRound(report: RoundReport): void {
    options.onRound()
    const shard = options.shard()
    const isWritten = announceStep.onRound(report, shard !== null)
    if (isWritten && shard) seen.keepLooking(shard.target)
  }

  function say(what: Announcement): void {
    if (isSilent) return
    seen.pause()
    asleep = null
    said = what
    announceStep.anew()
    leftover.saying(what)
    void announcer.announce(what)
  }

  function stale(blocker: ErrorReport): void {
    options.foreign?.forget()
    for (const step of ['announce', 'visible', 'serve'] as const) {
      if (steps.isDone(step)) steps.degraded(step, blocker, { what: 'Announcing again and asking others to look' })
    }
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
      seen.pause()
      steps.idle('announce', 'visible', 'serve')
      if (target) say(announcementOf(target, null))
    },
    async withdraw() {
      seen.pause()
      said = null
      asleep = null
      if (isSilent) return
      const [isTakenBack] = await Promise.all([announcer.leave(), guard.ended(AbortSignal.timeout(LEAVE_TIMEOUT_MS))])
      if (isTakenBack && !leftover.isThere()) await leftover.clear()
    },
    finishLeaving: leftover.finish,
    silence() {
      isSilent = true
      seen.pause()
      announcer.stop()
    },
    async sleep() {
      if (!said || isSilent) return
      seen.pause()
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
      if (shard && !isSilent) seen.look(shard.target)
    },
    servedFor: seen.servedFor,
  }
}
