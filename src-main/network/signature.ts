import type { PublicKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'

/** Whether the owner of this key signed these bytes. What is no signature at all, the library throws out; here it is a wrong one. */
export async function isSignedBy(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await key.verify(bytes, signature)
  } catch {
    return false
  }
}

/** Whether the key that this peer id holds signed these bytes. False for ids without an Ed25519 key in them. */
export async function isSignedByPeer(peerId: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = ed25519Of(peerId)
  return key !== null && (await isSignedBy(key, bytes, signature))
}

function ed25519Of(peerId: string): PublicKey | null {
  try {
    const { publicKey } = peerIdFromString(peerId)
    return publicKey?.type === 'Ed25519' ? publicKey : null
  } catch {
    return null
  }
}
