import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { seededIssuer } from '../../test/membership/issuer-keys'
import { mintToken } from './capability-token'
import { type BoundSession, bindSession } from './session-binding'
import { createSessionGuard, type SessionHeader } from './session-guard'
import { formatScope } from './token-scope'
import type { TokenAuthority } from './verify'

const MODEL = 'Tiny-Jargon-8'
const BLOCKS = { start: 2, end: 5 }
const issuer = await seededIssuer('issuer')
const clock = new FakeClock()

function tokenFor(peer: string, more: { max_uses?: number } = {}): Promise<string> {
  const nowS = Math.floor(clock.now() / 1000)
  const scope = formatScope({ asks: [MODEL], serves: [{ model: MODEL, blocks: BLOCKS }] })
  return mintToken(issuer, {
    ...{ iss: issuer.kid, aud: 'orchard', sub: peer, scope, nbf: nowS - 30, exp: nowS + 3600, jti: `token-${peer}` },
    ...more,
  })
}

async function member() {
  const identity = await generateKeyPair('Ed25519')
  const peer = peerIdFromPrivateKey(identity).toString()
  return { identity, peer, token: await tokenFor(peer) }
}

let us: Awaited<ReturnType<typeof member>>
let asker: typeof us
let thief: typeof us
beforeAll(async () => {
  ;[us, asker, thief] = await Promise.all([member(), member(), member()])
})

function guardOf({ membersOnly = true, isMember = true, maxOpened = 100 } = {}) {
  const revoked = new Set<string>()
  const authority: TokenAuthority = { networkId: 'orchard', keys: new Map([[issuer.kid, issuer.publicJwk]]), revoked }
  const keeper = {
    token: () => (isMember ? us.token : null),
    authority: () => (isMember ? authority : null),
    membersOnly,
  }
  const guard = createSessionGuard({ keeper, identity: us.identity, model: () => MODEL, clock, maxOpened })
  return { guard, revoked }
}

const sessionOf = (entry: string, change: Partial<BoundSession> = {}): BoundSession => ({
  ...{ id: 'ab'.repeat(16), entry, root: 'root', contextTokens: 64 },
  route: [
    { peer: 'first', start: 0, end: 2 },
    { peer: us.peer, ...BLOCKS },
  ],
  ...change,
})

/** What a stage hears of a session that was signed as `signed` and comes as `shown`. */
async function headerOf(signed = sessionOf(asker.peer), shown = signed, by = asker): Promise<SessionHeader> {
  const binding = await bindSession(by.identity, signed, clock.now())
  return { entry: shown.entry, token: asker.token, session: { ...shown, binding } }
}

async function codeOf(judged: ReturnType<ReturnType<typeof createSessionGuard>['authorise']>): Promise<string> {
  const admission = await judged
  return admission.ok ? admission.standing : admission.refusal.code
}

