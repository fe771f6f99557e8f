import type { PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { encodeMsgpack, type MsgpackMap, type MsgpackValue, msgpackMap } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'
import { isSignedBy } from '../network/signature'
import { parseRecordKey } from './keys'

// A value in Kademlia: { v: content, t: written at, e: expires at, s: signature }, times in ms since the epoch.
// Kademlia itself keeps values for 48 hours, has no merge, and does not say who wrote: all three are solved here.

export const MAX_RECORD_BYTES = 16_384
/** A record may not claim a longer life: what a dead peer leaves behind must go. */
export const MAX_LIFETIME_MS = 3_600_000
/** How far a writer's clock may run ahead of ours. */
export const MAX_SKEW_MS = 60_000
const SIGNATURE_DOMAIN = 'espalier-kademlia-record:'

export interface SignedRecord {
  content: Uint8Array
  writtenAt: number
  expiresAt: number
}

/** @param key as `recordKey` made it, for the peer whose key signs */
export async function sealRecord(key: Uint8Array, record: SignedRecord, privateKey: PrivateKey): Promise<Uint8Array> {
  const { content, writtenAt, expiresAt } = record
  const signature = await privateKey.sign(signedBytes(key, record))
  const value = encodeMsgpack(msgpackMap({ v: content, t: writtenAt, e: expiresAt, s: signature }))
  if (value.length > MAX_RECORD_BYTES) throw new EspalierError('RECORD_INVALID', 'the record is too long')
  return value
}

/**
 * Opens a value found under `key`: signed by the peer that the key names, not expired, not from the future.
 * @throws PROTOCOL_VIOLATION for anything else
 */
export async function openRecord(key: Uint8Array, value: Uint8Array, clock: Clock): Promise<SignedRecord> {
  const parsed = parseRecordKey(key)
  if (!parsed) throw violation('the key is not one of ours')
  const { signature, ...record } = readRecord(value)
  const now = clock.now()
  if (record.expiresAt <= now) throw violation('it has expired')
  if (record.writtenAt > now + MAX_SKEW_MS) throw violation('it was written in the future')
  const lifetimeMs = record.expiresAt - record.writtenAt
  if (lifetimeMs <= 0 || lifetimeMs > MAX_LIFETIME_MS) throw violation('its lifetime is out of range')
  // Keys longer than 42 bytes (RSA) are not part of the peer id, so nobody can check what they signed.
  const { publicKey } = parsed.peer
  if (!publicKey) throw violation('its writer has no public key in its peer id')
  if (!(await isSignedBy(publicKey, signedBytes(key, record), signature))) throw violation('its signature is wrong')
  return record
}

/** The index of the newest of these values; unreadable ones are never chosen over readable ones. */
export function newestRecord(values: readonly Uint8Array[]): number {
  let best = 0
  let bestAt = Number.NEGATIVE_INFINITY
  values.forEach((value, index) => {
    try {
      const { writtenAt } = readRecord(value)
      if (writtenAt > bestAt) [best, bestAt] = [index, writtenAt]
    } catch {
      // Not a record: the validator has its own word on it.
    }
  })
  return best
}

function readRecord(value: Uint8Array): SignedRecord & { signature: Uint8Array } {
  const decoded = decodeMsgpack(value, { maxBytes: MAX_RECORD_BYTES })
  if (!(decoded instanceof Map) || decoded.size !== 4) throw violation('it is not a map of four')
  const fields = decoded as MsgpackMap
  return {
    content: bytesOf(fields.get('v')),
    writtenAt: timeOf(fields.get('t')),
    expiresAt: timeOf(fields.get('e')),
    signature: bytesOf(fields.get('s')),
  }
}

function bytesOf(value: MsgpackValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw violation('bytes are missing')
  // A copy, and not a Buffer: what is compared and kept must not share the network's memory.
  return Uint8Array.from(value)
}

function timeOf(value: MsgpackValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw violation('a time is missing')
  return value
}

/** The key is signed too: a value copied under another key is worth nothing. */
function signedBytes(key: Uint8Array, { content, writtenAt, expiresAt }: SignedRecord): Uint8Array {
  return encodeMsgpack([SIGNATURE_DOMAIN, new Uint8Array(key), content, writtenAt, expiresAt])
}

function violation(detail: string): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', `a Kademlia record: ${detail}`)
}
