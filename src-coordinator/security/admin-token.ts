import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { FastifyRequest } from 'fastify'
import { readFileIfThere } from '../../src-main/storage/atomic-file'
import { EspalierError } from '../../src-shared/errors'
import type { CoordinatorQueries } from '../database/tables'

const HASH_SETTING = 'admin_token_sha256'
const MIN_TOKEN_LENGTH = 32

export interface AdminAccess {
  /** The token itself, where it was given or has just been made. Nobody can find out an older one: only its hash is kept. */
  readonly token: string | null
  /** Throws COORDINATOR_ADMIN_ONLY unless the request carries `Authorization: Bearer <token>`. */
  requireAdmin(request: Pick<FastifyRequest, 'headers'>): void
}

/**
 * The key of the network's host. `given` (from the environment) counts for this process only and is not kept. Without
 * it a token is made at the first start, or when `reset` asks for a new one, and only its hash is stored. `legacyFile`
 * is where earlier releases kept the token itself: it stays valid, and the file goes.
 */
export async function openAdminAccess(
  db: CoordinatorQueries,
  options: { given?: string | undefined; reset?: boolean | undefined; legacyFile: string },
): Promise<AdminAccess> {
  if (options.given !== undefined) return access(options.given, sha256(options.given))
  const readHash = async () => {
    const row = await db.selectFrom('settings').select('value').where('name', '=', HASH_SETTING).executeTakeFirst()
    return row ? Buffer.from(row.value, 'hex') : null
  }
  if (options.reset) await db.deleteFrom('settings').where('name', '=', HASH_SETTING).execute()
  const kept = await readHash()
  if (kept) return access(null, kept)
  const token = (options.reset ? null : await readLegacy(options.legacyFile)) ?? randomBytes(24).toString('base64url')
  const mine = sha256(token)
  await db
    .insertInto('settings')
    .values({ name: HASH_SETTING, value: mine.toString('hex') })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  await rm(options.legacyFile, { force: true })
  // Another coordinator on this database may have been first; then its token counts.
  const stored = (await readHash()) ?? mine
  return access(stored.equals(mine) ? token : null, stored)
}

function access(token: string | null, hash: Buffer): AdminAccess {
  if (token !== null && token.length < MIN_TOKEN_LENGTH) {
    throw new EspalierError('BAD_ARGUMENT', `an admin token needs at least ${MIN_TOKEN_LENGTH} characters`)
  }
  return {
    token,
    requireAdmin(request) {
      const [, sent] = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? []
      // Hashes have one length, which timingSafeEqual needs, whatever was sent.
      if (!timingSafeEqual(hash, sha256(sent ?? ''))) throw new EspalierError('COORDINATOR_ADMIN_ONLY')
    },
  }
}

async function readLegacy(path: string): Promise<string | null> {
  const bytes = await readFileIfThere(path)
  const token = bytes ? new TextDecoder().decode(bytes).trim() : ''
  return token.length >= MIN_TOKEN_LENGTH ? token : null
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
