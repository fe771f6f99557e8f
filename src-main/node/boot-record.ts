import type { PeerId, PrivateKey } from '@libp2p/interface'
import * as z from 'zod'
import { encodeMsgpack, msgpackMap } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'

/**
 * Which run of a node speaks under an identity. It has a key of its own in the DHT, so that no reader of servers'
 * records ever meets a field that it does not know. It is signed by the identity: nobody else can silence a node.
 */
export interface BootRecord {
  /** Random, one for each run. */
  boot: string
  /** Which computer, without telling which: differs for every identity. */
  machine: string
  /** Milliseconds since the epoch, by the writer's clock. */
  startedAt: number
  /** When this record was written; a run that lives writes it anew in every round. */
  at: number
  /** The run has taken leave. */
  ended: boolean
}

const MAX_BYTES = 1024
const hex = z.string().regex(/^[0-9a-f]{16}$/)
const time = z.int().min(0)
const WireSchema = z.object({
  boot: hex,
  machine: hex,
  started_at: time,
  at: time,
  ended: z.boolean(),
  signature: z.instanceof(Uint8Array),
})

export function bootKey(peer: PeerId): string {
  return `_espalier.boot.${peer.toString()}`
}

export async function encodeBootRecord(record: BootRecord, key: PrivateKey): Promise<Uint8Array> {
  const signature = await key.sign(signedBytes(record, key.publicKey.toString()))
  return encodeMsgpack(
    msgpackMap({
      boot: record.boot,
      machine: record.machine,
      started_at: record.startedAt,
      at: record.at,
      ended: record.ended,
      signature,
    }),
  )
}

/** Null for anything that is not a record which this identity has signed. */
export async function readBootRecord(bytes: Uint8Array, peer: PeerId): Promise<BootRecord | null> {
  try {
    const decoded = decodeMsgpack(bytes, { maxBytes: MAX_BYTES })
    const wire = WireSchema.safeParse(decoded instanceof Map ? Object.fromEntries(decoded) : null)
    if (!wire.success || !peer.publicKey) return null
    const { started_at: startedAt, signature, ...rest } = wire.data
    const record = { ...rest, startedAt }
    return (await peer.publicKey.verify(signedBytes(record, peer.toString()), signature)) ? record : null
  } catch {
    return null
  }
}

function signedBytes({ boot, machine, startedAt, at, ended }: BootRecord, peer: string): Uint8Array {
  const text = ['espalier-boot-1', peer, boot, machine, startedAt, at, ended ? 'ended' : 'lives'].join('\n')
  return new TextEncoder().encode(text)
}
