import { copyFile } from 'node:fs/promises'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

/**
 * The node's Ed25519 key, or null when none was made yet. Throws IDENTITY_UNREADABLE, and IDENTITY_MISSING where only
 * the copy is left: both name the copy, and neither is mended without being asked (D-T33).
 */
export async function readIdentity(path: string): Promise<PrivateKey | null> {
  let key: PrivateKey | null
  try {
    key = await readKey(path)
  } catch (error) {
    throw new EspalierError('IDENTITY_UNREADABLE', `${path} (${messageOf(error)}); ${await copyWords(path)}`, {
      cause: error,
    })
  }
  if (key === null && (await readIdentityCopy(path)))
    throw new EspalierError('IDENTITY_MISSING', `${path}; ${await copyWords(path)}`)
  return key
}

/** The copy of the key that is kept beside it; null when there is none that can be used. */
export async function readIdentityCopy(path: string): Promise<PrivateKey | null> {
  return readKey(copyOf(path)).catch(() => null)
}

/**
 * The node's Ed25519 key: made once, kept in a 0600 file as libp2p's protobuf, with a copy beside it, and never
 * replaced by itself. Throws as `readIdentity`; a new key would be a new node.
 */
export async function loadOrCreateIdentity(path: string): Promise<PrivateKey> {
  const found = await readIdentity(path)
  if (found) {
    // Also one of an identity that was here before somebody put this one in its place by hand.
    if (!(await readIdentityCopy(path))?.publicKey.equals(found.publicKey))
      await writeFileAtomic(copyOf(path), privateKeyToProtobuf(found)).catch(() => undefined)
    return found
  }
  const key = await generateKeyPair('Ed25519')
  await writeIdentity(path, key)
  return key
}

/** Both files. Whoever replaces another identity keeps that aside first. */
export async function writeIdentity(path: string, key: PrivateKey): Promise<void> {
  const bytes = privateKeyToProtobuf(key)
  await writeFileAtomic(path, bytes)
  await writeFileAtomic(copyOf(path), bytes)
}

/**
 * Copies what is there, whole or not, to `identity.key.<label>`, so that it can be replaced without a moment in which
 * there is none. The path of what was kept; null when there was nothing.
 */
export async function keepIdentityAside(path: string, label: string): Promise<string | null> {
  const aside = `${path}.${label}`
  let kept: string | null = null
  for (const [from, to] of [
    [copyOf(path), `${aside}.copy`],
    [path, aside],
  ] as const) {
    try {
      await copyFile(from, to)
      kept = to
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return kept
}

/** Throws for bytes that are no key, and for a key whose halves do not belong together. */
export async function checkedKey(bytes: Uint8Array): Promise<PrivateKey> {
  const key = privateKeyFromProtobuf(bytes)
  if (key.type !== 'Ed25519') throw new Error(`a key of type ${key.type}`)
  const probe = new TextEncoder().encode('espalier')
  if (!(await key.publicKey.verify(probe, await key.sign(probe)))) throw new Error('its halves do not match')
  return key
}

async function readKey(path: string): Promise<PrivateKey | null> {
  const bytes = await readFileIfThere(path)
  return bytes === null ? null : checkedKey(bytes)
}

function copyOf(path: string): string {
  return `${path}.copy`
}

async function copyWords(path: string): Promise<string> {
  const copy = await readIdentityCopy(path)
  return copy ? `its copy is whole (${copy.publicKey})` : 'there is no copy of it that can be used'
}
