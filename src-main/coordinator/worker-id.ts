import { createHash } from 'node:crypto'

/**
 * The id under which a coordinator knows this node: a UUID (version 8) made from the peer id, so that it
 * survives a new installation with the same identity and changes with the identity.
 */
export function workerIdOf(peerId: string): string {
  const bytes = createHash('sha256').update(`espalier worker id\0${peerId}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
