import type { Clock, Disposer } from '../../src-shared/clock'
import { computeSpans, type ServerSpan } from '../hivemind/compute-spans'
import type { HivemindDht } from '../hivemind/dht'
import { dhtTimeS } from '../hivemind/expiration'
import { type FoundValue, mergeFound, withoutExpired } from '../hivemind/found-value'
import { blockKey } from '../hivemind/server-info'

const LOOK_MS = 500
/** Of a large network we keep many records; looking through them takes at most a twentieth of the time. */
const SHARE = 20

/**
 * Who serves what, by the records that this node keeps for others: no question to anybody.
 * @param known records of the last look at the network; of two records the one that was written later counts
 */
export function localSpans(
  dht: Pick<HivemindDht, 'readLocal'>,
  model: { dhtPrefix: string; blockCount: number },
  known: ReadonlyMap<string, FoundValue>,
  clock: Clock,
): ServerSpan[] {
  const keys = Array.from({ length: model.blockCount }, (_, block) => blockKey(model.dhtPrefix, block))
  const kept = dht.readLocal(keys)
  const nowS = dhtTimeS(clock)
  return computeSpans(
    keys.map((key) => mergeFound(kept.get(key) ?? null, withoutExpired(known.get(key) ?? null, nowS))),
  )
}

/**
 * Calls back when a server has come, has gone, or says something else of itself, by the records that others write to this
 * node. They are written here within moments, long before the network is read anew (H-21).
 */
export function watchLocalRecords(read: () => readonly ServerSpan[], clock: Clock, onChange: () => void): Disposer {
  let known = signOf(read())
  let cancel: Disposer
  function look(): void {
    const startedMs = clock.monotonicMs()
    const now = signOf(read())
    const isOther = now !== known
    known = now
    cancel = clock.after(Math.max(LOOK_MS, SHARE * (clock.monotonicMs() - startedMs)), look)
    if (isOther) onChange()
  }
  cancel = clock.after(LOOK_MS, look)
  return () => cancel()
}

/** What makes a difference to people; renewed records make none. */
function signOf(spans: readonly ServerSpan[]): string {
  return spans
    .map(({ peer, start, end, info }) => `${peer} ${start}-${end} ${info.state}`)
    .toSorted()
    .join('\n')
}
