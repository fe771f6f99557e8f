import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createEngineFactory, type EngineFactory } from '../src-main/engine/testing/test-engine'
import { openNetworkClient } from '../src-main/node/network-client'
import { engineVocabulary } from '../src-main/node/vocabulary'
import { readModelServers } from '../src-main/observe/model-servers'
import { generate } from '../src-main/pipeline/generate'
import { readManifest } from '../src-main/shards/manifest'
import { createEventLog } from '../src-main/storage/event-log'
import { systemClock } from '../src-shared/clock'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  SAMPLE_MANIFEST,
  SAMPLE_MODEL,
  startLiveNetwork,
  stepOf,
  until,
} from './live-network'
import { loopbackHost } from './loopback-host'

let network: LiveNetwork
const releases: (() => Promise<unknown> | unknown)[] = []
beforeAll(async () => {
  network = await startLiveNetwork()
})
afterAll(() => network?.close())
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function join(options: Parameters<LiveNetwork['join']>[0] = {}): Promise<LiveNode> {
  const live = await network.join(options)
  releases.push(() => live.remove())
  return live
}

describe('an engine killed during a generation', () => {
  let engines: EngineFactory
  beforeAll(async () => {
    engines = await createEngineFactory()
  })
  afterAll(() => engines?.close())

  it('gives the asker a clear error; that node falls to JOINING and heals; the other stays up', async () => {
    const first = await join()
    await until(first, 'visible or waiting for a witness', ({ loadLevel }) => loadLevel === 'L6')
    const second = await join()
    await Promise.all([until(first, 'visible', isVisible), until(second, 'visible', isVisible)])

    const manifest = await readManifest(SAMPLE_MANIFEST)
    const log = createEventLog(systemClock, null)
    const client = await openNetworkClient({
      profile: network.profile,
      bootstraps: network.bootstrap.addresses(),
      clock: systemClock,
      log,
    })
    releases.push(() => client.close())
    const tokenizer = await engines.start()
    const vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
    const signal = AbortSignal.timeout(60_000)
    const route = await client.findRoute(manifest, signal)
    const run = (onToken: (count: number) => void) => {
      let count = 0
      return generate({
        pipeline: client.pipeline,
        vocabulary,
        clock: systemClock,
        root: manifest.root,
        route,
        prompt: 'A hacker is',
        maxTokens: 200,
        contextTokens: 256,
        ignoresEndOfText: true,
        signal,
        onToken: () => onToken(++count),
      })
    }
    const peerOf = (live: LiveNode) => live.node.status().peerId
    const statesSeen = new Set<string>()
    const watch = setInterval(async () => {
      const { spans } = await readModelServers(client.dht, manifest, AbortSignal.timeout(5_000)).catch(() => ({
        spans: [],
      }))
      for (const { peer, info } of spans) statesSeen.add(`${peer} ${info.state}`)
    }, 50)
    releases.push(() => clearInterval(watch))
    const levels: string[] = []
    const stop = second.node.onStatus(({ loadLevel }) => void (levels.at(-1) !== loadLevel && levels.push(loadLevel)))
    releases.push(stop)
    const killed = second.engines.at(-1)!

    const failure = await run((count) => count === 10 && killed.kill()).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ENGINE_GONE', message: expect.stringContaining(String(peerOf(second))) })

    await until(second, 'lost', ({ loadLevel }) => loadLevel !== 'L6' && loadLevel !== 'L7')
    await until(second, 'visible again', isVisible)
    expect(levels).toContain('L3')
    expect(second.engines.at(-1)?.pid).not.toBe(killed.pid)
    expect(statesSeen).toContain(`${peerOf(second)} joining`)
    expect(isVisible(first.node.status())).toBe(true)
    expect(first.engines).toHaveLength(1)

    const answer = await run(() => undefined)
    expect(answer.tokens).toHaveLength(200)
  })
})

