import { access, copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import type { HostStatus } from '../../../src-shared/host-network'
import { SAMPLE_MODEL } from '../../../test/live-network'
import { parseInviteLink } from '../../membership/invite'
import { startChild } from '../../process/owned-child'
import { openDataDirectory } from '../../storage/data-directory'
import { createEventLog } from '../../storage/event-log'
import { type App, type AppOverrides, createApp } from '../app'
import { type BuiltApp, buildApp } from '../testing/built-app'

let built: BuiltApp
const releases: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  built = await buildApp()
})
afterAll(() => built?.remove())
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function open(
  given?: string,
  hostPorts = { http: 0, dht: 0 },
  overrides: AppOverrides = {},
): Promise<{ app: App; seen: HostStatus[]; root: string }> {
  const root = given ?? (await mkdtemp(join(tmpdir(), 'espalier-host-')))
  const app = await createApp({
    clock: systemClock,
    log: createEventLog(systemClock, null),
    data: await openDataDirectory(root),
    paths: built.paths,
    startScript: startChild,
    spawnEngine: () => startChild({ script: built.paths.engineChild, ipc: 'pipe' }),
    overrides: { listenPort: 0, threads: 1, contextTokens: 256, modelPath: SAMPLE_MODEL, ...overrides },
    hostPorts,
  })
  const seen: HostStatus[] = []
  app.onHost((status) => seen.push(status))
  releases.push(async () => {
    await app.dispose()
    await rm(root, { recursive: true, force: true })
  })
  return { app, seen, root }
}

async function until<T>(what: string, look: () => T | undefined | false | null): Promise<T> {
  const deadline = performance.now() + 90_000
  for (;;) {
    const found = look()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`timed out waiting until ${what}`)
    await systemClock.sleep(50)
  }
}

it('C-19, C-42: an app hosts a network, another joins it, and only the host’s own word lets it in', async () => {
  const host = await open()
  const node = await open()
  await expect(
    (async () => host.app.handlers['host.decide']({ workerId: 'w1', decision: 'approve', reason: '' }))(),
  ).rejects.toMatchObject({ code: 'HOST_NOT_RUNNING' })

  await host.app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  const running = host.seen.at(-1)
  expect(running).toMatchObject({ phase: 'running', failure: null })
  // Every byte was hashed before the network began, and the page saw it happen.
  expect(host.seen.some(({ phase, progress }) => phase === 'preparing' && progress !== null && progress.done > 0)).toBe(
    true,
  )
  const url = running?.url ?? ''
  expect(new URL(url).hostname).toBe('127.0.0.1')

  await node.app.handlers['network.join']({ kind: 'coordinator', url })
  const asking = await until('it asks', () =>
    host.seen.at(-1)?.network?.workers.find(({ status }) => status === 'pending'),
  )
  // The node's own app has no network to host, and so nothing to approve itself with.
  await expect(
    (async () => node.app.handlers['host.decide']({ workerId: asking.worker_id, decision: 'approve', reason: '' }))(),
  ).rejects.toMatchObject({ code: 'HOST_NOT_RUNNING' })

  await host.app.handlers['host.decide']({ workerId: asking.worker_id, decision: 'approve', reason: 'a friend' })
  const serving = await until('it serves', () =>
    host.seen.at(-1)?.network?.workers.find(({ x_serving }) => x_serving === true),
  )
  expect(serving).toMatchObject({ worker_id: asking.worker_id, layers_start: 0, x_decision: { by: 'the host' } })
  expect(serving.x_assignment_reason).not.toBe('')
  expect(host.seen.at(-1)?.network?.decisions.map(({ decision }) => decision)).toContain('approved')

  const invite = await host.app.handlers['host.invite']({ label: 'for Ada' })
  expect(invite.link).toMatch(/^espalier:\/\/invite\?/)
  expect(invite.picture?.path.length).toBeGreaterThan(500)

  await node.app.stop()
  await host.app.handlers['host.stop']({})
  expect(host.seen.at(-1)).toMatchObject({ phase: 'off', network: null, url: null })
  await expect(fetch(url)).rejects.toThrow()
})

