import { randomBytes } from 'node:crypto'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import { nextExpirationS } from '../hivemind/expiration'
import type { EventLog } from '../storage/event-log'
import { type BootRecord, bootKey, encodeBootRecord, readBootRecord } from './boot-record'

/** A run that has not spoken for two intervals has ended without taking leave. */
const SILENT_INTERVALS = 2

export interface DoppelgangerGuard {
  /**
   * To be asked before each round. Says that this run lives. Throws IDENTITY_BEING_CHECKED while another one may,
   * IDENTITY_IN_USE when it does; after that this run is never to speak again, nor to take leave for the other.
   */
  mayAnnounce(signal: AbortSignal): Promise<void>
  /** Another run may live: what stands in its name, in the network or at a coordinator, is not to be taken back. */
  isInDoubt(): boolean
  /** This run has ended: the next one, here or elsewhere, need not wait. Never rejects. */
  ended(signal: AbortSignal): Promise<void>
}

/**
 * One identity, one node (D-T20, D-T21). A new run listens before it speaks: a record of another run that is written
 * anew meanwhile comes from a copy that lives, and this one refuses. Two that live already, after a partition, both
 * notice in their next round; the older stays.
 */
export function createDoppelgangerGuard(options: {
  dht: Pick<HivemindDht, 'get' | 'store'>
  self: PeerId
  privateKey: PrivateKey
  machine: string
  /** No other run on this computer, of whatever user, has this identity. */
  isOnlyHere: boolean
  bootstraps: () => readonly PeerId[]
  intervalMs: number
  lifetimeMs: number
  /** How far ahead an expiration may lie for others to keep the record (`furthestExpirationS`). */
  furthestS: number
  clock: Clock
  log: Pick<EventLog, 'write'>
  onInUse(report: ErrorReport): void
}): DoppelgangerGuard {
  const { dht, self, privateKey, machine, isOnlyHere, intervalMs, lifetimeMs, clock, log } = options
  const boot = randomBytes(8).toString('hex')
  const startedAt = clock.now()
  const key = bootKey(self)
  let lastExpirationS: number | null = null
  /** Nobody took the last record: its expiration need not be outlived if it was out of all bounds. */
  let wasRefused = false
  let lastAt = 0
  /** The other run as it was when we first saw it. */
  let heard: { boot: string; at: number; since: number } | null = null
  /** Another run that spoke while we did, as we saw it last. */
  let met: { boot: string; at: number } | null = null
  let refusal: EspalierError | null = null
  let isSpeaking = false
  let hasSpoken = false
  let asking: Promise<void> | null = null

  async function readOther(signal: AbortSignal): Promise<BootRecord | null> {
    const found = (await dht.get([key], { signal })).get(key)
    const entry = found?.kind === 'dictionary' ? found.entries.get(self.toString()) : undefined
    if (!entry) return null
    // Ours has to expire later than what is there, or nobody would keep it.
    lastExpirationS = Math.max(lastExpirationS ?? 0, entry.expirationS)
    const record = await readBootRecord(entry.value, self)
    return record && record.boot !== boot && !record.ended ? record : null
  }

  function refuse(other: BootRecord): EspalierError {
    const since = Math.max(0, Math.round((clock.now() - other.startedAt) / 60_000))
    const error = new EspalierError('IDENTITY_IN_USE', `it has been up for ${since} min and announced itself just now`)
    refusal = error
    log.write('error', 'identity.in-use', error.message, { boot, other: other.boot, otherMachine: other.machine })
    options.onInUse(error.report())
    return error
  }

  /** Before the first word. */
  function listen(other: BootRecord): void {
    // The one node with this identity on this computer is this run, so that was an earlier one, which was killed.
    if (isOnlyHere && other.machine === machine && other.startedAt <= startedAt) return
    const now = clock.now()
    if (heard?.boot !== other.boot) {
      heard = { boot: other.boot, at: other.at, since: now }
      log.write('warn', 'identity.listening', 'another run of this node may be up elsewhere; listening first')
    }
    if (other.at > heard.at) throw refuse(other)
    if (now - heard.since >= SILENT_INTERVALS * intervalMs) return
    if (now - other.at >= SILENT_INTERVALS * intervalMs && other.at <= now) return
    throw new EspalierError('IDENTITY_BEING_CHECKED')
  }

  /**
   * Both speak already. What the other wrote before we spoke is of no account, unless it has spoken again since we
   * looked: its clock may be behind ours. Both compare the same two starts, so they agree on who is older.
   */
  function meet(other: BootRecord, spokeAt: number): void {
    const before = met?.boot === other.boot ? met.at : other.at
    met = { boot: other.boot, at: other.at }
    if (other.at <= spokeAt && other.at <= before) return
    const isOlder = other.startedAt < startedAt || (other.startedAt === startedAt && other.boot < boot)
    if (isOlder) throw refuse(other)
    log.write('warn', 'identity.copy-seen', 'a younger copy of this node announced itself; it has to yield', {
      other: other.boot,
    })
  }

  async function write(ended: boolean, signal: AbortSignal): Promise<void> {
    lastExpirationS = nextExpirationS(clock, lifetimeMs, lastExpirationS, wasRefused ? options.furthestS : undefined)
    lastAt = Math.max(clock.now(), lastAt + 1)
    const value = await encodeBootRecord({ boot, machine, startedAt, at: lastAt, ended }, privateKey)
    // Under our peer id, because what others write there does not count for more than what we do.
    const record = { key, subkey: self.toString(), value, expirationS: lastExpirationS }
    const [stored] = await dht.store([record], { alsoTo: [...options.bootstraps()], signal })
    wasRefused = stored?.ackedBy.length === 0
  }

  async function ask(signal: AbortSignal): Promise<void> {
    const other = await readOther(signal)
    if (other && isSpeaking) meet(other, lastAt)
    else if (other) listen(other)
    isSpeaking = true
    hasSpoken = true
    await write(false, signal)
  }

  return {
    async mayAnnounce(signal) {
      if (refusal) throw refusal
      // A change between two rounds is told at once; regular rounds look often enough.
      if (!asking && isSpeaking && clock.now() - lastAt < intervalMs / 2) return
      // The rounds of both forms begin together.
      asking ??= ask(signal).finally(() => {
        asking = null
      })
      await asking
    },
    isInDoubt: () => refusal !== null || (!hasSpoken && (heard !== null || !isOnlyHere)),
    async ended(signal) {
      if (refusal || !isSpeaking) return
      isSpeaking = false
      await write(true, signal).catch((error: unknown) => log.write('debug', 'identity.end.failed', messageOf(error)))
    },
  }
}
