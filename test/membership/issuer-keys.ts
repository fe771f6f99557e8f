import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { IssuerKey } from '../../src-main/membership/capability-token'

/** For tests: the same Ed25519 key for the same seed, so that what it signs can be compared byte for byte. */
export async function seededIssuer(seed: string): Promise<IssuerKey> {
  const secret = createHash('sha256').update(seed).digest()
  // PKCS#8 of an Ed25519 key is this prefix and the 32 secret bytes (RFC 8410).
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const privateJwk = privateKey.export({ format: 'jwk' }) as JWK
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK
  return { kid: await calculateJwkThumbprint(publicJwk), privateJwk, publicJwk }
}
