import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

/** The node's Ed25519 key, or null when none was made yet. Throws IDENTITY_UNREADABLE. */
export async function readIdentity(path: string): Promise<PrivateKey | null> {
  try {
    const bytes = await readFileIfThere(path)
    return bytes === null ? null : privateKeyFromProtobuf(bytes)
  } catch (error) {
    throw new EspalierError('IDENTITY_UNREADABLE', `${path} (${messageOf(error)})`, { cause: error })
  }
}

/**
 * The node's Ed25519 key: made once, kept in a 0600 file as libp2p's protobuf, and never replaced by itself.
 * A file that is there and can't be read throws IDENTITY_UNREADABLE; a new key would be a new node.
 */
export async function loadOrCreateIdentity(path: string): Promise<PrivateKey> {
  const found = await readIdentity(path)
  if (found) return found
  const key = await generateKeyPair('Ed25519')
  await writeFileAtomic(path, privateKeyToProtobuf(key))
  return key
}
