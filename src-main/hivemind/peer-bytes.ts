import type { PeerId } from '@libp2p/interface'
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'

const IDENTITY = 0x00
const SHA2_256 = 0x12

/** A peer id as it travels inside messages: the bytes of its multihash. */
export function peerToBytes(peer: PeerId): Uint8Array {
  return peer.toMultihash().bytes
}

/** Null when the bytes are no peer id: what peers send about others is not trusted to be well-formed. */
export function peerFromBytes(bytes: Uint8Array): PeerId | null {
  const [code, size] = bytes
  if (size !== bytes.length - 2 || size > 64) return null
  if (code !== IDENTITY && !(code === SHA2_256 && size === 32)) return null
  const copy = bytes.slice()
  try {
    return realPeer(peerIdFromMultihash({ code, size, digest: copy.subarray(2), bytes: copy }))
  } catch {
    return null
  }
}

/** Null when the text is no peer id. */
export function peerFromText(text: string): PeerId | null {
  if (text.length > 128 || !/^[1Q]/.test(text)) return null
  try {
    return realPeer(peerIdFromString(text))
  } catch {
    return null
  }
}

/** The library also makes peers of web addresses that a stranger names; those are never dialled. */
function realPeer(peer: PeerId): PeerId | null {
  return peer.type === 'url' ? null : peer
}