describe('a session in a network for members only', () => {
  it('H-19: is let in with a token and the signature of the peer that the token belongs to', async () => {
    const { guard } = guardOf()
    expect(await codeOf(guard.authorise(await headerOf()))).toBe('bound')
  })

  it('H-19: a captured token and signature are good for no other session, route, model or length', async () => {
    const { guard } = guardOf()
    const signed = sessionOf(asker.peer)
    const others: Partial<BoundSession>[] = [
      { id: 'cd'.repeat(16) },
      { route: [{ peer: thief.peer, start: 0, end: 2 }, ...signed.route.slice(1)] },
      { route: signed.route.map((stage, i) => (i === 0 ? { ...stage, end: 1 } : stage)) },
      { route: [...signed.route, { peer: thief.peer, start: 5, end: 8 }] },
      { root: 'other' },
      { contextTokens: 4096 },
    ]
    for (const change of others) {
      const shown = { ...signed, ...change }
      expect(await codeOf(guard.authorise(await headerOf(signed, shown))), JSON.stringify(change)).toBe(
        'TOKEN_NOT_BOUND',
      )
    }
    // None of them has used the real one up.
    expect(await codeOf(guard.authorise(await headerOf(signed)))).toBe('bound')
  })

  it('H-19: a token without its owner’s signature is refused, also with the thief’s', async () => {
    const { guard } = guardOf()
    const { entry, token, session } = await headerOf()
    expect(await codeOf(guard.authorise({ entry, token }))).toBe('TOKEN_NOT_BOUND')
    expect(await codeOf(guard.authorise({ entry, token, session: { ...session!, binding: undefined } }))).toBe(
      'TOKEN_NOT_BOUND',
    )
    expect(await codeOf(guard.authorise(await headerOf(sessionOf(asker.peer), undefined, thief)))).toBe(
      'TOKEN_NOT_BOUND',
    )
    const inOwnName = sessionOf(thief.peer)
    expect(await codeOf(guard.authorise(await headerOf(inOwnName, inOwnName, thief)))).toBe('TOKEN_WRONG_SUBJECT')
    expect(await codeOf(guard.authorise({ entry: asker.peer }))).toBe('TOKEN_MISSING')
  })

  it('H-19: each session opens once; the same bytes again are refused', async () => {
    const { guard } = guardOf()
    const header = await headerOf()
    expect(await codeOf(guard.authorise(header))).toBe('bound')
    expect(await codeOf(guard.authorise(header))).toBe('SESSION_REPLAYED')
    // Signed anew it is the same session still.
    await clock.advance(1_000)
    expect(await codeOf(guard.authorise(await headerOf()))).toBe('SESSION_REPLAYED')
    expect(await codeOf(guard.authorise(await headerOf(sessionOf(asker.peer, { id: 'ef'.repeat(16) }))))).toBe('bound')
  })

  it('H-19: an id that somebody else has used is no session of this entry', async () => {
    const { guard } = guardOf()
    const theirs = sessionOf(thief.peer)
    const header = await headerOf(theirs, theirs, thief)
    expect(await codeOf(guard.authorise({ ...header, token: thief.token }))).toBe('bound')
    expect(await codeOf(guard.authorise(await headerOf()))).toBe('bound')
  })

  it('H-19: no opened session is forgotten for a new one while its signature would still be taken', async () => {
    const { guard } = guardOf({ maxOpened: 1 })
    const header = await headerOf()
    expect(await codeOf(guard.authorise(header))).toBe('bound')
    await clock.advance(179_000)
    const next = () => headerOf(sessionOf(asker.peer, { id: 'ef'.repeat(16) }))
    expect(await codeOf(guard.authorise(await next()))).toBe('SESSION_LIMIT')
    expect(await codeOf(guard.authorise(header))).toBe('SESSION_REPLAYED')
    await clock.advance(1_000)
    expect(await codeOf(guard.authorise(await next()))).toBe('bound')
  })

  it('H-19: a signature is good for minutes; when it is forgotten it is of no use any more', async () => {
    const { guard } = guardOf()
    const header = await headerOf()
    await clock.advance(179_000)
    expect(await codeOf(guard.authorise(header))).toBe('bound')
    await clock.advance(1_000)
    expect(await codeOf(guard.authorise(header))).toBe('TOKEN_NOT_BOUND')
    const fast = await bindSession(asker.identity, sessionOf(asker.peer), clock.now() + 61_000)
    const { entry, token, session } = await headerOf()
    expect(await codeOf(guard.authorise({ entry, token, session: { ...session!, binding: fast } }))).toBe(
      'TOKEN_NOT_BOUND',
    )
  })

  it('H-19: whose grant was taken back serves nobody, asks nobody and trusts nobody', async () => {
    const { guard } = guardOf({ isMember: false })
    expect(await codeOf(guard.authorise(await headerOf()))).toBe('STAGE_LOST')
    await expect(guard.bind(sessionOf(us.peer))).rejects.toMatchObject({ code: 'TOKEN_MISSING' })
    expect(await guard.whyNotServe(asker.peer, BLOCKS, asker.token)).toMatchObject({ code: 'TOKEN_ISSUER_UNKNOWN' })
  })

  it('H-19: what this node signs is good at another one', async () => {
    const { guard } = guardOf()
    const session = sessionOf(us.peer)
    const binding = (await guard.bind(session)) ?? undefined
    expect(await codeOf(guard.authorise({ entry: us.peer, token: us.token, session: { ...session, binding } }))).toBe(
      'bound',
    )
  })
})

describe('a stage in a network for members only', () => {
  it('H-19: may serve the blocks that its own token names, and no others', async () => {
    const { guard, revoked } = guardOf()
    const codeFor = async (token: string | undefined, blocks = BLOCKS) =>
      (await guard.whyNotServe(asker.peer, blocks, token))?.code ?? null
    expect(await codeFor(asker.token)).toBeNull()
    expect(await codeFor(asker.token, { start: 3, end: 5 })).toBeNull()
    for (const blocks of [
      { start: 2, end: 6 },
      { start: 1, end: 5 },
    ])
      expect(await codeFor(asker.token, blocks)).toBe('TOKEN_SCOPE_INSUFFICIENT')
    expect(await codeFor(thief.token)).toBe('TOKEN_WRONG_SUBJECT')
    expect(await codeFor(undefined)).toBe('TOKEN_MISSING')
    revoked.add(`token-${asker.peer}`)
    expect(await codeFor(asker.token)).toBe('TOKEN_REVOKED')
  })

  it('H-19: to look at its token is no use of it', async () => {
    const { guard } = guardOf()
    const token = await tokenFor(asker.peer, { max_uses: 1 })
    for (let look = 0; look < 3; look += 1) expect(await guard.whyNotServe(asker.peer, BLOCKS, token)).toBeNull()
  })
})

describe('in a network that gives tokens and is open', () => {
  it('guests come in, a token needs no signature, and nothing is signed', async () => {
    const { guard } = guardOf({ membersOnly: false })
    const { entry, token, session } = await headerOf()
    expect(await codeOf(guard.authorise({ entry: 'guest' }))).toBe('guest')
    expect(await codeOf(guard.authorise({ entry, token, session: { ...session!, binding: undefined } }))).toBe('bearer')
    // A signature that is shown must be right, as a token must.
    expect(await codeOf(guard.authorise({ entry, token, session: session! }))).toBe('bound')
    const stolen = await headerOf(sessionOf(asker.peer, { id: 'ef'.repeat(16) }), undefined, thief)
    expect(await codeOf(guard.authorise(stolen))).toBe('TOKEN_NOT_BOUND')
    expect(await guard.bind(sessionOf(us.peer))).toBeNull()
    expect(guard.isMembersOnly()).toBe(false)
  })
})
