import type { PeerId } from '@libp2p/interface'
import { type ErrorReport, EspalierError, reportOf } from '../../src-shared/errors'
import { type DhtId, dhtIdOf } from './dht-id'
import type { DhtRpc } from './dht-rpc'
import { REGULAR_SUBKEY } from './hand-over'
import type { StoreItem } from './messages'
import { encodeMsgpack, type MsgpackValue } from './msgpack'

/** One record as a writer thinks of it. Expirations must rise from one round to the next (`nextExpirationS`). */
export interface DhtRecord {
  /** For example `Tiny-Jargon-8.0` or `_petals.models`. */
  key: string
  /** Null for a regular value: elsewhere one replaces a whole dictionary, so never where others write subkeys. */
  subkey: string | null
  /** Bytes are taken as already encoded. */
  value: MsgpackValue
  /** Unix seconds. */
  expirationS: number
}

export interface RecordReport {
  record: DhtRecord
  /** Peers other than us that said they keep it. */
  ackedBy: PeerId[]
  /** Peers that answered and do not keep it: they have one that expires as late or later, or no room. */
  refusedBy: PeerId[]
  failed: { peer: PeerId; error: ErrorReport }[]
}
/** One report per record, in the order of the records. */
export type StoreReport = RecordReport[]

const ITEMS_PER_CALL = 256
const BYTES_PER_CALL = 1024 * 1024
const ROUNDS = 3

/** @throws BAD_ARGUMENT when the value or the expiration cannot be written */
export function storeItemOf({ key, subkey, value, expirationS }: DhtRecord): StoreItem {
  if (!Number.isFinite(expirationS)) throw new EspalierError('BAD_ARGUMENT', `the expiration of ${key}`)
  return {
    key: dhtIdOf(key),
    subkey: subkey === null ? REGULAR_SUBKEY : encodeMsgpack(subkey),
    value: value instanceof Uint8Array ? value : encodeMsgpack(value),
    expirationS,
    inCache: false,
  }
}

/** Stores at one peer, in as few calls as sizes allow. One answer per item. */
export async function storeInCalls(
  rpc: DhtRpc,
  peer: PeerId,
  items: readonly StoreItem[],
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  const answers: boolean[] = []
  let from = 0
  while (from < items.length) {
    let to = from
    let bytes = 0
    while (to < items.length && to - from < ITEMS_PER_CALL) {
      bytes += items[to]?.value.length ?? 0
      if (to > from && bytes > BYTES_PER_CALL) break
      to++
    }
    answers.push(...(await rpc.store(peer, items.slice(from, to), { signal })))
    from = to
  }
  return answers
}

interface Job {
  report: RecordReport
  item: StoreItem
  /** Not yet tried, nearest first. */
  queue: PeerId[]
  wanted: number
}

/** A record with its form on the wire, which is the same for every peer. */
export interface PreparedRecord {
  readonly record: DhtRecord
  readonly item: StoreItem
}

/** @throws BAD_ARGUMENT as `storeItemOf` */
export function prepare(record: DhtRecord): PreparedRecord {
  return { record, item: storeItemOf(record) }
}

/**
 * Stores every record at its nearest peers and at `alsoTo`, all records of one peer in one call. Where a peer
 * fails or refuses, the next nearest is tried, up to three rounds.
 * @param nearest the peers for a key, nearest first, without ourselves
 */
export async function storeRecords(options: {
  records: readonly PreparedRecord[]
  nearest: (key: DhtId) => PeerId[]
  alsoTo: readonly PeerId[]
  replicas: number
  rpc: DhtRpc
  signal: AbortSignal | undefined
}): Promise<StoreReport> {
  const alsoTo = new Map(options.alsoTo.map((peer) => [peer.toString(), peer]))
  const jobs: Job[] = options.records.map(({ record, item }) => {
    const report = { record, ackedBy: [], refusedBy: [], failed: [] }
    return { report, item, queue: [...options.nearest(item.key)], wanted: options.replicas }
  })
  for (let round = 0; round < ROUNDS; round++) {
    const byPeer = new Map<string, { peer: PeerId; jobs: Job[] }>()
    for (const job of jobs) {
      const targets = job.queue.splice(0, Math.max(0, job.wanted))
      if (round === 0) {
        const chosen = new Set(targets.map((peer) => peer.toString()))
        for (const [id, peer] of alsoTo) if (!chosen.has(id)) targets.push(peer)
        // Asked now, so not again in a later round.
        job.queue = job.queue.filter((peer) => !alsoTo.has(peer.toString()))
      }
      for (const peer of targets) {
        const entry = byPeer.get(peer.toString()) ?? { peer, jobs: [] }
        entry.jobs.push(job)
        byPeer.set(peer.toString(), entry)
      }
    }
    if (byPeer.size === 0) break
    await Promise.all([...byPeer.values()].map((entry) => storeAt(entry.peer, entry.jobs)))
    for (const job of jobs) job.wanted = options.replicas - job.report.ackedBy.length
  }
  return jobs.map((job) => job.report)

  async function storeAt(peer: PeerId, asked: readonly Job[]): Promise<void> {
    try {
      const items = asked.map((job) => job.item)
      const answers = await storeInCalls(options.rpc, peer, items, options.signal)
      asked.forEach(({ report }, index) => {
        if (answers[index] === true) report.ackedBy.push(peer)
        else report.refusedBy.push(peer)
      })
    } catch (error) {
      for (const { report } of asked) report.failed.push({ peer, error: reportOf(error) })
    }
  }
}
