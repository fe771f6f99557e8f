import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openReference } from '../../src-main/demo/parity'
import { createEngineFactory } from '../../src-main/engine/testing/test-engine'
import { isRelayed } from '../../src-main/network/relay-place'
import { type NetworkClient, openNetworkClient } from '../../src-main/node/network-client'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import { generate } from '../../src-main/pipeline/generate'
import { readManifest } from '../../src-main/shards/manifest'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  PATIENT,
  SAMPLE_MANIFEST,
  SAMPLE_MODEL,
  startLiveNetwork,
  stepOf,
  until,
} from '../live-network'

// Three nodes with a part of the blocks each. One has no port at all, as behind a router that lets nothing in.

const CONTEXT_TOKENS = 256
const WAIT_MS = 150_000

let network: LiveNetwork
let open: LiveNode
let closed: LiveNode
let client: NetworkClient

beforeAll(async () => {
  network = await startLiveNetwork({ timings: PATIENT, targetWorkers: 3 })
  open = await network.join({ name: 'open' })
  await network.join({ name: 'another' })
  closed = await network.join({ name: 'closed', config: { listenPort: null } })
  client = await openNetworkClient({
    profile: network.profile,
    bootstraps: network.bootstrap.addresses(),
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
})
afterAll(async () => {
  await client?.close()
  await network?.close()
})

it('a node that listens nowhere gets a place at the coordinator’s relay, and that is where it says it is', async () => {
  const status = await until(closed, 'relayed', ({ listenAddresses }) => listenAddresses.length > 0, WAIT_MS)
  expect(status.listenAddresses.every((address) => isRelayed(multiaddr(address)))).toBe(true)
  expect(closed.log.map(({ code }) => code)).toContain('relay.reserved')
})

it('M-17: strangers see it and dial it back, through the relay', async () => {
  const direct = await until(open, 'visible', isVisible, WAIT_MS)
  const status = await until(closed, 'visible', isVisible, WAIT_MS)
  const values = stepOf(status, 'visible').evidence.map(({ value }) => value)
  expect(values).toHaveLength(2)
  for (const value of values) expect(value).toContain('dialled back through the relay at 127.0.0.1:')
  expect(stepOf(direct, 'visible').evidence[0]?.value).toContain('dialled back at')
})

it('an answer runs through all, and its way over the relay changes no token', async () => {
  const engines = await createEngineFactory()
  try {
    const manifest = await readManifest(SAMPLE_MANIFEST)
    const tokenizer = await engines.start()
    const vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
    const signal = AbortSignal.timeout(WAIT_MS)
    const routed = client.request(manifest, CONTEXT_TOKENS)
    const route = await routed.route(signal)
    const generation = await generate({
      ...{ pipeline: routed, vocabulary, clock: systemClock, root: manifest.root, route, signal },
      onToken: () => undefined,
      ...{ prompt: 'A hacker is', maxTokens: 64, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true },
    })
    const relayed = client.host.getConnections().filter(({ limits }) => limits !== undefined)
    expect(relayed.map(({ remotePeer }) => remotePeer.toString())).toContain(closed.node.status().peerId)
    expect(route.map(({ peer }) => peer)).toContain(closed.node.status().peerId)
    const reference = await openReference({
      ...{ modelPath: SAMPLE_MODEL, spawnEngine: () => engines.spawn() },
      ...{ contextTokens: CONTEXT_TOKENS, maxBatchTokens: 128 },
    })
    expect(generation.tokens).toEqual((await reference.repeat(generation)).tokens)
    await reference.close()
  } finally {
    await engines.close()
  }
})
