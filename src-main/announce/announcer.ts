import type { PeerId } from '@libp2p/interface'
import type { BlockRange } from '../../src-shared/blocks'
import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import type { DhtRecord, HivemindDht } from '../hivemind/dht'
import { nextExpirationS } from '../hivemind/expiration'
import { blockKey, encodeModelInfo, encodeServerInfo, MODELS_KEY, type ServerInfo } from '../hivemind/server-info'
import type { NetworkProfile } from '../network/profiles'
import type { EventLog } from '../storage/event-log'

export interface AnnouncedModel {
  dhtPrefix: string
  blockCount: number
  repository: string | null
}

/** What we say about ourselves; `state` decides what readers make of it. */
export interface Announcement {
  model: AnnouncedModel
  range: BlockRange
  /** Asked for anew in every round. */
  info: () => ServerInfo
}

export interface RoundReport {
  at: number
  state: ServerInfo['state']
  /** Records that at least one other peer said it stored. */
  acknowledged: number
  total: number
  ackedBy: string[]
  /** Records found again at a peer that is not us, with the expiry of this round. */
  readBack: { by: string; found: number } | null
  error: ErrorReport | null
  /** When the next round is due, ms since the epoch. */
  nextAt: number
}

const ROUND_TIMEOUT_MS = 20_000
const RETRY_SHARE = 0.1
const JITTER = 0.1

export interface Announcer {
  /** Says this from now on, at once and then every interval. Resolves with the first round's report. */
  announce(what: Announcement): Promise<RoundReport>
  /** Writes OFFLINE records that outlive every earlier one, and says nothing more. Never rejects. */
  leave(): Promise<void>
  stop(): void
  keysOf(what: Announcement): string[]
}

/**
 * Keeps our records alive in the hivemind DHT: a batch to the nearest peers and to every bootstrap, read back from
 * one of them each round. A store that others did not confirm is an error, whatever the call returned.
 */
export function createAnnouncer(options: {
  dht: HivemindDht
  self: PeerId
  bootstraps: () => readonly PeerId[]
  profile: NetworkProfile
  clock: Clock
  log: EventLog
  random?: () => number
  onRound(report: RoundReport): void
}): Announcer {
  const { dht, self, profile, clock, log } = options
  const random = options.random ?? Math.random
  const { announceIntervalMs, recordLifetimeMs } = profile.timings
  let current: Announcement | null = null
  let lastExpirationS: number | null = null
  let cancelTimer: Disposer = () => undefined
  let stopped = false

  function recordsOf({ model, range }: Announcement, info: ServerInfo): DhtRecord[] {
    const expirationS = nextExpirationS(clock, recordLifetimeMs, lastExpirationS)
    lastExpirationS = expirationS
    const value = encodeServerInfo(info)
    const subkey = self.toString()
    const records: DhtRecord[] = []
    for (let block = range.start; block < range.end; block++) {
      records.push({ key: blockKey(model.dhtPrefix, block), subkey, value, expirationS })
    }
    const entry = encodeModelInfo(
      { numBlocks: model.blockCount, repository: model.repository },
      { allowNullRepository: profile.allowsNullRepository },
    )
    records.push({ key: MODELS_KEY, subkey: model.dhtPrefix, value: entry, expirationS })
    return records
  }

  function keysOf({ model, range }: Announcement): string[] {
    return Array.from({ length: range.end - range.start }, (_, i) => blockKey(model.dhtPrefix, range.start + i))
  }

  async function round(what: Announcement): Promise<RoundReport> {
    const signal = AbortSignal.timeout(ROUND_TIMEOUT_MS)
    const info = what.info()
    const report: RoundReport = {
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
      const records = recordsOf(what, info)
      report.total = records.length
      const stored = await dht.store(records, { alsoTo: [...options.bootstraps()], signal })
      const acks = stored.map(({ ackedBy }) => ackedBy.filter((peer) => !peer.equals(self)))
      // Every server of a model writes its entry in the index; who refuses ours has a later one of another server.
      const isKept = stored.map(
        ({ record, refusedBy }, i) => (acks[i]?.length ?? 0) > 0 || (record.key === MODELS_KEY && refusedBy.length > 0),
      )
      report.acknowledged = isKept.filter(Boolean).length
      const ackedBy = new Map(acks.flat().map((peer) => [peer.toString(), peer]))
      report.ackedBy = [...ackedBy.keys()]
      if (report.acknowledged < report.total) {
        throw new EspalierError(
          'NOT_STORED',
          `${report.acknowledged} of ${report.total} records were accepted by another peer`,
        )
      }
      report.readBack = await readBack(what, [...ackedBy.values()], records[0]?.expirationS ?? 0, signal)
    } catch (error) {
      report.error = reportOf(error)
    }
    return report
  }

  /** Reads our block records from one of the peers that said they keep them. */
  async function readBack(
    what: Announcement,
    peers: PeerId[],
    expirationS: number,
    signal: AbortSignal,
  ): Promise<RoundReport['readBack']> {
    const keys = keysOf(what)
    const failures: string[] = []
    for (const peer of peers) {
      try {
        const values = await dht.findAt(peer, keys, { signal })
        const found = keys.filter((key) => {
          const value = values.get(key)
          // Python stores doubles; a record of an older round has an earlier expiration.
          return (
            value?.kind === 'dictionary' && (value.entries.get(self.toString())?.expirationS ?? 0) >= expirationS - 1e-6
          )
        }).length
        if (found === keys.length) return { by: peer.toString(), found }
        failures.push(`${peer} has ${found} of ${keys.length}`)
      } catch (error) {
        failures.push(`${peer} (${messageOf(error)})`)
      }
    }
    throw new EspalierError('NOT_READ_BACK', failures.join('; '))
  }

  async function roundAndSchedule(what: Announcement): Promise<RoundReport> {
    cancelTimer()
    const report = await round(what)
    if (stopped || what !== current) return report
    const share = report.error ? RETRY_SHARE : 1 - JITTER * random()
    const delayMs = announceIntervalMs * share
    report.nextAt = clock.now() + delayMs
    cancelTimer = clock.after(delayMs, () => {
      if (current) void roundAndSchedule(current)
    })
    logRound(report)
    options.onRound(report)
    return report
  }

  function logRound(report: RoundReport): void {
    const { acknowledged, total, readBack: back, error } = report
    if (error) log.write('warn', 'announce.failed', error.cause, { ...report })
    else
      log.write('info', 'announce.done', `announced ${acknowledged}/${total}, read back from ${back?.by}`, {
        acks: report.ackedBy.length,
        readback: back?.by,
      })
  }

  return {
    keysOf,
    announce(what) {
      current = what
      return roundAndSchedule(what)
    },
    async leave() {
      const last = current
      current = null
      cancelTimer()
      if (!last) return
      const farewell: Announcement = { ...last, info: () => ({ ...last.info(), state: 'offline', nextPings: null }) }
      const report = await round(farewell)
      logRound(report)
    },
    stop() {
      stopped = true
      current = null
      cancelTimer()
    },
  }
}
