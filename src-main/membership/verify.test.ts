import { CompactSign } from 'jose'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import golden from '../../test/fixtures/capability-tokens.json'
import { seededIssuer } from '../../test/membership/issuer-keys'
import { type CapabilityClaims, MAX_TOKEN_LENGTH, mintToken, parseToken, TOKEN_PREFIX } from './capability-token'
import { allows, formatScope, parseScope } from './token-scope'
import { createUseCounter } from './use-counter'
import { refusalDocument, TOKEN_REFUSALS, type TokenUse, verifyToken } from './verify'

const issuer = await seededIssuer('issuer')
const impostor = await seededIssuer('impostor')
const START_MS = Date.UTC(2026, 0, 1)
const START_S = START_MS / 1000
const MODEL = 'Tiny-Jargon-8'

const claims: CapabilityClaims = {
  iss: issuer.kid,
  aud: 'orchard',
  sub: 'peer-a',
  scope: formatScope({ asks: [MODEL], serves: [{ model: MODEL, blocks: { start: 2, end: 5 } }] }),
  nbf: START_S,
  exp: START_S + 3600,
  jti: 'token-0001',
}
const ask: TokenUse = { subject: 'peer-a', needs: { action: 'ask', model: MODEL } }
const serve = (start: number, end: number): TokenUse => ({
  subject: 'peer-a',
  needs: { action: 'serve', model: MODEL, blocks: { start, end } },
})

function verifier(revoked: string[] = [], capacity?: number) {
  const clock = new FakeClock(START_MS)
  const uses = createUseCounter(clock, capacity)
  const authority = {
    networkId: 'orchard',
    keys: new Map([[issuer.kid, issuer.publicJwk]]),
    revoked: new Set(revoked),
  }
  return {
    clock,
    uses,
    verify: (token: string | null, use = ask) => verifyToken(token, use, { authority, uses, clock }),
  }
}

async function codeOf(verdict: ReturnType<typeof verifyToken>): Promise<string> {
  const settled = await verdict
  return settled.ok ? 'ok' : settled.refusal.code
}

const mint = (change: Partial<CapabilityClaims> = {}) => mintToken(issuer, { ...claims, ...change })
const without = (name: keyof CapabilityClaims) => {
  const { [name]: _left, ...rest } = claims
  return mintToken(issuer, rest as CapabilityClaims)
}
const withPart = async (index: number, change: (part: string) => string) => {
  const parts = (await mint()).slice(TOKEN_PREFIX.length).split('.')
  parts[index] = change(parts[index]!)
  return TOKEN_PREFIX + parts.join('.')
}
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const table: [string, () => Promise<string | null>, string, TokenUse?][] = [
  ['a good one', () => mint(), 'ok'],
  ['none at all', async () => null, 'TOKEN_MISSING'],
  ['no link', async () => 'Bearer abc', 'TOKEN_MALFORMED'],
  ['a later version', async () => (await mint()).replace('v1', 'v2'), 'TOKEN_MALFORMED'],
  ['two parts', async () => (await mint()).replace(/\.[^.]+$/, ''), 'TOKEN_MALFORMED'],
  ['claims that are no JSON', () => withPart(1, () => 'AAAA'), 'TOKEN_MALFORMED'],
  ['no expiry', () => without('exp'), 'TOKEN_MALFORMED'],
  ['no id to revoke it by', () => without('jti'), 'TOKEN_MALFORMED'],
  ['longer than any token', async () => (await mint()) + 'A'.repeat(MAX_TOKEN_LENGTH), 'TOKEN_MALFORMED'],
  [
    'algorithm “none”',
    () => withPart(0, () => json({ alg: 'none', kid: issuer.kid })).then((token) => token.replace(/[^.]+$/, '')),
    'TOKEN_ALGORITHM_REFUSED',
  ],
  ['algorithm HS256', () => withPart(0, () => json({ alg: 'HS256', kid: issuer.kid })), 'TOKEN_ALGORITHM_REFUSED'],
  [
    'an issuer that we do not know',
    () => mintToken(impostor, { ...claims, iss: impostor.kid }),
    'TOKEN_ISSUER_UNKNOWN',
  ],
  ['a key that is not the issuer’s', () => mintToken(impostor, claims), 'TOKEN_ISSUER_UNKNOWN'],
  [
    'another’s signature under our name',
    () => mintToken({ ...impostor, kid: issuer.kid }, claims),
    'TOKEN_SIGNATURE_INVALID',
  ],
  [
    'claims changed after signing',
    () => withPart(1, () => json({ ...claims, sub: 'peer-b' })),
    'TOKEN_SIGNATURE_INVALID',
  ],
  ['an early one', () => mint({ nbf: START_S + 61 }), 'TOKEN_NOT_YET_VALID'],
  ['an expired one', () => mint({ nbf: START_S - 3600, exp: START_S - 60 }), 'TOKEN_EXPIRED'],
  ['another network’s', () => mint({ aud: 'meadow' }), 'TOKEN_WRONG_AUDIENCE'],
  ['another node’s', () => mint({ sub: 'peer-b' }), 'TOKEN_WRONG_SUBJECT'],
  ['no scope', () => without('scope'), 'TOKEN_SCOPE_MISSING'],
  ['a blank scope', () => mint({ scope: ' ' }), 'TOKEN_SCOPE_MISSING'],
  ['another model', () => mint({ scope: 'ask:Other' }), 'TOKEN_SCOPE_INSUFFICIENT'],
  ['blocks beyond its own', () => mint(), 'TOKEN_SCOPE_INSUFFICIENT', serve(4, 6)],
  ['its own blocks', () => mint(), 'ok', serve(2, 5)],
  ['a revoked one', () => mint({ jti: 'token-gone' }), 'TOKEN_REVOKED'],
]

