import type { JWK } from 'jose'
import * as z from 'zod'
import { parseScope, type TokenScope } from './token-scope'

// A capability token is a JWT (RFC 7519) signed with EdDSA (RFC 8037), written as a link:
// hntoken://v1/<header>.<payload>.<signature>, each part base64url.

export const TOKEN_PREFIX = 'hntoken://v1/'
/** Ours have about 600 characters; nothing longer is worth decoding. */
export const MAX_TOKEN_LENGTH = 4096
export const TOKEN_ALGORITHM = 'EdDSA'

const name = z.string().min(1).max(200)
const seconds = z
  .int()
  .min(0)
  .max(2 ** 40)

export const CapabilityClaimsSchema = z.object({
  /** Thumbprint (RFC 7638) of the coordinator's key. */
  iss: name,
  /** The network's id. */
  aud: z.union([name, z.array(name).min(1).max(16)]),
  /** The peer id that may use the token; it proves itself on its connection. */
  sub: name,
  scope: z.string().max(1000).optional(),
  nbf: seconds,
  exp: seconds,
  jti: z.string().min(8).max(64),
  /** How often each verifier takes it; any number of times without. */
  max_uses: z.int().min(1).max(1_000_000).optional(),
})
/** Times are whole seconds since the Unix epoch, as in every JWT. */
export type CapabilityClaims = z.output<typeof CapabilityClaimsSchema>

/** A coordinator's key for tokens and invites. `kid` is its RFC 7638 thumbprint. */
export interface IssuerKey {
  readonly kid: string
  /** Ed25519 private key (OKP). */
  readonly privateJwk: JWK
  readonly publicJwk: JWK
}

export async function mintToken(key: IssuerKey, claims: CapabilityClaims): Promise<string> {
  return TOKEN_PREFIX + (await signCompact(key, 'cap+jwt', claims))
}

/** A compact JWS. The same key, type and claims give the same text: EdDSA uses no randomness. */
export async function signCompact(key: IssuerKey, type: string, claims: object): Promise<string> {
  const { CompactSign } = await import('jose')
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: type, kid: key.kid })
    .sign(key.privateJwk)
}

const HeaderSchema = z.object({ alg: z.string().max(40), typ: z.string().max(40).optional(), kid: name.optional() })

export interface ParsedToken {
  /** header.payload.signature: what the signature is checked over. */
  readonly compact: string
  readonly header: z.output<typeof HeaderSchema>
  readonly claims: CapabilityClaims
  readonly scope: TokenScope
}

/** Takes a token apart and checks its shape, nothing else: it proves nothing. Null when it is not a token. */
export function parseToken(token: string): ParsedToken | null {
  if (token.length > MAX_TOKEN_LENGTH || !token.startsWith(TOKEN_PREFIX)) return null
  const compact = token.slice(TOKEN_PREFIX.length)
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(compact)
  if (!parts) return null
  const header = HeaderSchema.safeParse(decodeJson(parts[1]))
  const claims = CapabilityClaimsSchema.safeParse(decodeJson(parts[2]))
  if (!header.success || !claims.success) return null
  return { compact, header: header.data, claims: claims.data, scope: parseScope(claims.data.scope ?? '') }
}

function decodeJson(part: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
