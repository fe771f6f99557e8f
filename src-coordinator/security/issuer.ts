import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { IssuerKey } from '../../src-main/membership/capability-token'
import type { CoordinatorQueries } from '../database/tables'

const NETWORK_ID_SETTING = 'network_id'

/** Who signs tokens and invites, and for which network. Both are in the database: coordinators that share it are one. */
export interface Issuer {
  readonly networkId: string
  readonly key: IssuerKey
  /** Public keys by their `kid`, the signing one's included. */
  readonly keys: ReadonlyMap<string, JWK>
}

/** Makes network id and key at the first start; two coordinators that start at once agree on the same. */
export async function openIssuer(db: CoordinatorQueries, now: number): Promise<Issuer> {
  await db
    .insertInto('settings')
    .values({ name: NETWORK_ID_SETTING, value: randomUUID() })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { value: networkId } = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', NETWORK_ID_SETTING)
    .executeTakeFirstOrThrow()
  const readKeys = () => db.selectFrom('issuer_keys').selectAll().orderBy('created_at', 'desc').orderBy('kid').execute()
  let rows = await readKeys()
  if (rows.length === 0) {
    await db
      .insertInto('issuer_keys')
      .values(await newKey(now))
      .execute()
    rows = await readKeys()
  }
  const keys = rows.map(({ kid, private_jwk }) => issuerKey(kid, JSON.parse(private_jwk)))
  const [key] = keys
  if (!key) throw new Error('the key that was just stored is not there')
  return { networkId, key, keys: new Map(keys.map(({ kid, publicJwk }) => [kid, publicJwk])) }
}

async function newKey(now: number) {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { kid: await calculateJwkThumbprint(publicOf(jwk)), private_jwk: JSON.stringify(jwk), created_at: now }
}

function issuerKey(kid: string, privateJwk: JWK): IssuerKey {
  return { kid, privateJwk, publicJwk: publicOf(privateJwk) }
}

function publicOf({ kty, crv, x }: JWK): JWK {
  if (kty !== 'OKP' || crv === undefined || x === undefined) throw new Error('a key that is not Ed25519')
  return { kty, crv, x }
}
