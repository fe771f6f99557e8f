import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import QRCode from 'qrcode'
import { afterEach, describe, expect, it } from 'vitest'
import { parseToken, signCompact } from '../../src-main/membership/capability-token'
import { formatInviteLink, parseInviteLink } from '../../src-main/membership/invite'
import { createTokenKeeper } from '../../src-main/membership/token-keeper'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { FakeClock } from '../../test/fake-clock'
import { seededIssuer } from '../../test/membership/issuer-keys'
import { readQrSvg } from '../../test/membership/read-qr'
import { type AnswerBody, send, signingWorker } from '../../test/membership/signing-worker'
import { startTestCoordinator } from '../test-coordinator'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(clock = new FakeClock()) {
  const coordinator = await startTestCoordinator({ clock, security: { rateLimits: null } })
  cleanups.push(() => coordinator.remove())
  const admin = { authorization: `Bearer ${coordinator.server.adminToken}` }
  const call = (method: string, path: string, body?: object) => send(coordinator.server.url + path, method, body, admin)
  return {
    clock,
    coordinator,
    call,
    worker: () => signingWorker(() => coordinator.server.url, { clock }),
    invite: async (body: object = {}) => {
      const made = (await call('POST', '/invites', body)).body
      const [link, id, picturePath] = [String(made.link), String(made.invite_id), String(made.qr_path)]
      return { link, id, picturePath, invite: inviteIn(link, clock.now()) }
    },
  }
}

const inviteIn = (link: string, now: number) => parseInviteLink(link, now).invite
const codeOf = ({ status, body }: { status: number; body: AnswerBody }) => [status, body.error?.code ?? null]

