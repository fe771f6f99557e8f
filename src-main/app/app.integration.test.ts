import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EVENTS, type EventPayload, METHODS } from '../../src-shared/contract'
import { METHOD_NAMES } from '../../src-shared/contract-names'
import type { NodeStatus, StepName } from '../../src-shared/status'
import { approve, type LiveNetwork, SAMPLE_MODEL, startLiveNetwork } from '../../test/live-network'
import { workerIdOf } from '../coordinator/worker-id'
import { loadOrCreateIdentity } from '../network/identity'
import { type ChildOptions, type OwnedChild, startChild } from '../process/owned-child'
import { SLICE_FILE } from '../shards/models'
import { openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { type App, type AppOverrides, createApp } from './app'
import { type BuiltApp, buildApp } from './testing/built-app'

let built: BuiltApp
const releases: (() => Promise<unknown> | unknown)[] = []
beforeAll(async () => {
  built = await buildApp()
})
afterAll(() => built?.remove())
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

interface OpenApp {
  app: App
  root: string
  /** Every process that the app has started, in order. */
  children: OwnedChild[]
  seen: NodeStatus[]
}

async function open(overrides: AppOverrides = {}, root?: string): Promise<OpenApp> {
  const directory = root ?? (await mkdtemp(join(tmpdir(), 'espalier-app-')))
  const children: OwnedChild[] = []
  const start = (options: ChildOptions) => {
    const child = startChild(options)
    children.push(child)
    return child
  }
  const app = await createApp({
    clock: systemClock,
    log: createEventLog(systemClock, null),
    data: await openDataDirectory(directory),
    paths: built.paths,
    startScript: start,
    spawnEngine: () => start({ script: built.paths.engineChild, ipc: 'pipe' }),
    overrides: { listenPort: 0, threads: 1, contextTokens: 256, ...overrides },
  })
  const seen: NodeStatus[] = []
  app.onStatus((status) => seen.push(status))
  releases.push(async () => {
    await app.dispose()
    if (root === undefined) await rm(directory, { recursive: true, force: true })
  })
  return { app, root: directory, children, seen }
}

async function until(app: App, what: string, holds: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  const deadline = performance.now() + 90_000
  for (;;) {
    const status = app.status()
    if (holds(status)) return status
    if (performance.now() > deadline) {
      const steps = status.steps.map(({ name, state, blocker }) => `${name} ${state} ${blocker?.cause ?? ''}`)
      throw new Error(`not ${what}: ${status.headline}; ${steps.join(', ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const step = (status: NodeStatus, name: StepName) => status.steps.find((one) => one.name === name)
const isVisible = ({ shape }: NodeStatus) => shape === 'visible'
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function childrenOf(pid: number): number[] {
  if (process.platform === 'win32') return []
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

/** Stands before a coordinator and keeps what it is asked. */
async function startRecorder(target: string): Promise<{ url: string; heard: { head: string; body: string }[] }> {
  const heard: { head: string; body: string }[] = []
  const server = createServer(async (incoming, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { method, url, headers } = incoming
    heard.push({ head: `${method} ${url} ${JSON.stringify(headers)}`, body: body.toString() })
    const outgoing = httpRequest(`${target}${url}`, { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(reply)
    })
    outgoing.on('error', () => reply.destroy())
    outgoing.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  releases.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, heard }
}

describe('without a network', () => {
  it('says so in plain words, starts nothing, and answers every reading call as the contract wants', async () => {
    const { app, children } = await open()
    await app.start()
    expect(app.status()).toMatchObject({
      phase: 'stopped',
      shape: 'stopped',
      headline: 'Not part of a network yet',
      sentence: 'Choose a network to begin.',
      watermark: null,
    })
    await expect(app.handlers['node.start']({})).rejects.toMatchObject({ code: 'NETWORK_NOT_CHOSEN' })
    expect(() => app.handlers['node.reapply']({})).toThrow(expect.objectContaining({ code: 'NODE_STOPPED' }))
    expect(await app.handlers['shards.get']({})).toBeNull()
    expect(children).toHaveLength(0)
    for (const method of METHOD_NAMES.filter((name) => METHODS[name].scope === 'read')) {
      const handler = app.handlers[method] as (input: object) => unknown
      const output = await handler(method === 'logs.recent' ? { limit: 5 } : {})
      expect(METHODS[method].output.safeParse(output).error, method).toBeUndefined()
    }
    expect((await app.handlers['diagnostics.run']({})).find(({ id }) => id === 'engine')?.verdict).toBe('pass')
    for (const { pid } of children) expect(isAlive(pid)).toBe(false)
  })

  it('a generation ends with the reason, after its id was told', async () => {
    const { app } = await open()
    const ended = new Promise<EventPayload<'generate.end'>>((resolve) => app.onEnd(resolve))
    const { generationId } = await app.handlers['generate.start']({ prompt: 'A hacker is', maxTokens: 4 })
    expect(await ended).toMatchObject({ generationId, error: { code: 'NODE_STOPPED' }, tokens: 0 })
  })
})

describe('the demonstration', () => {
  it('O-18: joins, waits, is approved, is seen, answers, and leaves nothing behind', async () => {
    const { app, children, seen, root } = await open()
    await app.handlers['network.join']({ kind: 'demo' })
    const isCovered = ({ coverage }: NodeStatus) => coverage.length > 0 && coverage.every((servers) => servers > 0)
    const status = await until(app, 'visible in a whole network', (now) => isVisible(now) && isCovered(now))
    expect(status).toMatchObject({ watermark: 'DEMO', profile: 'local', model: { name: 'Tiny Jargon 8' } })
    expect(status.peers.filter(({ isSelf }) => !isSelf)).toHaveLength(2)
    expect(seen[0]).toMatchObject({ phase: 'starting', headline: 'Starting the demonstration' })
    expect(seen.filter((one) => step(one, 'approve')?.state === 'waiting').length).toBeGreaterThan(0)
    expect(step(status, 'approve')?.evidence[0]).toMatchObject({ kind: 'coordinator' })
    const revisions = seen.map(({ revision }) => revision)
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))

    const texts: string[] = []
    app.onToken(({ text }) => texts.push(text))
    const ended = new Promise<EventPayload<'generate.end'>>((resolve) => app.onEnd(resolve))
    await app.handlers['generate.start']({ prompt: 'A hacker is', maxTokens: 12 })
    const end = await ended
    expect(end).toMatchObject({ error: null })
    expect(EVENTS['generate.end'].safeParse(end).error).toBeUndefined()
    expect(end.hops).toHaveLength(3)
    expect(texts.join('').length).toBeGreaterThan(5)

    const shards = await app.handlers['shards.get']({})
    expect(METHODS['shards.get'].output.safeParse(shards).error).toBeUndefined()
    expect(shards).toMatchObject({ model: 'Tiny Jargon 8', blocks: status.blocks })
    const needed = shards!.pieces.filter(({ isNeeded }) => isNeeded)
    expect(needed.length).toBeLessThan(shards!.pieces.length)
    expect(needed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(shards!.neededBytes)
    expect(await readdir(shards!.directory)).toContain(SLICE_FILE)

    const checks = await app.handlers['diagnostics.run']({})
    // How others see this node is compared every ten seconds; until then the check says that it does not know.
    const known = checks.filter(({ id }) => id !== 'shards-views')
    expect(known.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'warn')).toEqual([])
    const slice = join(shards!.directory, SLICE_FILE)
    const bytes = await readFile(slice)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(slice, bytes)
    expect((await app.handlers['diagnostics.run']({})).find(({ id }) => id === 'shard-files')).toMatchObject({
      verdict: 'fail',
      code: 'SHARD_HASH_MISMATCH',
    })

    const demoDirectories = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('espalier-demo-'))
    const during = await demoDirectories()
    // Ours, and those that ours have started: the neighbours' engines.
    const pids = children.flatMap(({ pid }) => [pid, ...childrenOf(pid)])
    expect(children.length).toBeGreaterThanOrEqual(4)
    if (process.platform !== 'win32') expect(pids.length).toBeGreaterThanOrEqual(6)
    await app.handlers['network.leave']({})
    expect(pids.filter(isAlive)).toEqual([])
    expect((await demoDirectories()).length).toBeLessThan(during.length)
    expect(app.status()).toMatchObject({ headline: 'Not part of a network yet', watermark: null, peers: [] })
    expect(app.settings()).toMatchObject({ network: null, startsRunning: false })
    expect(JSON.parse(await readFile(join(root, 'settings.json'), 'utf8'))).toMatchObject({ network: null })
  })

  it('gives up a start under way when it is disposed, and leaves no process', async () => {
    const { app, children } = await open()
    const joining = app.handlers['network.join']({ kind: 'demo' })
    const refused = expect(joining).rejects.toMatchObject({ code: 'CANCELLED' })
    // As soon as its first process is there: the coordinator, which takes longer to start than this to ask.
    await expect.poll(() => children.length, { interval: 5 }).toBeGreaterThan(0)
    await app.dispose()
    await refused
    for (const child of children) expect(isAlive(child.pid)).toBe(false)
  })
})

describe('a network with a coordinator', () => {
  let network: LiveNetwork
  beforeAll(async () => {
    network = await startLiveNetwork({ approves: false })
  })
  afterAll(() => network?.close())

  it('a preview tells the coordinator nothing about us, and shows exactly what joining then sends', async () => {
    const { url, heard } = await startRecorder(network.coordinator.url)
    const port = 42_000 + Math.floor(Math.random() * 1_000)
    const { app, root } = await open({ listenPort: port })
    const preview = await app.handlers['network.preview']({ url })
    expect(preview).toMatchObject({ coordinatorUrl: url, modelName: 'Tiny Jargon 8', blockCount: 8, isDemo: true })
    expect(METHODS['network.preview'].output.safeParse(preview).error).toBeUndefined()
    const peerId = (await loadOrCreateIdentity(join(root, 'identity.key'))).publicKey.toString()
    const secrets = [peerId, app.settings().publicName, workerIdOf(peerId), `${port}`]
    expect(heard.length).toBeGreaterThan(0)
    for (const { head, body } of heard) {
      expect(head).toMatch(/^GET /)
      expect(body).toBe('')
      for (const secret of secrets) expect(head).not.toContain(secret)
    }

    heard.length = 0
    await app.handlers['network.join']({ kind: 'coordinator', url })
    await until(app, 'registered', (status) => step(status, 'approve')?.state === 'waiting')
    // Another identity would be of no use to a node that runs, and would be lost in one that starts.
    await expect(app.handlers['identity.renew']({})).rejects.toMatchObject({ code: 'NODE_MUST_STOP' })
    const sent = JSON.parse(heard.find(({ head }) => head.startsWith('POST /workers/register'))!.body)
    const shown = Object.fromEntries(preview.willSend.map(({ field, value }) => [field, value]))
    const flat = Object.entries(sent).map(([field, value]) => [field, [value].flat().join(', ')])
    expect(shown).toEqual(Object.fromEntries(flat))
  })

  it.each([
    ['http://coordinator.example', 'COORDINATOR_INSECURE'],
    ['ftp://127.0.0.1', 'BAD_ARGUMENT'],
    ['http://127.0.0.1:1', 'COORDINATOR_UNREACHABLE'],
  ])('a preview of %s is refused with %s', async (url, code) => {
    const { app } = await open()
    await expect(app.handlers['network.preview']({ url })).rejects.toMatchObject({ code })
  })

  it('a join with an address that is none changes nothing', async () => {
    const { app } = await open()
    await expect(app.handlers['network.join']({ kind: 'coordinator', url: 'http://a.example' })).rejects.toMatchObject({
      code: 'COORDINATOR_INSECURE',
    })
    expect(app.settings().network).toBeNull()
    expect(app.status().headline).toBe('Not part of a network yet')
  })

  it('a file that is not there, or is no model, is told when it is chosen, and nothing changes', async () => {
    const { app, root } = await open({ modelPath: SAMPLE_MODEL })
    const notes = join(root, 'notes.gguf')
    await writeFile(notes, 'not a model at all')
    const save = (modelPath: string) => app.handlers['settings.save']({ modelPath })
    await expect(save(join(root, 'nowhere.gguf'))).rejects.toMatchObject({ code: 'SHARD_MISSING' })
    await expect(save(notes)).rejects.toMatchObject({ code: expect.stringMatching(/^GGUF_/) })
    expect(app.settings().modelPath).toBe(SAMPLE_MODEL)
  })

  it('a rejected node asks again and is approved; the choice outlives a restart of the app', async () => {
    const { app, root } = await open({ modelPath: SAMPLE_MODEL })
    await app.handlers['network.join']({ kind: 'coordinator', url: network.coordinator.url })
    const { peerId } = await until(app, 'waiting', (status) => step(status, 'approve')?.state === 'waiting')
    const id = workerIdOf(peerId!)
    const { url, adminToken } = network.coordinator
    await fetch(`${url}/workers/${id}/reject`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{"reason":"not today"}',
    })
    const rejected = await until(app, 'rejected', (status) => step(status, 'approve')?.state === 'failed')
    expect(step(rejected, 'approve')?.blocker).toMatchObject({ code: 'REGISTRATION_REJECTED' })
    expect(step(rejected, 'approve')?.blocker?.cause).toContain('not today')

    await app.handlers['node.reapply']({})
    await until(app, 'waiting again', (status) => step(status, 'approve')?.state === 'waiting')
    await approve(network.coordinator, id)
    await until(app, 'loaded', ({ loadLevel }) => loadLevel === 'L6')

    await app.dispose()
    expect(app.settings()).toMatchObject({ network: { kind: 'coordinator', url }, startsRunning: true })
    const again = await open({}, root)
    expect(again.app.settings()).toMatchObject({ network: { kind: 'coordinator', url }, startsRunning: true })
    await again.app.start()
    const status = await until(again.app, 'registered', (now) => step(now, 'register')?.state === 'done')
    // It is still known as a demo network, so the node stays on this computer.
    expect(status).toMatchObject({ peerId, profile: 'local', watermark: 'DEMO' })
    await again.app.handlers['node.stop']({})
    expect(again.app.status()).toMatchObject({ phase: 'stopped', headline: 'Stopped' })
    expect(again.app.settings().startsRunning).toBe(false)
  })
})