describe('bad surroundings give a clear error and change nothing', () => {
  it('a coordinator that answers HTML is named, and nothing is served', async () => {
    const server = createServer((_, reply) => reply.setHeader('content-type', 'text/html').end('<html>Sign in</html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    releases.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as { port: number }
    const live = await join({ config: { coordinatorUrl: `http://127.0.0.1:${port}` } })
    const status = await until(live, 'failed', (now) => stepOf(now, 'connect').state === 'failed')
    expect(stepOf(status, 'connect').blocker?.code).toBe('COORDINATOR_NOT_ONE')
    expect(status).toMatchObject({ shape: 'problem', loadLevel: 'L0' })
    expect(live.engines).toHaveLength(0)
  })

  it('a garbage bootstrap address is reported, and the other entries still count (C-39, X-10)', async () => {
    const live = await join({
      config: { bootstraps: ['/ip4/127.0.0.1/tcp/1/p2p/QmBootstrap', 'rubbish', ...network.bootstrap.addresses()] },
    })
    await until(live, 'connected', (now) => stepOf(now, 'connect').state === 'done')
    const warnings = live.log.filter(({ code }) => code === 'bootstrap.address.invalid')
    expect(warnings.map(({ fields }) => fields.entry)).toEqual(['/ip4/127.0.0.1/tcp/1/p2p/QmBootstrap', 'rubbish'])
    expect(stepOf(live.node.status(), 'connect').evidence[0]?.by).toBe(network.bootstrap.peerId)
  })

  it('D-T16, O-03: a taken port: the next one is used and announced', async () => {
    const blocker = createTcpServer()
    await new Promise<void>((resolve) => blocker.listen(0, '0.0.0.0', resolve))
    releases.push(() => new Promise((resolve) => blocker.close(resolve)))
    const { port } = blocker.address() as { port: number }
    const live = await join({ config: { listenPort: port } })
    const [address] = live.node.status().listenAddresses
    expect(address).not.toContain(`/tcp/${port}/`)
    // What is announced is what is bound: a stranger who has nothing but that address meets this node there.
    const stranger = await loopbackHost({ listens: false })
    releases.push(() => stranger.stop())
    const { remotePeer } = await stranger.dial(multiaddr(address!), { signal: AbortSignal.timeout(20_000) })
    expect(remotePeer.toString()).toBe(live.node.status().peerId)
    // A witness has dialled it by what the network knows, on a new connection.
    const status = await until(live, 'reached', (now) => stepOf(now, 'serve').state === 'done')
    expect(stepOf(status, 'serve').evidence[0]?.value).toContain('on a new connection')
    expect(live.log.map(({ code }) => code)).toContain('port.taken')
  })

  it('a demo node refuses a coordinator that is not on this computer, before anything is sent (C-40)', async () => {
    await expect(join({ config: { coordinatorUrl: 'https://coordinator.example' } })).rejects.toMatchObject({
      code: 'DEMO_CONFINED',
    })
  })

  it('no model file: the step says so and tries again', async () => {
    const live = await join({ config: { modelPath: null } })
    const status = await until(live, 'failed', (now) => stepOf(now, 'fetch').state === 'failed')
    expect(['FETCH_NO_SOURCE', 'FETCH_SOURCES_FAILED']).toContain(stepOf(status, 'fetch').blocker?.code)
  })
})

describe('every light rests on somebody else (H-01, D-T41)', () => {
  it('evidence names a peer, a coordinator, a hash or a measurement; visible never names the node itself', async () => {
    const first = await join()
    await until(first, 'loaded', ({ loadLevel }) => loadLevel === 'L6')
    const second = await join()
    const status = await until(second, 'visible', isVisible)
    for (const step of status.steps) {
      expect(step.evidence.length, step.name).toBeGreaterThan(0)
      for (const evidence of step.evidence)
        expect(['peer', 'coordinator', 'hash', 'measurement']).toContain(evidence.kind)
    }
    for (const name of ['announce', 'visible', 'serve'] as const) {
      const { evidence } = stepOf(status, name)
      expect(evidence.every(({ kind, by }) => kind === 'peer' && by !== status.peerId)).toBe(true)
    }
    expect(new Set(stepOf(status, 'visible').evidence.map(({ by }) => by)).size).toBeGreaterThanOrEqual(2)
  })

  it('stops, starts again with the same identity, and leaves nothing behind in between (H-01, H-33)', async () => {
    // One range only, so that the blocks after the restart are the ones before it.
    const alone = await startLiveNetwork({ targetWorkers: 1 })
    releases.push(() => alone.close())
    const live = await alone.join()
    await until(live, 'loaded', ({ loadLevel }) => loadLevel === 'L6')
    const { peerId } = live.node.status()
    await live.node.stop()
    expect(live.node.status()).toMatchObject({ phase: 'stopped', shape: 'stopped' })
    expect(await live.engines.at(-1)!.exited).toBeDefined()
    const { workers } = await alone.coordinator.snapshot()
    expect(workers.map(({ nickname }) => nickname)).not.toContain(live.config.publicName)
    await live.node.start()
    await until(live, 'loaded again', ({ loadLevel }) => loadLevel === 'L6')
    expect(live.node.status().peerId).toBe(peerId)
    // The slice was there already: it was hashed again, not copied.
    expect(stepOf(live.node.status(), 'fetch').evidence[0]?.value).toMatch(/hashed again/)
  })
})
