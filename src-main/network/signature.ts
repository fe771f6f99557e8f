import type { PublicKey } from '@libp2p/interface'

/** Whether the owner of this key signed these bytes. What is no signature at all, the library throws out; here it is a wrong one. */
export async function isSignedBy(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await key.verify(bytes, signature)
  } catch {
    return false
  }
}
