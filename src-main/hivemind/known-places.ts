import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { type DhtId, dhtIdKey } from './dht-id'
import type { KnownNode } from './routing-table'

/** A place that was found by a whole look-up is only confirmed for so long. */
const WHOLE_EVERY_MS = 900_000
/** As many as a whole look-up asks. */
const NODES_PER_PLACE = 20
/** Enough for a node with several models. */
const MAX_PLACES = 4_096

interface Place {
  nearest: readonly KnownNode[]
  wholeAtMs: number
}

/**
 * Where the keys lie that we write again and again, by the last look-up of each. Whoever writes the same 80 keys every
 * few minutes need not ask twenty nodes about each of them every time: two of those around know whether somebody nearer has
 * come, and who has gone shows when it does not keep what is written.
 */
export interface KnownPlaces {
  /** The nodes that were nearest and answered; null when all around the key should be asked. */
  recall(key: DhtId): readonly KnownNode[] | null
  /** @param isWhole whether all around the key were asked */
  note(key: DhtId, nearest: readonly KnownNode[], isWhole: boolean): void
  /** A peer did not answer: it is not counted on any more. */
  forget(peer: PeerId): void
}

/** @param fewest with fewer nodes than these a place is not known */
export function rememberPlaces(clock: Pick<Clock, 'monotonicMs'>, fewest: number): KnownPlaces {
  const places = new Map<string, Place>()
  return {
    recall(key) {
      const place = places.get(dhtIdKey(key))
      const isGood = place && place.nearest.length >= fewest && clock.monotonicMs() - place.wholeAtMs < WHOLE_EVERY_MS
      return isGood ? place.nearest : null
    },
    note(key, nearest, isWhole) {
      const id = dhtIdKey(key)
      const wholeAtMs = isWhole ? clock.monotonicMs() : places.get(id)?.wholeAtMs
      // Written last, forgotten last.
      places.delete(id)
      if (wholeAtMs === undefined) return
      places.set(id, { nearest: nearest.slice(0, NODES_PER_PLACE), wholeAtMs })
      if (places.size > MAX_PLACES) places.delete(places.keys().next().value ?? '')
    },
    forget(peer) {
      for (const place of places.values()) {
        if (place.nearest.some((node) => node.peer.equals(peer))) {
          place.nearest = place.nearest.filter((node) => !node.peer.equals(peer))
        }
      }
    },
  }
}
