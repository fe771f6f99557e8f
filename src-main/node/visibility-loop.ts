import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { OthersSee } from '../../src-shared/status'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import type { RecordForm } from '../network/profiles'
import { asFirstNode, isAlone } from '../observe/alone'
import type { ForeignEye } from '../observe/foreign-eye'
import { wordsOf } from '../observe/foreign-look'
import { foreignNeeded, withForeign } from '../observe/foreign-verdict'
import { fiveSteps, lookThrough, type PeerLook } from '../observe/own-look'
import { isUnseen, judgeVisibility, type VisibilityVerdict, WITNESSES_NEEDED } from '../observe/visibility'
import { askInTurn, type askWitness, mayWitness, pickWitnesses } from '../observe/witness-client'
import type { EventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'

const WALK_TIMEOUT_MS = 10_000
const LOOK_TIMEOUT_MS = 10_000
const RETRY_SHARE = 0.1
const MIN_RETRY_MS = 1_000
const KEEPERS_READ = 3

export interface VisibilityLoop {
  /** Looks now, and then every interval. */
  look(target: ShardTarget, keys: readonly string[]): void
  pause(): void
}

/** Has two witnesses say again and again how this node looks from outside. */
export function createVisibilityLoop(options: {
  host: Host
  dht: HivemindDht
  bootstraps: () => PeerId[]
  /** Other servers, as records name them. */
  named: () => PeerId[]
  /** Who said that they keep our records. */
  keepers: () => PeerId[]
  /** Where other programs have built the network too; null elsewhere. */
  foreign: ForeignEye | null
  /** In which forms our records are to be seen. */
  forms: readonly RecordForm[]
  publicName: string
  intervalMs: number
  clock: Clock
  log: EventLog
  ask: typeof askWitness
  random?: () => number
  /** `othersSee` is null where no hivemind records are written: maps of the other form are asked by the witnesses. */
  onVerdict(verdict: VisibilityVerdict, othersSee: OthersSee | null): void
}): VisibilityLoop {
  const { host, dht, clock, log, intervalMs } = options
  const random = options.random ?? Math.random
  let cancelTimer: Disposer = () => undefined
  let generation = 0

  async function look(mine: number, target: ShardTarget, keys: readonly string[]): Promise<void> {
    const walked = await dht.randomWalk({ signal: AbortSignal.timeout(WALK_TIMEOUT_MS) }).catch((error: unknown) => {
      log.write('debug', 'visibility.walk.failed', messageOf(error))
      return []
    })
    const [bootstraps, strangers, named] = await Promise.all([
      mayWitness(host, options.bootstraps()),
      mayWitness(host, walked),
      mayWitness(host, options.named()),
    ])
    const witnesses = pickWitnesses(host.peerId, bootstraps, strangers, named, random)
    const [answers, looks] = await Promise.all([
      askInTurn(witnesses, WITNESSES_NEEDED, (witness) => options.ask(host, witness, { keys, forms: options.forms })),
      lookAtOurselves(target, walked),
    ])
    if (mine !== generation) return
    const judged = judgeVisibility(answers, target.range, target.manifest.root, clock.now())
    const others = [...walked, ...options.named(), ...dht.knownPeers()]
    // Where other programs have built the network its bootstrap peers are company, and are asked next.
    const isFirst = options.foreign === null && isAlone(host.peerId, options.bootstraps(), others)
    const own = isFirst ? asFirstNode(judged, answers) : judged
    const isLacking = own.blocker?.code === 'NO_WITNESS' && looks !== null
    const foreign =
      isLacking && options.foreign
        ? await options.foreign.look({
            ...{ looks, random, candidates: everybody(walked) },
            ...{ intended: intendedOf(target), needed: foreignNeeded(own) },
          })
        : null
    if (mine !== generation) return
    const verdict = foreign ? withForeign(own, foreign) : own
    const words = foreign ? wordsOf(foreign) : []
    options.onVerdict(verdict, looks && fiveSteps(looks, answers, intendedOf(target), clock.now(), words))
    const isFine = verdict.visible && (verdict.servingBlocker === null || isUnseen(verdict))
    // While something is wrong the next look comes sooner; witnesses answer repeated questions from memory.
    const delayMs = isFine ? intervalMs : Math.max(MIN_RETRY_MS, intervalMs * RETRY_SHARE)
    again(delayMs, mine, target, keys)
  }

  /** A look that breaks is not a good one: nobody has confirmed anything, and the next one comes soon. */
  function lookSafely(mine: number, target: ShardTarget, keys: readonly string[]): void {
    look(mine, target, keys).catch((error: unknown) => {
      if (mine !== generation) return
      log.write('error', 'visibility.look.failed', messageOf(error))
      options.onVerdict(judgeVisibility([], target.range, target.manifest.root, clock.now()), null)
      again(MIN_RETRY_MS, mine, target, keys)
    })
  }

  function again(delayMs: number, mine: number, target: ShardTarget, keys: readonly string[]): void {
    cancelTimer = clock.after(delayMs, () => lookSafely(mine, target, keys))
  }

  /** Through each bootstrap, and through one peer that we did not choose. */
  function lookAtOurselves(target: ShardTarget, walked: readonly PeerId[]): Promise<PeerLook[]> | null {
    if (!options.forms.includes('hivemind')) return null
    // Witnesses read where the records lie; where there are none, we read there ourselves.
    const keepers = options.foreign ? options.keepers().slice(0, KEEPERS_READ) : []
    const others = unique([...options.bootstraps(), ...keepers, ...walked.slice(0, 1)])
    const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS)
    return Promise.all(others.map((peer) => lookThrough(dht, peer, host.peerId, intendedOf(target), signal)))
  }

  function everybody(walked: readonly PeerId[]): PeerId[] {
    return unique([...options.bootstraps(), ...options.keepers(), ...walked, ...options.named()])
  }

  function unique(peers: readonly PeerId[]): PeerId[] {
    const others = new Map(peers.map((peer) => [peer.toString(), peer]))
    others.delete(host.peerId.toString())
    return [...others.values()]
  }

  function intendedOf({ manifest, range }: ShardTarget) {
    return {
      dhtPrefix: manifest.dhtPrefix,
      blockCount: manifest.blockCount,
      range,
      publicName: options.publicName,
    }
  }

  return {
    look(target, keys) {
      cancelTimer()
      lookSafely(++generation, target, keys)
    },
    pause() {
      generation++
      cancelTimer()
    },
  }
}