it('H-29: an invite is shown before it is used, lets one app in at once, and is not kept', async () => {
  const [host, node, late] = [await open(), await open(), await open()]
  await host.app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  const url = host.seen.at(-1)?.url ?? ''
  const { link, expiresAt } = await host.app.handlers['host.invite']({ label: 'for Ada' })
  const look = async (app: App, address: string) => app.handlers['network.preview']({ url: address })

  const seen = await look(node.app, link)
  expect(seen).toMatchObject({ coordinatorUrl: url, invite: { expiresAt } })
  expect(seen.willSend.map(({ field }) => field)).toContain('x_invite')
  expect((await look(node.app, url)).invite).toBeNull()
  expect(host.seen.at(-1)?.network?.workers ?? []).toEqual([])
  const forged = `${link.slice(0, -6)}AAAAAA`
  for (const [text, code] of [
    [forged, 'INVITE_INVALID'],
    [link.slice(0, 120), 'INVITE_INVALID'],
    ['hntoken://v1/a.b.c', 'INVITE_INVALID'],
    [`espalier://open?${'x'.repeat(1_500)}`, 'INVITE_INVALID'],
  ] as const)
    await expect(look(node.app, text), text).rejects.toMatchObject({ code })
  const enter = async (app: App, given: object) =>
    app.handlers['network.join']({ kind: 'coordinator', url: seen.coordinatorUrl, ...given })
  // An invite goes to the network that it is for, and to no other.
  const elsewhere = { url: 'http://127.0.0.1:9', invite: link }
  await expect(enter(node.app, elsewhere)).rejects.toMatchObject({ code: 'INVITE_INVALID' })

  await enter(node.app, { invite: link })
  const entry = await until('it is in', () => host.seen.at(-1)?.network?.workers.find(({ x_decision }) => x_decision))
  expect(entry.x_decision).toMatchObject({
    by: expect.stringMatching(/^invite /),
    reason: expect.stringMatching(/^Invited: for Ada/),
  })
  const kept = () =>
    access(join(node.root, 'invite.json')).then(
      () => true,
      () => false,
    )
  await expect.poll(kept, { timeout: 30_000 }).toBe(false)
  expect(JSON.stringify(await node.app.handlers['settings.get']({}))).not.toContain('invite')

  await expect(look(late.app, link)).rejects.toMatchObject({ code: 'INVITE_USED' })
})

it('a network that is hosted again is there at once: the file that it knows is not hashed again', async () => {
  const { app, seen } = await open()
  await app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  await app.handlers['host.stop']({})
  seen.length = 0
  await app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  expect(seen.every(({ progress }) => progress === null)).toBe(true)
  expect(seen.at(-1)?.phase).toBe('running')
})

it('H-29: an invite of the command line lets a node in at once, too', async () => {
  const host = await open()
  await host.app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  const { link } = await host.app.handlers['host.invite']({ label: '' })
  const { coordinatorUrl: url, invite } = parseInviteLink(link, systemClock.now())
  const node = await open(undefined, undefined, { network: { kind: 'coordinator', url }, invite })
  await node.app.start()
  const entry = await until('it is in', () => host.seen.at(-1)?.network?.workers.find(({ x_decision }) => x_decision))
  expect(entry.x_decision?.by).toMatch(/^invite /)
})

