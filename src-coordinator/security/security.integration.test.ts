import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { heartbeat, registration, type SigningWorker, send, signingWorker } from '../../test/membership/signing-worker'
import { startTestCoordinator, type TestCoordinator } from '../test-coordinator'
import type { SecurityOptions } from './security'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Started = TestCoordinator & { worker(): Promise<SigningWorker>; admin: Record<string, string> }

async function start(
  security: SecurityOptions = {},
  more: Parameters<typeof startTestCoordinator>[0] = {},
): Promise<Started> {
  const coordinator = await startTestCoordinator({ security: { rateLimits: null, ...security }, ...more })
  cleanups.push(() => coordinator.remove())
  return Object.assign(Object.create(coordinator) as TestCoordinator, {
    worker: () => signingWorker(() => coordinator.server.url, more.clock ? { clock: more.clock } : {}),
    admin: { authorization: `Bearer ${coordinator.server.adminToken}` },
  })
}

const codeOf = ({ status, body }: { status: number; body: { error?: { code?: string } } }) => [
  status,
  body.error?.code ?? null,
]

describe('signed requests', () => {
  it('X-14: a worker that signs registers, reports and leaves; its peer id is proven, not claimed', async () => {
    const coordinator = await start()
    const worker = await coordinator.worker()
    expect((await worker.register({ x_peer_id: undefined })).body.status).toBe('pending')
    expect((await worker.beat()).body.worker_status).toBe('pending')
    const { body } = await send(`${coordinator.server.url}/workers`, 'GET', undefined, coordinator.admin)
    expect(body.workers[0]).toMatchObject({ worker_id: worker.workerId, x_peer_id: worker.peerId })
    expect((await worker.leave()).status).toBe(200)
    expect(codeOf(await worker.beat())).toEqual([404, 'COORDINATOR_UNKNOWN_WORKER'])
  })

  it('X-14: a stolen worker id without its key gets nothing', async () => {
    const coordinator = await start({ allowUnsigned: true })
    const victim = await coordinator.worker()
    const thief = await coordinator.worker()
    await victim.register()
    await coordinator.approve(victim.workerId)
    const before = await coordinator.server.snapshot()
    const { url } = coordinator.server
    const stolen = { worker_id: victim.workerId }
    const body = JSON.stringify(heartbeat(victim.workerId))
    const attempts = [
      // Without any signature.
      await send(`${url}/workers/register`, 'POST', registration(victim.workerId)),
      await send(`${url}/workers/heartbeat`, 'POST', heartbeat(victim.workerId)),
      await send(`${url}/workers/${victim.workerId}`, 'DELETE', undefined),
      // With a signature of the thief's own, also when it claims the victim's peer id.
      await thief.register(stolen),
      await thief.register({ ...stolen, x_peer_id: victim.peerId }),
      await thief.beat({ ...stolen, tokens_served_since_last: 1_000_000 }),
      await send(
        `${url}/workers/${victim.workerId}`,
        'DELETE',
        '',
        await thief.sign('DELETE', `/workers/${victim.workerId}`, ''),
      ),
      // With the victim's signature of another request.
      await send(`${url}/workers/register`, 'POST', body, await victim.sign('POST', '/workers/heartbeat', body)),
      await send(`${url}/workers/heartbeat`, 'POST', body, await victim.sign('POST', '/workers/heartbeat', '{}')),
    ]
    for (const [index, answer] of attempts.entries()) {
      expect([401, 409], `attempt ${index}`).toContain(answer.status)
      expect(Object.keys(answer.body), `attempt ${index}`).toEqual(['error'])
    }
    expect(await coordinator.server.snapshot()).toEqual(before)
    // The list that everybody may read does not give ids away.
    const seen = await send(`${url}/workers`, 'GET', undefined)
    expect(JSON.stringify(seen.body)).not.toContain(victim.workerId)
    expect((await victim.beat()).body.worker_status).toBe('online')
  })

  it('X-14: once signed, always signed: after a restart, after leaving, and whatever the policy', async () => {
    const coordinator = await start({ allowUnsigned: true })
    const worker = await coordinator.worker()
    await worker.register()
    await coordinator.restart()
    const unsigned = () => send(`${coordinator.server.url}/workers/register`, 'POST', registration(worker.workerId))
    expect(codeOf(await unsigned())).toEqual([401, 'REQUEST_UNSIGNED'])
    await worker.leave()
    expect(codeOf(await unsigned())).toEqual([401, 'REQUEST_UNSIGNED'])
    expect((await worker.register()).status).toBe(200)
  })

  it('X-14: a program that knows only the document is refused, unless the host allows it', async () => {
    const strict = await start()
    const refused = await send(`${strict.server.url}/workers/register`, 'POST', registration('w1'))
    expect(codeOf(refused)).toEqual([401, 'REQUEST_UNSIGNED'])
    // The host may remove a worker, and speaks for none.
    const host = { authorization: `Bearer ${strict.server.adminToken}` }
    const asHost = await send(`${strict.server.url}/workers/register`, 'POST', registration('w1'), host)
    expect(codeOf(asHost)).toEqual([401, 'REQUEST_UNSIGNED'])
    const open = await start({ allowUnsigned: true })
    expect((await send(`${open.server.url}/workers/register`, 'POST', registration('w1'))).status).toBe(200)
    expect((await send(`${open.server.url}/workers/heartbeat`, 'POST', heartbeat('w1'))).status).toBe(200)
    expect((await send(`${open.server.url}/workers/w1`, 'DELETE', undefined)).status).toBe(200)
  })

  it('X-14: nobody can reserve a worker id: the owner of the key takes it back', async () => {
    const coordinator = await start({ allowUnsigned: true })
    const owner = await coordinator.worker()
    const { url } = coordinator.server
    const squatter = { ...registration(owner.workerId), nickname: 'squatter' }
    expect((await send(`${url}/workers/register`, 'POST', squatter)).status).toBe(200)
    expect((await owner.register()).status).toBe(200)
    expect(codeOf(await send(`${url}/workers/heartbeat`, 'POST', heartbeat(owner.workerId)))).toEqual([
      401,
      'REQUEST_UNSIGNED',
    ])
  })

  it('X-14: a request that came before is refused: at once, at the same time, and after a restart', async () => {
    const coordinator = await start()
    const worker = await coordinator.worker()
    await worker.register()
    const { url } = coordinator.server
    const text = JSON.stringify(heartbeat(worker.workerId))
    const beat = await worker.sign('POST', '/workers/heartbeat', text)
    const copies = await Promise.all([1, 2, 3].map(() => send(`${url}/workers/heartbeat`, 'POST', text, beat)))
    expect(copies.map(({ status }) => status).sort()).toEqual([200, 401, 401])
    const path = `/workers/${worker.workerId}`
    const leave = await worker.sign('DELETE', path, '')
    expect((await send(url + path, 'DELETE', '', leave)).status).toBe(200)
    await worker.register()
    expect(codeOf(await send(url + path, 'DELETE', '', leave))).toEqual([401, 'REQUEST_REPLAYED'])
    await coordinator.restart()
    expect(codeOf(await send(coordinator.server.url + path, 'DELETE', '', leave))).toEqual([401, 'REQUEST_REPLAYED'])
    expect((await worker.beat()).status).toBe(200)
  })

  it('X-14: an old signature is refused', async () => {
    const clock = new FakeClock()
    const coordinator = await start({}, { clock })
    const worker = await coordinator.worker()
    await worker.register()
    const text = JSON.stringify(heartbeat(worker.workerId))
    const beat = await worker.sign('POST', '/workers/heartbeat', text)
    await clock.advance(61_000)
    const late = await send(`${coordinator.server.url}/workers/heartbeat`, 'POST', text, beat)
    expect(codeOf(late)).toEqual([401, 'REQUEST_TIME_WRONG'])
    expect(late.body.error.cause).toContain('61 s behind')
  })

  it('X-14: what was signed for another coordinator is refused by one that knows its address', async () => {
    const coordinator = await start({ publicUrl: 'https://network.example/' })
    const url = () => coordinator.server.url
    const wrong = await signingWorker(url, { audience: 'https://other.example' })
    expect(codeOf(await wrong.register())).toEqual([401, 'REQUEST_SIGNATURE_INVALID'])
    const right = await signingWorker(url, { audience: 'https://network.example' })
    expect((await right.register()).status).toBe(200)
  })

  it('the host removes a worker without its key', async () => {
    const coordinator = await start()
    const worker = await coordinator.worker()
    await worker.register()
    const path = `${coordinator.server.url}/workers/${worker.workerId}`
    expect((await send(path, 'DELETE', undefined, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await send(path, 'DELETE', undefined, coordinator.admin)).status).toBe(200)
  })
})

describe('admin token', () => {
  const directoryOf = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'espalier-admin-'))
    cleanups.push(() => rm(directory, { recursive: true, force: true }))
    return directory
  }
  const withoutToken = { adminToken: undefined as unknown as string }

  it('X-14: it is known once, at the first start, and only its hash is kept', async () => {
    const directory = await directoryOf()
    const coordinator = await start({}, { directory, ...withoutToken })
    const token = coordinator.server.adminToken ?? ''
    expect(token.length).toBeGreaterThanOrEqual(32)
    const files = await readdir(directory)
    for (const file of files) expect((await readFile(join(directory, file))).includes(token), file).toBe(false)
    await coordinator.restart()
    expect(coordinator.server.adminToken).toBeNull()
    const bearer = { authorization: `Bearer ${token}` }
    expect((await send(`${coordinator.server.url}/invites`, 'GET', undefined, bearer)).status).toBe(200)
  })

  it('X-14: a new one on request voids the old one; the file of earlier releases is taken over and goes', async () => {
    const directory = await directoryOf()
    const old = 'the-token-that-an-earlier-release-kept'
    await writeFile(join(directory, 'admin-token'), `${old}\n`)
    const coordinator = await start({}, { directory, ...withoutToken })
    const statusWith = async (token: string | null, url: string) =>
      (await send(`${url}/invites`, 'GET', undefined, { authorization: `Bearer ${token}` })).status
    expect(await statusWith(old, coordinator.server.url)).toBe(200)
    expect(await readdir(directory)).not.toContain('admin-token')
    await coordinator.stop()
    const again = await start({ resetAdminToken: true }, { directory, ...withoutToken })
    expect(await statusWith(old, again.server.url)).toBe(401)
    expect(await statusWith(again.server.adminToken, again.server.url)).toBe(200)
  })

  it('X-14, C-42: every endpoint of the host needs it; the rest is read-only without', async () => {
    const coordinator = await start({ allowUnsigned: true })
    const { url } = coordinator.server
    await send(`${url}/workers/register`, 'POST', registration('w1'))
    const guarded = [
      ['POST', '/workers/w1/approve'],
      ['POST', '/workers/w1/reject'],
      ['PUT', '/network/target-workers?count=2'],
      ['PUT', '/network/quantization?mode=F16'],
      ['POST', '/invites'],
      ['GET', '/invites'],
      ['DELETE', '/invites/00000000-0000-0000-0000-000000000000'],
      ['GET', '/invites/00000000-0000-0000-0000-000000000000/qr.svg'],
      ['GET', '/tokens'],
      ['DELETE', '/tokens/00000000-0000-0000-0000-000000000000'],
    ] as const
    const wrong = [
      undefined,
      'Bearer',
      'Bearer ',
      `Basic ${coordinator.server.adminToken}`,
      `Bearer ${'x'.repeat(500)}`,
    ]
    for (const [method, path] of guarded) {
      for (const authorization of wrong) {
        const answer = await send(url + path, method, undefined, authorization === undefined ? {} : { authorization })
        expect(codeOf(answer), `${method} ${path} ${authorization}`).toEqual([401, 'COORDINATOR_ADMIN_ONLY'])
      }
      const answer = await send(url + path, method, undefined, coordinator.admin)
      expect(answer.status, `${method} ${path}`).not.toBe(401)
    }
    for (const path of ['/', '/network/info', '/network/health', '/network/stats', '/workers', '/tokens/keys']) {
      expect((await send(url + path, 'GET', undefined)).status, path).toBe(200)
    }
  })
})

