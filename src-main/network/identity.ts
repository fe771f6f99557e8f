import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

/**
 * The node's Ed25519 key: made once, kept in a 0600 file as libp2p's protobuf, and never replaced by itself.
 * A file that is there and can't be read throws IDENTITY_UNREADABLE; a new key would be a new node.
 */
export async function loadOrCreateIdentity(path: string): Promise<PrivateKey> {
  const bytes = await readFileIfThere(path).catch((error: unknown) => {
    throw new EspalierError('IDENTITY_UNREADABLE', `${path} (${messageOf(error)})`, { cause: error })
  })
  if (bytes !== null) {
    try {
      return privateKeyFromProtobuf(bytes)
    } catch (error) {
      throw new EspalierError('IDENTITY_UNREADABLE', `${path} (${messageOf(error)})`, { cause: error })
    }
  }
  const key = await generateKeyPair('Ed25519')
  await writeFileAtomic(path, privateKeyToProtobuf(key))
  return key
}
