import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import * as z from 'zod'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { checkedKey } from './identity'

const FORMAT = 'espalier-identity'
const KEY_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** 128 MiB and about half a second (N · r · 128 bytes): what a person does not mind and a guesser does. */
const COST = { N: 2 ** 17, r: 8, p: 1 }
/** A file may not ask for more: it is read before anything of it is believed. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
export const MAX_IDENTITY_BACKUP_BYTES = 16 * 1024

const base64 = (bytes: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((all) => all.length === bytes)
const powerOfTwo = z
  .int()
  .min(2)
  .refine((n) => Number.isInteger(Math.log2(n)))

const BackupSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  peerId: z.string().max(120),
  scrypt: z
    .object({ N: powerOfTwo, r: z.int().min(1).max(32), p: z.int().min(1).max(4), salt: base64(SALT_BYTES) })
    .refine(({ N, r }) => 128 * N * r <= MAX_MEMORY_BYTES / 2, 'it asks for too much memory'),
  nonce: base64(NONCE_BYTES),
  tag: base64(TAG_BYTES),
  sealed: z.base64().max(1_024),
})

/**
 * The key as text for a file that may lie anywhere: sealed with AES-256-GCM under a key that scrypt makes of the
 * passphrase (both RFC-defined; parameters stand in the file). The peer id is readable and sealed against change.
 */
export async function sealIdentity(key: PrivateKey, passphrase: string, cost = COST): Promise<string> {
  const peerId = key.publicKey.toString()
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', await stretch(passphrase, { ...cost, salt }), nonce)
  cipher.setAAD(associated(peerId))
  const sealed = Buffer.concat([cipher.update(privateKeyToProtobuf(key)), cipher.final()])
  const backup = {
    format: FORMAT,
    version: 1,
    peerId,
    scrypt: { ...cost, salt: salt.toString('base64') },
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    sealed: sealed.toString('base64'),
  }
  return `${JSON.stringify(backup, null, 2)}\n`
}

/** Throws IDENTITY_BACKUP_INVALID for anything that is no backup, IDENTITY_BACKUP_LOCKED for a wrong passphrase. */
export async function openIdentityBackup(text: string, passphrase: string): Promise<PrivateKey> {
  const backup = parsed(text)
  const key = await stretch(passphrase, backup.scrypt)
  let bytes: Buffer
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, backup.nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associated(backup.peerId))
    decipher.setAuthTag(backup.tag)
    bytes = Buffer.concat([decipher.update(Buffer.from(backup.sealed, 'base64')), decipher.final()])
  } catch (error) {
    throw new EspalierError('IDENTITY_BACKUP_LOCKED', backup.peerId, { cause: error })
  }
  const opened = await checkedKey(bytes).catch((error: unknown) => {
    throw new EspalierError('IDENTITY_BACKUP_INVALID', messageOf(error))
  })
  if (opened.publicKey.toString() !== backup.peerId)
    throw new EspalierError('IDENTITY_BACKUP_INVALID', 'it holds another identity than it names')
  return opened
}

function parsed(text: string): z.output<typeof BackupSchema> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new EspalierError('IDENTITY_BACKUP_INVALID', 'it is not JSON')
  }
  const result = BackupSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new EspalierError('IDENTITY_BACKUP_INVALID', issue && `${issue.path.join('.')}: ${issue.message}`)
}

function associated(peerId: string): Buffer {
  return Buffer.from(`${FORMAT} 1 ${peerId}`)
}

/** The same words typed on two systems may come in two Unicode forms; they are one passphrase. */
function stretch(
  passphrase: string,
  { N, r, p, salt }: { N: number; r: number; p: number; salt: Uint8Array },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: MAX_MEMORY_BYTES }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
