import { peerIdFromString } from '@libp2p/peer-id'

/** Whether the key that this peer id holds signed these bytes. False for ids without an Ed25519 key in them. */
export async function isSignedByPeer(peerId: string, signed: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const { publicKey } = peerIdFromString(peerId)
    return publicKey?.type === 'Ed25519' && (await publicKey.verify(signed, signature))
  } catch {
    return false
  }
}