describe('limits', () => {
  const limits = { perAddress: 20, perWorker: 5, workerWindowMs: 60_000 }

  it('X-14: an address that floods is told to wait, and how long', async () => {
    const coordinator = await start({ rateLimits: limits })
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => send(`${coordinator.server.url}/`, 'GET', undefined)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(20)
    for (const answer of refused) {
      expect(answer.body.error.code).toBe('COORDINATOR_BUSY')
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    }
  })

  it('H-38: one address registers thirty users a minute, and hears how long to wait', async () => {
    const coordinator = await start({ rateLimits: { ...limits, perAddress: 10_000 } })
    const register = () => send(`${coordinator.server.url}/users/register`, 'POST', { nickname: 'n' })
    const answers = await Promise.all(Array.from({ length: 40 }, register))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30)
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.body.error.cause).toContain('more than 30 times /users/register in a minute')
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('X-14: a worker that floods is told to wait; nobody can use up another’s share', async () => {
    const coordinator = await start({ rateLimits: { ...limits, perAddress: 10_000 } })
    const worker = await coordinator.worker()
    await worker.register()
    for (let i = 0; i < 20; i++)
      await send(`${coordinator.server.url}/workers/heartbeat`, 'POST', heartbeat(worker.workerId))
    const answers = []
    for (let i = 0; i < 6; i++) answers.push(await worker.beat())
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429])
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await (await coordinator.worker()).register()).status).toBe(200)
  })

  it('C-45: bodies beyond 64 KiB are refused unread', async () => {
    const coordinator = await start()
    const answer = await send(`${coordinator.server.url}/workers/register`, 'POST', { x: 'x'.repeat(70_000) })
    expect(answer.status).toBe(413)
  })
})
