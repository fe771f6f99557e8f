import { createHash } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { EspalierError } from '../../src-shared/errors'
import { peerFromText } from '../hivemind/peer-bytes'
import { MODELS_KEY } from '../hivemind/server-info'

/** Kademlia finds the rules for a record by the first part of its key; this part is ours. */
export const RECORD_NAMESPACE = 'hm'

const MAX_KEY_LENGTH = 300
const MAX_RECORD_KEY_BYTES = 1_200
const RAW_CODEC = 0x55
const SHA2_256 = 0x12

/**
 * The key under which a peer's value for `key` lies: `/hm/<key>/<peer>`. Kademlia keeps one value per key and never
 * merges, so each writer has its own. `key` may hold anything, also slashes and dots.
 * @throws RECORD_INVALID for an empty key or one over 300 characters
 */
export function recordKey(key: string, peer: PeerId): Uint8Array {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH || !key.isWellFormed()) {
    throw new EspalierError('RECORD_INVALID', `the key "${key.slice(0, 80)}"`)
  }
  return Buffer.from(`/${RECORD_NAMESPACE}/${encodeURIComponent(key)}/${peer}`, 'utf8')
}

/** Null for what `recordKey` did not make. */
export function parseRecordKey(bytes: Uint8Array): { key: string; peer: PeerId } | null {
  if (bytes.length > MAX_RECORD_KEY_BYTES) return null
  const match = /^\/hm\/([^/]+)\/([^/]+)$/.exec(Buffer.from(bytes).toString('utf8'))
  const peer = match?.[2] ? peerFromText(match[2]) : null
  if (!match?.[1] || !peer) return null
  try {
    const key = decodeURIComponent(match[1])
    // One spelling only, or one record could lie under many keys.
    return Buffer.from(bytes).equals(recordKey(key, peer)) ? { key, peer } : null
  } catch {
    return null
  }
}

/** What peers say to provide: sha2-256 of the key as text, in a raw CIDv1. */
export function providerCid(key: string): CID {
  const digest = createHash('sha256').update(key, 'utf8').digest()
  return CID.createV1(RAW_CODEC, createDigest(SHA2_256, new Uint8Array(digest)))
}

/** Here every model has an index key of its own, where the hivemind form has one key for all. */
export function modelKey(dhtPrefix: string): string {
  return `${MODELS_KEY}.${dhtPrefix}`
}