describe('invites', () => {
  it('H-29: an invited node is approved at once, and the list says who came', async () => {
    const { coordinator, invite, worker, call, clock } = await start()
    const made = await invite({ label: 'for Ada' })
    expect(parseInviteLink(made.link, clock.now())).toMatchObject({ coordinatorUrl: coordinator.server.url })
    const guest = await worker()
    const registered = await guest.register({ x_invite: made.invite })
    expect(registered.body).toMatchObject({ status: 'online', layers_start: 0 })
    expect(registered.body.x_decision).toMatchObject({ reason: expect.stringContaining('Invited: for Ada') })
    expect(registered.body.x_capability?.token).toMatch(/^hntoken:\/\/v1\//)
    const [listed] = (await call('GET', '/invites')).body.invites
    expect(listed).toMatchObject({ label: 'for Ada', state: 'used', redeemed_by: guest.workerId, link: null })
  })

  it('H-29: a second node can’t use it, also not at the same moment', async () => {
    const { invite, worker, coordinator } = await start()
    const made = await invite()
    const guests = await Promise.all([worker(), worker(), worker()])
    const answers = await Promise.all(guests.map((guest) => guest.register({ x_invite: made.invite })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    expect(codeOf(await (await worker()).register({ x_invite: made.invite }))).toEqual([409, 'INVITE_USED'])
    const { workers } = await coordinator.server.snapshot()
    // The others leave nothing behind, not even a request that the host would have to answer.
    expect(workers.map(({ x_standing }) => x_standing)).toEqual(['approved'])
  })

  it('H-29: an invite is not used up by a registration that is refused', async () => {
    const { invite, worker } = await start()
    const made = await invite()
    const confined = await worker()
    expect(codeOf(await confined.register({ x_invite: made.invite, x_demo: true }))).toEqual([403, 'DEMO_CONFINED'])
    expect((await (await worker()).register({ x_invite: made.invite })).body.status).toBe('online')
  })

  it('H-29: whoever holds one can ask whether it is good, and uses nothing up', async () => {
    const { invite, worker, clock, coordinator } = await start()
    const made = await invite({ expires_in_s: 60 })
    const ask = (text: unknown) => send(`${coordinator.server.url}/invites/check`, 'POST', { invite: text })
    for (let time = 0; time < 2; time += 1) expect(await ask(made.invite)).toMatchObject({ status: 200 })
    expect(codeOf(await ask(`${made.invite.slice(0, -4)}AAAA`))).toEqual([400, 'INVITE_INVALID'])
    expect(codeOf(await ask('x'.repeat(2_000)))).toEqual([400, 'BAD_ARGUMENT'])
    const guest = await worker()
    expect((await guest.register({ x_invite: made.invite })).body).toMatchObject({ status: 'online' })
    expect(codeOf(await ask(made.invite))).toEqual([409, 'INVITE_USED'])
    const other = await invite({ expires_in_s: 60 })
    await clock.advance(61_000)
    expect(codeOf(await ask(other.invite))).toEqual([410, 'INVITE_EXPIRED'])
    // Who is in already is not sent away for an old invite that its program still shows.
    const another = await worker()
    await another.register()
    await coordinator.approve(another.workerId)
    expect((await another.register({ x_invite: other.invite })).status).toBe(200)
  })

  it('H-29: forged, expired, revoked and foreign ones are refused with the reason, and nothing is registered', async () => {
    const { invite, worker, call, clock, coordinator } = await start()
    const good = await invite()
    const claims = decodeJwt(good.invite)
    const forger = await seededIssuer('forger')
    const flipped = `${good.invite.slice(0, -10)}${good.invite.slice(-10) === 'AAAAAAAAAA' ? 'B' : 'A'.repeat(10)}`
    const revoked = await invite()
    expect((await call('DELETE', `/invites/${revoked.id}`)).body.state).toBe('revoked')
    const expired = await invite({ expires_in_s: 60 })
    const foreign = await (await start()).invite()
    await clock.advance(61_000)
    const cases: [string, string, number, string][] = [
      ['signed by another', await signCompact(forger, 'invite+jwt', claims), 400, 'INVITE_INVALID'],
      [
        'another’s signature under our key’s name',
        await signCompact({ ...forger, kid: String(claims.iss) }, 'invite+jwt', claims),
        400,
        'INVITE_INVALID',
      ],
      ['changed', flipped, 400, 'INVITE_INVALID'],
      ['cut', good.invite.slice(0, 100), 400, 'INVITE_INVALID'],
      ['another network’s', foreign.invite, 400, 'INVITE_INVALID'],
      ['revoked', revoked.invite, 410, 'INVITE_REVOKED'],
      ['expired', expired.invite, 410, 'INVITE_EXPIRED'],
    ]
    for (const [name, text, status, code] of cases) {
      expect(codeOf(await (await worker()).register({ x_invite: text })), name).toEqual([status, code])
    }
    expect((await coordinator.server.snapshot()).workers).toEqual([])
    expect((await (await worker()).register({ x_invite: good.invite })).status).toBe(200)
  })

  it('H-29: a capability token is no invite', async () => {
    const { invite, worker } = await start()
    const member = await worker()
    const token = (await member.register({ x_invite: (await invite()).invite })).body.x_capability?.token ?? ''
    const compact = parseToken(token)?.compact
    expect(codeOf(await (await worker()).register({ x_invite: compact }))).toEqual([400, 'INVITE_INVALID'])
  })

  it('H-29: the QR code reads as the link', async () => {
    const { invite, coordinator, call } = await start()
    const made = await invite()
    const admin = { authorization: `Bearer ${coordinator.server.adminToken}` }
    const picture = await fetch(`${coordinator.server.url}${made.picturePath}`, { headers: admin })
    expect(picture.headers.get('content-type')).toContain('image/svg+xml')
    expect(readQrSvg(await picture.text())).toBe(made.link)
    await call('DELETE', `/invites/${made.id}`)
    expect(codeOf(await call('GET', `/invites/${made.id}/qr.svg`))).toEqual([410, 'INVITE_REVOKED'])
  })

  it('H-29: the reader of these tests reads codes of every kind and size', async () => {
    for (const text of [
      'A',
      '0123456789',
      'HELLO WORLD $%*+-./:',
      'espalier://ü?x=1',
      `12345678ABC${'xyz'.repeat(300)}99887766`,
    ]) {
      for (const errorCorrectionLevel of ['L', 'M', 'Q', 'H'] as const) {
        expect(readQrSvg(await QRCode.toString(text, { type: 'svg', errorCorrectionLevel })), text).toBe(text)
      }
    }
  })

  it('H-29: links that are none are refused before anybody is asked', async () => {
    const { invite, clock } = await start()
    const made = await invite({ expires_in_s: 60 })
    const link = made.link
    const cases: [string, string][] = [
      ['', 'INVITE_INVALID'],
      ['https://example.org/invite', 'INVITE_INVALID'],
      [link.replace('url=http', 'url=file'), 'INVITE_INVALID'],
      [link.slice(0, -120), 'INVITE_INVALID'],
      [`${link}${'x'.repeat(2000)}`, 'INVITE_INVALID'],
      [formatInviteLink({ coordinatorUrl: 'http://127.0.0.1', invite: 'a.b.c' }), 'INVITE_INVALID'],
    ]
    for (const [text, code] of cases)
      expect(() => parseInviteLink(text, clock.now())).toThrow(expect.objectContaining({ code }))
    expect(() => parseInviteLink(link, clock.now() + 61_000)).toThrow(
      expect.objectContaining({ code: 'INVITE_EXPIRED' }),
    )
    expect(parseInviteLink(`  ${link}\n`, clock.now()).invite).toBe(made.invite)
  })

  it('H-11: an invited node comes back after both sides started again, without asking anybody', async () => {
    const { coordinator, invite, worker, clock } = await start()
    const made = await invite({ expires_in_s: 600 })
    const guest = await worker()
    const first = await guest.register({ x_invite: made.invite })
    const directory = await mkdtemp(join(tmpdir(), 'espalier-keeper-'))
    cleanups.push(() => rm(directory, { recursive: true, force: true }))
    const keeperOf = () => {
      const file = join(directory, 'membership.json')
      return createTokenKeeper({
        file,
        coordinatorUrl: coordinator.server.url,
        clock,
        log: createEventLog(systemClock, null),
      })
    }
    const keeper = keeperOf()
    keeper.accept(first.body.x_capability)
    await keeper.settled()
    await coordinator.restart()
    // The node starts while the coordinator may still be away: its token is there.
    const again = keeperOf()
    await again.load()
    expect(again.token()).toBe(first.body.x_capability?.token)
    expect((await guest.beat()).body).toMatchObject({ worker_status: 'online', x_capability: { token: again.token() } })
    // It left properly when it was stopped, and shows its invite again, long after that ran out for others.
    await guest.leave()
    await clock.advance(660_000)
    expect((await guest.register({ x_invite: made.invite })).body.status).toBe('online')
  })

  it('H-29: whom the host sends away does not come back on the old invite', async () => {
    const { coordinator, invite, worker, call } = await start()
    const rejected = await worker()
    const first = await invite()
    await rejected.register({ x_invite: first.invite })
    await coordinator.reject(rejected.workerId, 'too loud')
    expect(codeOf(await rejected.register({ x_invite: first.invite, x_reapply: true }))).toEqual([
      410,
      'INVITE_REVOKED',
    ])
    const removed = await worker()
    const second = await invite()
    await removed.register({ x_invite: second.invite })
    expect((await call('DELETE', `/workers/${removed.workerId}`)).status).toBe(200)
    expect(codeOf(await removed.register({ x_invite: second.invite }))).toEqual([410, 'INVITE_REVOKED'])
    expect((await removed.register()).body.status).toBe('pending')
  })
})

describe('a decision about a node stays', () => {
  it('H-19, H-29: whoever was rejected is rejected still after it left, and an open invite changes nothing', async () => {
    const { coordinator, invite, worker } = await start()
    const loud = await worker()
    await loud.register()
    await coordinator.reject(loud.workerId, 'too loud')
    const made = await invite()
    expect((await loud.leave()).status).toBe(200)
    const back = await loud.register({ x_invite: made.invite })
    expect(back.body).toMatchObject({ status: 'rejected', layers_start: null, x_decision: { reason: 'too loud' } })
    expect(back.body.x_capability).toBeUndefined()
    // It may ask again, and then waits; the invite is for somebody else, and still good.
    await loud.leave()
    expect((await loud.register({ x_invite: made.invite, x_reapply: true })).body.status).toBe('pending')
    expect((await loud.register({ x_invite: made.invite })).body.status).toBe('pending')
    expect((await (await worker()).register({ x_invite: made.invite })).body.status).toBe('online')
    await coordinator.approve(loud.workerId)
    expect((await loud.beat()).body.worker_status).toBe('online')
  })

  it('H-19: the host’s removal is written as the host’s, with its reason, and forgets a rejection', async () => {
    const { call, coordinator, worker } = await start()
    const [gone, left] = [await worker(), await worker()]
    for (const one of [gone, left]) await one.register()
    await coordinator.reject(gone.workerId)
    await call('DELETE', `/workers/${gone.workerId}`, { reason: 'the list was long' })
    await left.leave()
    const { decisions } = (await call('GET', '/decisions')).body as unknown as { decisions: Record<string, unknown>[] }
    expect(decisions.slice(0, 2)).toMatchObject([
      { worker_id: left.workerId, decision: 'left', by: 'worker' },
      { worker_id: gone.workerId, decision: 'removed', by: 'the host', reason: 'the list was long' },
    ])
    expect((await gone.register()).body.status).toBe('pending')
  })

  it('C-08: whoever was not approved writes no totals, and starts from what it says then', async () => {
    const { call, coordinator, worker } = await start()
    const eager = await worker()
    await eager.register()
    const totals = async () => (await call('GET', '/network/stats')).body as unknown as Record<string, unknown>
    const boast = { x_seq: 1, tokens_served_since_last: 1_000_000, x_requests_served_since_last: 9, status: 'online' }
    expect((await eager.beat(boast)).body).toMatchObject({ worker_status: 'pending', x_last_seq: 1 })
    const nothing = { total_tokens_served: 0, x_total_requests_served: 0, x_serving_workers: 0, coverage_percent: 0 }
    expect(await totals()).toMatchObject(nothing)
    await coordinator.approve(eager.workerId)
    expect(await totals()).toMatchObject(nothing)
    await eager.beat({ x_seq: 2, tokens_served_since_last: 7, x_requests_served_since_last: 1, status: 'online' })
    expect(await totals()).toMatchObject({ total_tokens_served: 7, x_total_requests_served: 1, x_serving_workers: 1 })
    await coordinator.reject(eager.workerId)
    await eager.beat({ x_seq: 3, tokens_served_since_last: 500 })
    expect(await totals()).toMatchObject({ total_tokens_served: 7, x_total_requests_served: 1 })
  })
})

describe('capability tokens of the coordinator', () => {
  it('H-19: given on approval, for this peer, this network, these blocks; not before, and not unsigned', async () => {
    const { coordinator, worker, clock } = await start()
    const member = await worker()
    expect((await member.register()).body.x_capability).toBeUndefined()
    await coordinator.approve(member.workerId)
    const grant = (await member.beat()).body.x_capability!
    const { claims } = parseToken(grant.token)!
    expect(claims).toMatchObject({ aud: grant.network_id, sub: member.peerId, iss: grant.keys[0]?.kid })
    expect(claims.scope).toMatch(/^ask:Tiny-Jargon-8 serve:Tiny-Jargon-8:0-\d$/)
    expect(claims.exp * 1000 - clock.now()).toBe(3_600_000)
    expect(claims.nbf * 1000).toBeLessThan(clock.now())
  })

  it('H-19: renewed by heartbeat when half of its life is over, the same until then, also after a restart', async () => {
    const { coordinator, worker, clock } = await start()
    const member = await worker()
    await member.register()
    await coordinator.approve(member.workerId)
    const tokenNow = async () => (await member.beat()).body.x_capability?.token
    const first = await tokenNow()
    await clock.advance(29 * 60_000)
    expect(await tokenNow()).toBe(first)
    await coordinator.restart()
    expect(await tokenNow()).toBe(first)
    await clock.advance(2 * 60_000)
    const second = await tokenNow()
    expect(second).not.toBe(first)
    // Both are good: nobody is cut off in the middle of something.
    expect((await member.beat()).body.x_capability?.revoked).toEqual([])
  })

  it('H-19: revoked one by one by the host, and all at once by a rejection or by leaving', async () => {
    const { clock, coordinator, worker, call } = await start()
    const [member, observer] = [await worker(), await worker()]
    for (const one of [member, observer]) {
      await one.register()
      await coordinator.approve(one.workerId)
    }
    const grantOf = async (one: typeof member) => (await one.beat()).body.x_capability
    const jtiOf = async () => parseToken((await grantOf(member))?.token ?? '')?.claims.jti ?? ''
    const first = await jtiOf()
    expect((await call('GET', '/tokens')).body.tokens.map(({ jti }) => jti)).toContain(first)
    expect((await call('DELETE', `/tokens/${first}`)).status).toBe(200)
    expect((await grantOf(observer))?.revoked).toEqual([first])
    // Without the host there is no new one: it waits, without blocks, and no invite helps it.
    expect((await member.beat()).body).toMatchObject({ worker_status: 'pending', layers_start: null })
    expect(await grantOf(member)).toBeUndefined()
    const { body: made } = await call('POST', '/invites', {})
    const open = inviteIn(String(made.link), clock.now())
    expect((await member.register({ x_invite: open })).body.status).toBe('pending')
    await coordinator.approve(member.workerId)
    const second = await jtiOf()
    expect(second).not.toBe(first)
    await coordinator.reject(member.workerId)
    expect(await grantOf(member)).toBeUndefined()
    expect((await grantOf(observer))?.revoked.sort()).toEqual([first, second].sort())
    await coordinator.approve(member.workerId)
    const third = await jtiOf()
    expect([first, second]).not.toContain(third)
    await member.leave()
    expect((await grantOf(observer))?.revoked.sort()).toEqual([first, second, third].sort())
    expect(codeOf(await call('DELETE', '/tokens/00000000-0000-0000-0000-000000000000'))).toEqual([404, 'TOKEN_UNKNOWN'])
  })

  it('H-19: whoever does not check signatures itself may ask, and hears the documented words', async () => {
    const { coordinator, worker, clock } = await start()
    const member = await worker()
    await member.register()
    await coordinator.approve(member.workerId)
    const { token } = (await member.beat()).body.x_capability!
    const check = async (change: object = {}) => {
      const body = { token, subject: member.peerId, model: 'Tiny-Jargon-8', ...change }
      const answer = await send(`${coordinator.server.url}/tokens/check`, 'POST', body)
      return [answer.status, answer.body]
    }
    expect(await check()).toEqual([200, expect.objectContaining({ ok: true })])
    expect(await check({ subject: 'somebody' })).toEqual([
      403,
      { error: 'token_wrong_subject', message: 'Capability token belongs to another node' },
    ])
    expect(await check({ token: 'x' })).toEqual([403, { error: 'token_malformed', message: expect.any(String) }])
    await clock.advance(3_600_000 + 60_000)
    expect(await check()).toEqual([403, { error: 'token_expired', message: 'Capability token has expired' }])
  })
})