describe('capability tokens', () => {
  it('H-19: the table has at least 14 cases', () => expect(table.length).toBeGreaterThanOrEqual(14))

  it.each(table)('H-19: %s', async (_name, make, expected, use) => {
    expect(await codeOf(verifier(['token-gone']).verify(await make(), use))).toBe(expected)
  })

  it('H-19: an over-used one, also when its uses come at once; another token has uses of its own', async () => {
    const { verify } = verifier()
    const token = await mint({ max_uses: 3 })
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(verify(token))))
    expect(codes.filter((code) => code === 'ok')).toHaveLength(3)
    expect(codes.filter((code) => code === 'TOKEN_USED_UP')).toHaveLength(5)
    expect(await codeOf(verify(await mint({ max_uses: 1, jti: 'token-0002' })))).toBe('ok')
  })

  it('H-19: what is refused for another reason uses nothing up', async () => {
    const { verify, clock } = verifier()
    const token = await mint({ max_uses: 1, nbf: START_S + 600 })
    expect(await codeOf(verify(token))).toBe('TOKEN_NOT_YET_VALID')
    await clock.advance(600_000)
    expect(await codeOf(verify(token))).toBe('ok')
  })

  it('H-19: clocks may differ by 60 s and no more, on both ends', async () => {
    const late = await mint({ exp: START_S })
    const early = await mint({ nbf: START_S + 120 })
    const { verify, clock } = verifier()
    await clock.advance(59_999)
    expect([await codeOf(verify(late)), await codeOf(verify(early))]).toEqual(['ok', 'TOKEN_NOT_YET_VALID'])
    await clock.advance(1)
    expect([await codeOf(verify(late)), await codeOf(verify(early))]).toEqual(['TOKEN_EXPIRED', 'ok'])
  })

  it('H-19: the answer to an expired token is the documented one', async () => {
    const verdict = await verifier().verify(await mint({ nbf: 0, exp: 1 }))
    expect(verdict.ok ? null : refusalDocument(verdict.refusal)).toEqual({
      error: 'token_expired',
      message: 'Capability token has expired',
    })
  })

  it('H-19: every refusal has a row in the table', () => {
    const covered = new Set([...table.map(([, , code]) => code), 'TOKEN_USED_UP'])
    expect(TOKEN_REFUSALS.filter((code) => !covered.has(code))).toEqual([])
  })

  it('H-19: the memory of uses is bounded and forgets only what has expired', async () => {
    const clock = new FakeClock(START_MS)
    const uses = createUseCounter(clock, 100)
    for (let i = 0; i < 100; i++) expect(uses.take(`t${i}`, 1, START_MS + 1000 + i)).toBe('ok')
    expect(uses.take('one-more', 1, START_MS + 1000)).toBe('full')
    expect(uses.take('t0', 1, START_MS + 1000)).toBe('used-up')
    await clock.advance(1_010)
    expect(uses.take('one-more', 1, START_MS + 9000)).toBe('ok')
    expect(uses.take('t50', 1, START_MS + 1050)).toBe('used-up')
    expect(uses.size).toBe(90)
  })

  it('H-19: as long as a token would be taken its uses are remembered, and others are refused for want of room', async () => {
    const { verify, clock } = verifier([], 1)
    const used = await mint({ max_uses: 1 })
    expect(await codeOf(verify(used))).toBe('ok')
    await clock.advance(3_600_000 + 59_999)
    const other = await mint({ max_uses: 1, jti: 'token-0002', exp: START_S + 7200 })
    expect(await codeOf(verify(other))).toBe('SESSION_LIMIT')
    expect(await codeOf(verify(used))).toBe('TOKEN_USED_UP')
    await clock.advance(1)
    expect(await codeOf(verify(other))).toBe('ok')
  })

  it('H-19: cut and flipped tokens are refused, and nothing throws', async () => {
    const { verify } = verifier()
    const token = await mint()
    for (let length = 0; length < token.length; length += 7) {
      expect(await codeOf(verify(token.slice(0, length)))).toMatch(/^TOKEN_/)
    }
    for (let at = 0; at < token.length - 1; at++) {
      const flipped = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      expect(await codeOf(verify(flipped)), `character ${at}`).toMatch(/^TOKEN_/)
    }
  })

  it('H-20: golden vectors of another implementation are read and taken', async () => {
    expect(golden.kid).toBe((await seededIssuer('golden')).kid)
    for (const { name, token, claims: expected, header } of golden.vectors) {
      const parsed = parseToken(token)
      expect(parsed?.header, name).toMatchObject({ alg: header.alg })
      expect(expected, name).toMatchObject(parsed?.claims ?? {})
      const clock = new FakeClock(expected.nbf * 1000)
      const authority = {
        networkId: 'orchard',
        keys: new Map([[golden.kid, golden.publicJwk]]),
        revoked: new Set<string>(),
      }
      const model = parsed?.scope.asks[0] ?? ''
      const use: TokenUse = { subject: expected.sub, needs: { action: 'ask', model } }
      const verdict = await verifyToken(token, use, { authority, uses: createUseCounter(clock), clock })
      expect(verdict.ok, name).toBe(true)
    }
  })

  it('H-20: we write the golden vectors byte for byte', async () => {
    const key = await seededIssuer('golden')
    for (const { token, claims: written } of golden.vectors.slice(0, 2)) {
      expect(await mintToken(key, written as CapabilityClaims)).toBe(token)
    }
  })

  it('H-20: a JWS of other content is no token', async () => {
    const text = new CompactSign(new TextEncoder().encode('Example of Ed25519 signing'))
    const compact = await text.setProtectedHeader({ alg: 'EdDSA' }).sign(issuer.privateJwk)
    expect(parseToken(TOKEN_PREFIX + compact)).toBeNull()
  })

  it('scopes: any model name survives, and broken entries allow nothing', () => {
    const scope = {
      asks: ['owner/name', 'with space', 'with:colon', '100%'],
      serves: [{ model: 'a b:c', blocks: { start: 0, end: 9 } }],
    }
    expect(parseScope(formatScope(scope))).toEqual(scope)
    for (const broken of [
      'ask:%',
      'ask:',
      'ask:m:0-3',
      'serve:m',
      'serve:m:5-5',
      'serve:m:9-3',
      'serve:m:-1-3',
      'ASK:m',
    ]) {
      expect(parseScope(broken), broken).toEqual({ asks: [], serves: [] })
    }
    expect(allows(parseScope('ask:m'), { action: 'serve', model: 'm', blocks: { start: 0, end: 1 } })).toBe(false)
    expect(allows(parseScope('serve:m:0-3'), { action: 'ask', model: 'm' })).toBe(false)
  })
})
