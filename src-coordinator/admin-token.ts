import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readFileIfThere, writeFileAtomic } from '../src-main/storage/atomic-file'

/** The token of this coordinator's host: made once, kept in a file that only its user can read. */
export async function loadAdminToken(directory: string): Promise<string> {
  const path = join(directory, 'admin-token')
  const kept = await readFileIfThere(path)
  const token = kept ? new TextDecoder().decode(kept).trim() : ''
  if (token.length >= 32) return token
  const made = randomBytes(24).toString('base64url')
  await writeFileAtomic(path, `${made}\n`, 0o600)
  return made
}
