import { createPublicKey, verify } from 'node:crypto'
import * as z from 'zod'
import { isoTime } from '../../../src-shared/clock'
import { EspalierError, messageOf } from '../../../src-shared/errors'

/** One file of one release for one system, as our own key signed it. */
export const ReleaseSchema = z.strictObject({
  format: z.literal('espalier-release-1'),
  version: z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,4}(-[\w.]{1,20})?$/),
  platform: z.enum(['win32', 'darwin', 'linux']),
  arch: z.enum(['x64', 'arm64']),
  /** Name of the file, without a folder. */
  file: z.string().regex(/^[\w.+-]{1,200}$/),
  sizeBytes: z.int().min(1),
  sha512: z.string().regex(/^[\da-f]{128}$/),
  /** After this moment the statement is no longer good: a stale server cannot hold anybody on an old version. */
  expiresAtMs: z.int().min(0),
})
export type Release = z.output<typeof ReleaseSchema>

const SignedSchema = z.strictObject({
  /** The release as text: exactly these bytes were signed. */
  release: z.string().max(4_000),
  /** Ed25519, base64. */
  signature: z.base64().max(200),
})

export const MAX_SIGNED_BYTES = 8_000

export interface Expectation {
  /** PEM (SPKI) of the key that this app was built with. */
  publicKey: string
  platform: NodeJS.Platform
  arch: string
  /** That runs now; only newer ones are taken. */
  currentVersion: string
  now: number
}

/**
 * Reads and checks what the server says of the newest release. Throws UPDATE_REFUSED for whatever cannot be proved: no
 * usable key, a wrong signature, another system, an older version, a statement that has run out.
 */
export function readSignedRelease(text: string, expected: Expectation): Release {
  if (Buffer.byteLength(text) > MAX_SIGNED_BYTES) throw refused('the statement about it is too long')
  const signed = SignedSchema.safeParse(parse(text))
  if (!signed.success) throw refused('there is no signed statement about it')
  if (!isSigned(signed.data, expected.publicKey)) throw refused('its signature is not of this app’s makers')
  const release = ReleaseSchema.safeParse(parse(signed.data.release))
  if (!release.success) throw refused('the signed statement is not one that this version understands')
  const { platform, arch, version, expiresAtMs } = release.data
  if (platform !== expected.platform || arch !== expected.arch) throw refused(`it is for ${platform} ${arch}`)
  if (expiresAtMs <= expected.now) throw refused(`its statement ran out at ${isoTime(expiresAtMs)}`)
  if (compareVersions(version, expected.currentVersion) < 0) {
    throw refused(`${version} is older than ${expected.currentVersion}`)
  }
  return release.data
}

export function refused(why: string): EspalierError {
  return new EspalierError('UPDATE_REFUSED', why)
}

/** As semantic versioning orders them; a version with a suffix comes before the one without. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => {
    const [numbers = '', ...suffix] = version.split('-')
    return { numbers: numbers.split('.').map(Number), suffix: suffix.join('-') }
  })
  if (!left || !right) return 0
  for (let at = 0; at < 3; at++) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.suffix === right.suffix) return 0
  if (left.suffix === '' || right.suffix === '') return left.suffix === '' ? 1 : -1
  return left.suffix.localeCompare(right.suffix, 'en', { numeric: true })
}

function isSigned({ release, signature }: z.output<typeof SignedSchema>, publicKey: string): boolean {
  try {
    const key = createPublicKey(publicKey)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key is ${key.asymmetricKeyType}`)
    return verify(null, Buffer.from(release), key, Buffer.from(signature, 'base64'))
  } catch (error) {
    // Without a verifier nothing is installed.
    throw refused(`it could not be verified here (${messageOf(error)})`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
