import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { DhtRecord, FoundValue, HivemindDht } from '../hivemind/dht'
import { dhtTimeS, nextExpirationS } from '../hivemind/expiration'
import {
  decodeModelInfo,
  encodeModelInfo,
  encodeServerInfo,
  MODELS_KEY,
  type ModelInfo,
  type ServerInfo,
} from '../hivemind/server-info'
import { furthestExpirationS, storeRulesOf } from '../hivemind/store-rules'
import type { NetworkProfile } from '../network/profiles'
import { type Announcement, announcedKeys } from './announcement'
import type { RecordWriter } from './record-writer'

/** Among peers; hivemind's own refuse each other at more than that. Far less than the time between two rounds. */
const CLOCK_LEEWAY_S = 3

/**
 * The form that Petals and KwaaiNet read: a batch to the nearest peers and to every bootstrap, read back from one of
 * them. A store that others did not confirm is an error, whatever the call returned.
 */
export function createHivemindWriter(options: {
  dht: HivemindDht
  self: PeerId
  bootstraps: () => readonly PeerId[]
  profile: NetworkProfile
  clock: Clock
}): RecordWriter {
  const { dht, self, profile, clock } = options
  const keptLifetimeS = storeRulesOf(profile).keptLifetimeMs / 1000
  let lastExpirationS: number | null = null
  /** Nobody took all of the last round: its expiration need not be outlived if it was out of all bounds. */
  let wasRefused = false

  function recordsOf(what: Announcement, info: ServerInfo, speaksForNode: boolean): DhtRecord[] {
    const { model } = what
    const furthestS = wasRefused ? furthestExpirationS(profile) : undefined
    const expirationS = nextExpirationS(clock, profile.timings.recordLifetimeMs, lastExpirationS, furthestS)
    lastExpirationS = expirationS
    const value = encodeServerInfo(info)
    const entry = encodeModelInfo(
      { numBlocks: model.blockCount, repository: model.repository },
      { allowNullRepository: profile.allowsNullRepository },
    )
    return [
      ...announcedKeys(what).map((key) => ({ key, subkey: self.toString(), value, expirationS })),
      ...(profile.serversKey === null || !speaksForNode
        ? []
        : [{ key: profile.serversKey, subkey: self.toString(), value, expirationS }]),
      { key: MODELS_KEY, subkey: model.dhtPrefix, value: entry, expirationS },
    ]
  }

  /** One server with another idea of the model would change what everybody reads about it. */
  function checkModelEntry({ model }: Announcement, found: FoundValue | null): void {
    const entry = found?.kind === 'dictionary' ? found.entries.get(model.dhtPrefix) : undefined
    const theirs = entry && readableModelInfo(entry.value)
    if (!theirs || (theirs.numBlocks === model.blockCount && theirs.repository === model.repository)) return
    throw new EspalierError(
      'RECORD_INVALID',
      `the network has ${model.dhtPrefix} with ${theirs.numBlocks} blocks from ${theirs.repository}, not ${model.blockCount} from ${model.repository}`,
    )
  }

  /** Reads our block records from one of the peers that said they keep them. */
  async function readBack(what: Announcement, peers: readonly PeerId[], leastS: number, signal: AbortSignal) {
    const keys = announcedKeys(what)
    const failures: string[] = []
    for (const peer of peers) {
      try {
        const values = await dht.findAt(peer, keys, { signal })
        const found = keys.filter((key) => {
          const value = values.get(key)
          // Python stores doubles; a record of an older round has an earlier expiration.
          return value?.kind === 'dictionary' && (value.entries.get(self.toString())?.expirationS ?? 0) >= leastS - 1e-6
        }).length
        if (found === keys.length) return { by: peer.toString(), found, asked: keys.length }
        failures.push(`${peer} has ${found} of ${keys.length}`)
      } catch (error) {
        failures.push(`${peer} (${messageOf(error)})`)
      }
    }
    throw new EspalierError('NOT_READ_BACK', failures.join('; '))
  }

  return {
    form: 'hivemind',
    roundTimeoutMs: 20_000,
    async write(what, info, report, { signal, speaksForNode }) {
      // What claims a longer life than others keep is theirs to shorten: so does a clock that was ahead (nextExpirationS).
      const keptUntilS = dhtTimeS(clock) + keptLifetimeS - CLOCK_LEEWAY_S
      const records = recordsOf(what, info, speaksForNode)
      const isGuarded = profile.guardsModelEntry && info.state !== 'offline'
      report.total = records.length
      const stored = await dht.store(records, {
        alsoTo: [...options.bootstraps()],
        signal,
        // The look-up that a store begins with has found it: no peer is asked a second time.
        ...(isGuarded
          ? { check: { key: MODELS_KEY, judge: (found: FoundValue | null) => checkModelEntry(what, found) } }
          : {}),
      })
      const acks = stored.map(({ ackedBy }) => ackedBy.filter((peer) => !peer.equals(self)))
      // Every server of a model writes its entry in the index; who refuses ours has a later one of another server.
      const isKept = stored.map(
        ({ record, refusedBy }, i) => (acks[i]?.length ?? 0) > 0 || (record.key === MODELS_KEY && refusedBy.length > 0),
      )
      report.acknowledged = isKept.filter(Boolean).length
      const keepers = keepersOf(acks.flat())
      report.ackedBy = keepers.map((peer) => peer.toString())
      wasRefused = report.acknowledged < report.total
      if (wasRefused) {
        throw new EspalierError(
          'NOT_STORED',
          `${report.acknowledged} of ${report.total} records were accepted by another peer`,
        )
      }
      const leastS = Math.min(records[0]?.expirationS ?? 0, keptUntilS)
      report.readBack = await readBack(what, keepers, leastS, signal)
    },
  }
}

/** Each once, who keeps the most first: it alone can show all of them, others keep only what lies near them. */
function keepersOf(acks: readonly PeerId[]): PeerId[] {
  const byPeer = new Map<string, { peer: PeerId; count: number }>()
  for (const peer of acks) {
    const keeper = byPeer.get(peer.toString()) ?? { peer, count: 0 }
    keeper.count++
    byPeer.set(peer.toString(), keeper)
  }
  return [...byPeer.values()].sort((a, b) => b.count - a.count).map(({ peer }) => peer)
}

/** Null for an entry that no reader takes anyway. */
function readableModelInfo(value: Uint8Array): ModelInfo | null {
  try {
    return decodeModelInfo(value)
  } catch {
    return null
  }
}
