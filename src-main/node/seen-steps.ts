import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { Evidence, OthersSee } from '../../src-shared/status'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import type { ForeignEye } from '../observe/foreign-eye'
import { isUnseen, type VisibilityVerdict } from '../observe/visibility'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import { evidenceAgeMs } from './evidence-age'
import type { BootstrapBook } from './join-network'
import type { ShardTarget } from './load-ladder'
import { keysOf } from './own-announcements'
import type { NodeRooms } from './rooms'
import { createSayOnce } from './say-once'
import type { Steps } from './steps'
import { createVisibilityLoop } from './visibility-loop'

/** The steps *visible* and *serve*, from what others say who were asked to look. */
export interface SeenSteps {
  /** Has others look, now and then every interval. */
  look(target: ShardTarget): void
  /** As `look`, unless that goes on already: with slow witnesses none would ever end. */
  keepLooking(target: ShardTarget): void
  pause(): void
  /** Somebody else ran tokens through our blocks. */
  servedFor(peer: string): void
}

export function createSeenSteps(options: {
  host: Host
  dht: HivemindDht
  book: BootstrapBook
  config: NodeConfig
  rooms: Pick<NodeRooms, 'askWitness'>
  steps: Steps
  clock: Clock
  log: EventLog
  /** Whether blocks are proven now; verdicts about anything else are of no interest any more. */
  isServing: () => boolean
  /** Ids of other servers, as records name them. */
  servers: () => readonly string[]
  /** Ids of who said that they keep our records. */
  keepers: () => readonly string[]
  foreign: ForeignEye | null
  onOthersSee(othersSee: OthersSee): void
  /** Whether strangers reached us without a relay. */
  onDialled(isDialable: boolean | null): void
  /** What the network's map has against us. */
  mapDoubt: () => string | null
}): SeenSteps {
  const { host, dht, book, config, rooms, steps, clock, log } = options
  const { profile } = config
  const { witnessIntervalMs } = profile.timings
  const doubts = createSayOnce(log)
  let isLooking = false
  let lastServed: Evidence | null = null
  const visibility = createVisibilityLoop({
    host,
    dht,
    bootstraps: () => book.peers().map(({ peerId }) => peerId),
    named: () => options.servers().map((id) => peerIdFromString(id)),
    keepers: () => options.keepers().map((id) => peerIdFromString(id)),
    foreign: options.foreign,
    forms: profile.recordForms,
    publicName: config.publicName,
    intervalMs: witnessIntervalMs,
    clock,
    log,
    ask: rooms.askWitness,
    onVerdict,
  })

  function onVerdict(verdict: VisibilityVerdict, othersSee: OthersSee | null): void {
    options.onDialled(verdict.isDialable)
    if (!options.isServing()) return
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
      steps.done('serve', [...verdict.serving, ...recentUse(3 * witnessIntervalMs)])
    } else if (isUnseen(verdict)) waitForUse()
    else if (verdict.servingBlocker) doubt('serve', verdict.servingBlocker)
  }

  /** Only who comes through it shows that the way in is open. */
  function waitForUse(): void {
    doubts.over('serve.doubted')
    const used = recentUse(witnessIntervalMs)
    if (used.length > 0) steps.done('serve', used)
    else steps.waiting('serve', { what: 'No witness is here that could look at the way in; the next use will show it' })
  }

  /** Who used us since the witnesses' last look or so; older use says nothing about now. */
  function recentUse(maxAgeMs: number): Evidence[] {
    return lastServed && evidenceAgeMs(lastServed.at, clock.now()) < maxAgeMs ? [lastServed] : []
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
    else steps.doubted(step, blocker, { what: 'Asking again shortly' })
  }

  function look(target: ShardTarget): void {
    isLooking = true
    for (const step of ['visible', 'serve'] as const) if (!steps.isDone(step)) steps.working(step)
    visibility.look(target, keysOf(target))
  }

  return {
    look,
    keepLooking(target) {
      if (!isLooking) look(target)
    },
    pause() {
      isLooking = false
      visibility.pause()
    },
    servedFor(peer) {
      lastServed = { kind: 'peer', by: peer, at: clock.now(), value: 'for a conversation' }
    },
  }
}
