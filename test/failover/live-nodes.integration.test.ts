import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReference } from '../../src-main/demo/parity'
import { createEngineFactory, type EngineFactory } from '../../src-main/engine/testing/test-engine'
import { type NetworkClient, openNetworkClient } from '../../src-main/node/network-client'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import { generate, type Vocabulary } from '../../src-main/pipeline/generate'
import type { Manifest } from '../../src-main/shards/manifest'
import { readManifest } from '../../src-main/shards/manifest'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { hopBadge, lostBadge, type RouteChange, routeChangeWords } from '../../src-shared/routing-trace'
import { NodeStatusSchema } from '../../src-shared/status'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  SAMPLE_MANIFEST,
  SAMPLE_MODEL,
  startLiveNetwork,
  until,
} from '../live-network'

const CONTEXT_TOKENS = 256
const TOKENS = 120

let network: LiveNetwork
let engines: EngineFactory
let client: NetworkClient
let manifest: Manifest
let vocabulary: Vocabulary
const nodes: LiveNode[] = []

beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 2 })
  engines = await createEngineFactory()
  for (let i = 0; i < 4; i++) {
    const node = await network.join({ config: { spotCheckEvery: 1 } })
    nodes.push(node)
    await until(node, 'loaded', ({ loadLevel }) => loadLevel === 'L6')
  }
  await Promise.all(nodes.map((node) => until(node, 'visible', isVisible)))
  manifest = await readManifest(SAMPLE_MANIFEST)
  client = await openNetworkClient({
    ...{ profile: network.profile, bootstraps: network.bootstrap.addresses(), clock: systemClock },
    log: createEventLog(systemClock, null),
  })
  const tokenizer = await engines.start()
  vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
})
afterAll(async () => {
  await client?.close()
  await engines?.close()
  await network?.close()
})

const nodeOf = (peer: string | undefined) => nodes.find(({ node }) => node.status().peerId === peer)

async function ask(onToken: (count: number, route: readonly string[]) => void) {
  const signal = AbortSignal.timeout(90_000)
  let count = 0
  /** What the person who waits is told, with how many tokens they have by then. */
  const changes: (RouteChange & { had: number })[] = []
  const routed = client.request(manifest, CONTEXT_TOKENS, (change) => void changes.push({ ...change, had: count }))
  const route = await routed.route(signal)
  const generation = await generate({
    ...{ pipeline: routed, vocabulary, clock: systemClock, root: manifest.root, route, signal },
    ...{ prompt: 'A hacker is', maxTokens: TOKENS, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true, exact: true },
    onToken: () =>
      onToken(
        ++count,
        route.map(({ peer }) => peer),
      ),
  })
  return { generation, changes, ...routed.trace(generation) }
}

describe('real nodes, two for each block', () => {
  let expected: number[]
  beforeAll(async () => {
    const reference = await openReference({
      ...{ modelPath: SAMPLE_MODEL, spawnEngine: () => engines.spawn() },
      ...{ contextTokens: CONTEXT_TOKENS, maxBatchTokens: 128 },
    })
    const before = nodes.map(({ node }) => node.status().contribution.requests)
    const { generation, hops, lost } = await ask(() => undefined)
    expected = (await reference.repeat(generation)).tokens
    await reference.close()
    expect(generation.tokens).toEqual(expected)
    expect(lost).toEqual([])
    expect(hops.map(hopBadge).join()).toMatch(/🌐 Remote \w{16} · score 0\.\d\d · [\d.]+ ms/)
    // What was asked of a node is counted where it was answered, once; replicas that were idle count nothing.
    const served = nodes.map(({ node }, i) => node.status().contribution.requests - (before[i] ?? 0))
    expect(served.toSorted()).toEqual([0, 0, 1, 1])
  })

  it('spot checks that its operator has turned on: an answer of a node is checked on a replica, which agrees', async () => {
    const asking = nodes.find(({ node }) => node.model() !== null)
    if (!asking) throw new Error('no node has the model’s vocabulary')
    const signal = AbortSignal.timeout(30_000)
    await asking.node.generate({ prompt: 'A hacker is', maxTokens: 20, signal, onToken: () => undefined })
    const checks = () => asking.log.filter(({ code }) => code === 'route.spot-check').map(({ message }) => message)
    await expect.poll(checks, { timeout: 20_000 }).toEqual([expect.stringMatching(/ agrees with /)])
  })

  it('H-48: what another node holds against one stands in its status, with the evidence, once in 10 s', async () => {
    // Heard is only who had a session through the node lately.
    let peers: readonly string[] = []
    await ask((_, route) => {
      peers = route
    })
    const accused = nodeOf(peers[0])
    const evidence = { code: 'SPOT_CHECK_DISAGREED' as const, cause: 'blocks 0–3: token 5 at\u001b[31m position 9' }
    client.pipeline.notify(accused?.node.status().peerId ?? '', evidence)
    const { notices } = await until(accused!, 'told', ({ notices = [] }) => notices.length > 0)
    expect(notices).toEqual([
      {
        ...{ by: client.host.peerId.toString(), code: 'SPOT_CHECK_DISAGREED', at: expect.any(Number) },
        cause: `${new EspalierError('SPOT_CHECK_DISAGREED').message}. In its words: “blocks 0–3: token 5 at [31m position 9”`,
      },
    ])
    expect(NodeStatusSchema.safeParse(accused?.node.status()).error).toBeUndefined()
  })

  it('D-T28: an engine that is killed in the middle: the answer goes on with the other node, identical', async () => {
    const { generation, hops, lost, changes } = await ask((count, [first]) => {
      if (count === 20) nodeOf(first)?.engines.at(-1)?.kill()
    })
    expect(generation.tokens).toEqual(expected)
    expect(lost.map(({ code }) => code)).toEqual(['ENGINE_GONE'])
    expect(hops.map(({ peerId }) => peerId)).not.toContain(lost[0]?.peerId)
    expect(lostBadge(lost[0]!)).toMatch(/✖ Failed \w{16} · ENGINE_GONE · paused \d+ ms/)
    // Told live: first that it left, then who goes on, and from which token.
    const [left, goesOn] = changes
    expect(changes.map(({ peerId, had, token }) => [peerId, token - had])).toEqual([
      [lost[0]?.peerId, 1],
      [lost[0]?.peerId, 1],
    ])
    expect(left?.replacements).toEqual([])
    expect(hops.map(({ peerId }) => peerId)).toEqual(expect.arrayContaining(goesOn?.replacements ?? ['']))
    expect(routeChangeWords(goesOn!)).toMatch(/^The node \w{16} left\. Continuing with \w{16} from token 2\d\.$/)
    await Promise.all(nodes.map((node) => until(node, 'visible again', isVisible)))
  })

  it('D-T28: a node that its operator stops in the middle: the same', async () => {
    let stopped: Promise<void> | undefined
    const { generation, lost } = await ask((count, [, second]) => {
      if (count === 30) stopped = nodeOf(second)?.remove()
    })
    await stopped
    expect(generation.tokens).toEqual(expected)
    expect(lost).toHaveLength(1)
    expect(lost[0]?.pauseMs).toBeLessThan(5_000)
  })
})
