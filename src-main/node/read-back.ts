import type { PeerId } from '@libp2p/interface'
import { type ErrorReport, reportOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import { decodeServerInfo, type ServerInfo } from '../hivemind/server-info'

/** What one other peer has of our records, asked now. */
export interface ReadBack {
  readonly peer: string
  readonly found: number
  readonly total: number
  /** The record of the first block that it has, as anybody would read it; null when it has none or it is unreadable. */
  readonly record: { key: string; info: ServerInfo; writtenAt: number; expiresAt: number } | null
  /** Null when it answered. */
  readonly error: ErrorReport | null
}

/** Asks each of these peers, and nobody else, for the entries of `self` under `keys`. Never rejects for a peer. */
export function readBackFrom(
  dht: Pick<HivemindDht, 'findAt'>,
  self: PeerId,
  peers: readonly PeerId[],
  keys: readonly string[],
  options: { lifetimeMs: number; signal: AbortSignal },
): Promise<ReadBack[]> {
  return Promise.all(
    peers.map(async (peer): Promise<ReadBack> => {
      const answer = { peer: peer.toString(), total: keys.length }
      try {
        const values = await dht.findAt(peer, keys, { signal: options.signal })
        const entries = keys.flatMap((key) => {
          const value = values.get(key)
          const entry = value?.kind === 'dictionary' ? value.entries.get(self.toString()) : undefined
          return entry ? [{ key, ...entry }] : []
        })
        return {
          ...answer,
          found: entries.length,
          record: entries[0] ? readRecord(entries[0], options.lifetimeMs) : null,
          error: null,
        }
      } catch (error) {
        return { ...answer, found: 0, record: null, error: reportOf(error) }
      }
    }),
  )
}

function readRecord(
  { key, value, expirationS }: { key: string; value: Uint8Array; expirationS: number },
  lifetimeMs: number,
): ReadBack['record'] {
  try {
    const expiresAt = expirationS * 1000
    // Records say until when, not since when; all of ours live equally long.
    return { key, info: decodeServerInfo(value), writtenAt: expiresAt - lifetimeMs, expiresAt }
  } catch {
    return null
  }
}
