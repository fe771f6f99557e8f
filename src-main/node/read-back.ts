import type { PeerId } from '@libp2p/interface'
import { type ErrorReport, reportOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'

/** What one other peer has of our records, asked now. */
export interface ReadBack {
  readonly peer: string
  readonly found: number
  readonly total: number
  /** Null when it answered. */
  readonly error: ErrorReport | null
}

/** Asks each of these peers, and nobody else, for the entries of `self` under `keys`. Never rejects for a peer. */
export function readBackFrom(
  dht: Pick<HivemindDht, 'findAt'>,
  self: PeerId,
  peers: readonly PeerId[],
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadBack[]> {
  return Promise.all(
    peers.map(async (peer): Promise<ReadBack> => {
      const answer = { peer: peer.toString(), total: keys.length }
      try {
        const values = await dht.findAt(peer, keys, { signal })
        const found = keys.filter((key) => {
          const value = values.get(key)
          return value?.kind === 'dictionary' && value.entries.has(self.toString())
        }).length
        return { ...answer, found, error: null }
      } catch (error) {
        return { ...answer, found: 0, error: reportOf(error) }
      }
    }),
  )
}