it('H-17: a taken port gives way to the next one, which is shared, and kept for the next time', async () => {
  const blockers = [createServer(), createServer()] as const
  for (const blocker of blockers) await new Promise<void>((resolve) => blocker.listen(0, '0.0.0.0', resolve))
  const [http, dht] = blockers.map((blocker) => (blocker.address() as { port: number }).port) as [number, number]
  const first = await open(undefined, { http, dht })
  await first.app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  const { url } = await first.app.handlers['host.get']({})
  expect(Number(new URL(url ?? '').port)).toBeGreaterThan(http)
  // What the network tells others is what is bound, for its first peer too.
  const info = await (await fetch(`${url}/network/info`)).json()
  expect(info.bootstrap_peers.join()).toMatch(/\/tcp\/\d+/)
  expect(info.bootstrap_peers.join()).not.toContain(`/tcp/${dht}/`)
  expect((await first.app.handlers['host.invite']({ label: '' })).link).toContain(encodeURIComponent(url ?? '-'))
  await first.app.dispose()
  for (const blocker of blockers) await new Promise((resolve) => blocker.close(resolve))

  const second = await open(first.root, { http, dht })
  await second.app.resumeHosting()
  expect((await second.app.handlers['host.get']({})).url).toBe(url)
})

it('hosting goes on at the next start when it was on at the end, says so, and stays off once it was stopped', async () => {
  const first = await open()
  await first.app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' })
  const invite = await first.app.handlers['host.invite']({ label: 'before' })
  await first.app.dispose()

  const second = await open(first.root)
  expect(second.app.handlers['host.get']({})).toMatchObject({ phase: 'off' })
  await second.app.resumeHosting()
  expect(second.app.handlers['host.get']({})).toMatchObject({
    ...{ phase: 'running', isResumed: true, modelPath: SAMPLE_MODEL, reach: 'computer', failure: null },
  })
  // The same network: what was promised before holds.
  const url = (await second.app.handlers['host.get']({})).url ?? ''
  const { invite: claims } = Object.fromEntries(new URL(invite.link).searchParams)
  const answer = await fetch(`${url}/invites/check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ invite: claims }),
  })
  expect(answer.status).toBe(200)

  await second.app.handlers['host.stop']({})
  await second.app.dispose()
  const third = await open(first.root)
  await third.app.resumeHosting()
  expect(third.seen).toEqual([])
})

it('a network that cannot be hosted again says why, and the app is there all the same', async () => {
  const first = await open()
  const copy = join(first.root, 'model.gguf')
  await copyFile(SAMPLE_MODEL, copy)
  await first.app.handlers['host.start']({ modelPath: copy, reach: 'computer' })
  await first.app.dispose()
  await rm(copy)
  const second = await open(first.root)
  await second.app.resumeHosting()
  const status = await second.app.handlers['host.get']({})
  expect(status).toMatchObject({ phase: 'off', modelPath: copy, network: null })
  expect(status.failure?.cause).toContain(copy)
})

it('a start is given up when told to, and a file that is no model says so', async () => {
  const { app, seen } = await open()
  const starting = (async () => app.handlers['host.start']({ modelPath: SAMPLE_MODEL, reach: 'computer' }))()
  const givenUp = expect(starting).rejects.toMatchObject({ code: 'CANCELLED' })
  await until('it prepares', () => seen.some(({ phase }) => phase === 'preparing'))
  await app.handlers['host.stop']({})
  await givenUp
  expect(app.handlers['host.get']({})).toMatchObject({ phase: 'off', failure: null })

  const script = fileURLToPath(import.meta.url)
  await expect(
    (async () => app.handlers['host.start']({ modelPath: script, reach: 'computer' }))(),
  ).rejects.toMatchObject({ code: 'GGUF_INVALID' })
  expect(app.handlers['host.get']({})).toMatchObject({ phase: 'off', failure: { code: 'GGUF_INVALID' } })
})

it('C-42: nothing on a worker’s side can approve: the calls stand in the host’s rooms alone', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const files = (await readdir(root, { recursive: true })).filter((path) => /\.tsx?$/.test(path) && !/test/.test(path))
  const callers: string[] = []
  for (const path of files) {
    if (/\/(approve|reject)\b/.test(await readFile(join(root, path), 'utf8'))) callers.push(path)
  }
  // The demo plays its own host; the contract suite decides only with a token that somebody gives it.
  expect(callers.filter((path) => !/^(demo|app\/host-network|coordinator\/contract)\//.test(path))).toEqual([])
})
