import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import type { RecordForm } from '../network/profiles'
import { judgeVisibility, type VisibilityVerdict } from '../observe/visibility'
import { type askWitness, pickWitnesses } from '../observe/witness-client'
import type { EventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'

const WALK_TIMEOUT_MS = 10_000
const RETRY_SHARE = 0.1
const MIN_RETRY_MS = 1_000

export interface VisibilityLoop {
  /** Looks now, and then every interval. */
  look(target: ShardTarget, keys: readonly string[]): void
  pause(): void
}

/** Asks two witnesses again and again how this node looks from outside. */
export function createVisibilityLoop(options: {
  host: Host
  dht: HivemindDht
  bootstraps: () => PeerId[]
  /** In which forms our records are to be seen. */
  forms: readonly RecordForm[]
  intervalMs: number
  clock: Clock
  log: EventLog
  ask: typeof askWitness
  random?: () => number
  onVerdict(verdict: VisibilityVerdict): void
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
    const witnesses = pickWitnesses(host.peerId, options.bootstraps(), walked, random)
    const answers = await Promise.all(
      witnesses.map((witness) => options.ask(host, witness, { keys, forms: options.forms })),
    )
    if (mine !== generation) return
    const verdict = judgeVisibility(
      answers.flatMap((answer) => answer ?? []),
      target.range,
      target.manifest.root,
    )
    options.onVerdict(verdict)
    const isFine = verdict.visible && verdict.servingBlocker === null
    // While something is wrong the next look comes sooner; witnesses answer repeated questions from memory.
    const delayMs = isFine ? intervalMs : Math.max(MIN_RETRY_MS, intervalMs * RETRY_SHARE)
    cancelTimer = clock.after(delayMs, () => void look(mine, target, keys))
  }

  return {
    look(target, keys) {
      cancelTimer()
      void look(++generation, target, keys)
    },
    pause() {
      generation++
      cancelTimer()
    },
  }
}
