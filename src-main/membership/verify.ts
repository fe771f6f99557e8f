import type { JWK } from 'jose'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type CapabilityClaims, parseToken, TOKEN_ALGORITHM } from './capability-token'
import { allows, type Capability } from './token-scope'
import type { UseCounter } from './use-counter'

/** Clocks of honest computers differ. */
export const TOKEN_LEEWAY_MS = 60_000

/** What a verifier knows of the network whose tokens it takes. */
export interface TokenAuthority {
  readonly networkId: string
  /** The coordinator's public keys by their `kid`; each is its own issuer name. */
  readonly keys: ReadonlyMap<string, JWK>
  /** Ids (`jti`) of tokens that were taken back before they expired. */
  readonly revoked: ReadonlySet<string>
}

/** Who presents the token, and what for. */
export interface TokenUse {
  subject: string
  needs: Capability
}

export type Verdict = { ok: true; claims: CapabilityClaims } | { ok: false; refusal: EspalierError }

/** The codes that a verdict can carry. On wires they are lower case: `token_expired`. */
export const TOKEN_REFUSALS = [
  'TOKEN_MISSING',
  'TOKEN_MALFORMED',
  'TOKEN_ALGORITHM_REFUSED',
  'TOKEN_ISSUER_UNKNOWN',
  'TOKEN_SIGNATURE_INVALID',
  'TOKEN_NOT_YET_VALID',
  'TOKEN_EXPIRED',
  'TOKEN_WRONG_AUDIENCE',
  'TOKEN_WRONG_SUBJECT',
  'TOKEN_SCOPE_MISSING',
  'TOKEN_SCOPE_INSUFFICIENT',
  'TOKEN_REVOKED',
  'TOKEN_USED_UP',
] as const
export type TokenRefusal = (typeof TOKEN_REFUSALS)[number]

/**
 * Decides about one presentation of a token, before anything is done for its bearer: signature, time, audience, subject,
 * scope, revocation, uses, in this order; only what passed all the others counts as a use, and nothing where `uses` is null.
 * Never throws.
 */
export async function verifyToken(
  token: string | null | undefined,
  use: TokenUse,
  known: { authority: TokenAuthority; uses: UseCounter | null; clock: Clock },
): Promise<Verdict> {
  const { authority, uses, clock } = known
  if (!token) return refused('TOKEN_MISSING')
  const parsed = parseToken(token)
  if (!parsed) return refused('TOKEN_MALFORMED')
  const { claims, header, scope } = parsed
  if (header.alg !== TOKEN_ALGORITHM) return refused('TOKEN_ALGORITHM_REFUSED')
  const key = authority.keys.get(claims.iss)
  if (!key || (header.kid !== undefined && header.kid !== claims.iss)) return refused('TOKEN_ISSUER_UNKNOWN')
  if (!(await isSignedBy(parsed.compact, key))) return refused('TOKEN_SIGNATURE_INVALID')

  const now = clock.now()
  if (now < claims.nbf * 1000 - TOKEN_LEEWAY_MS) return refused('TOKEN_NOT_YET_VALID')
  if (now >= claims.exp * 1000 + TOKEN_LEEWAY_MS) return refused('TOKEN_EXPIRED')
  if (![claims.aud].flat().includes(authority.networkId)) return refused('TOKEN_WRONG_AUDIENCE')
  if (claims.sub !== use.subject) return refused('TOKEN_WRONG_SUBJECT')
  if (!claims.scope?.trim()) return refused('TOKEN_SCOPE_MISSING')
  if (!allows(scope, use.needs)) return refused('TOKEN_SCOPE_INSUFFICIENT')
  if (authority.revoked.has(claims.jti)) return refused('TOKEN_REVOKED')
  // No await between look and count: two presentations at once must not share the last use.
  if (claims.max_uses !== undefined && uses) {
    const counted = uses.take(claims.jti, claims.max_uses, claims.exp * 1000 + TOKEN_LEEWAY_MS)
    if (counted === 'full') return { ok: false, refusal: new EspalierError('SESSION_LIMIT', 'too many counted tokens') }
    if (counted === 'used-up') return refused('TOKEN_USED_UP')
  }
  return { ok: true, claims }
}

/** The documented answer to a refused token: `{"error":"token_expired","message":"Capability token has expired"}`. */
export function refusalDocument(refusal: EspalierError): { error: string; message: string } {
  return { error: refusal.code.toLowerCase(), message: refusal.message }
}

async function isSignedBy(compact: string, key: JWK): Promise<boolean> {
  // Loaded with the first token: most nodes are never shown one.
  const { compactVerify } = await import('jose')
  try {
    await compactVerify(compact, key, { algorithms: [TOKEN_ALGORITHM] })
    return true
  } catch {
    return false
  }
}

function refused(code: TokenRefusal): Verdict {
  return { ok: false, refusal: new EspalierError(code) }
}
