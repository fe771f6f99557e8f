import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openReference } from '../../src-main/demo/parity'
import { createEngineFactory } from '../../src-main/engine/testing/test-engine'
import { openNetworkClient } from '../../src-main/node/network-client'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import { generate } from '../../src-main/pipeline/generate'
import { readManifest } from '../../src-main/shards/manifest'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  PATIENCE_MS,
  PATIENT,
  SAMPLE_MANIFEST,
  SAMPLE_MODEL,
  startLiveNetwork,
  until,
} from '../live-network'

// Somebody who runs no node of ours knows one thing: the coordinator's web address.

const CONTEXT_TOKENS = 256
const Info = z.object({
  total_layers: z.int(),
  bootstrap_peers: z.array(z.string()),
  x_bootstrap_peers: z.array(z.string()),
  ready_for_inference: z.boolean(),
})

let network: LiveNetwork
let ours: LiveNode
let other: LiveNode
beforeAll(async () => {
  network = await startLiveNetwork({ targetWorkers: 2, timings: PATIENT })
  ours = await network.join({ name: 'ours' })
  other = await network.join({ name: 'other' })
  for (const live of [ours, other]) await until(live, 'visible', isVisible, PATIENCE_MS)
}, 3 * PATIENCE_MS)
afterAll(() => network?.close())

const idOf = (live: LiveNode): string => live.node.status().peerId ?? 'none'

async function networkInfo(): Promise<z.infer<typeof Info>> {
  const answer = await fetch(`${network.coordinator.url}/network/info`)
  return Info.parse(await answer.json())
}

/** The tokens that a client gets who starts from these addresses and nothing else, and who computed them. */
async function askFrom(bootstraps: readonly string[]) {
  const engines = await createEngineFactory()
  const client = await openNetworkClient({
    profile: network.profile,
    bootstraps,
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
  try {
    const manifest = await readManifest(SAMPLE_MANIFEST)
    const tokenizer = await engines.start()
    const vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const routed = client.request(manifest, CONTEXT_TOKENS)
    const route = await routed.route(signal)
    const generation = await generate({
      ...{ pipeline: routed, vocabulary, clock: systemClock, root: manifest.root, route, signal },
      onToken: () => undefined,
      ...{ prompt: 'A hacker is', maxTokens: 8, contextTokens: CONTEXT_TOKENS, exact: true, ignoresEndOfText: true },
    })
    const reference = await openReference({
      ...{ modelPath: SAMPLE_MODEL, spawnEngine: () => engines.spawn() },
      ...{ contextTokens: CONTEXT_TOKENS, maxBatchTokens: 128 },
    })
    const expected = (await reference.repeat(generation)).tokens
    await reference.close()
    return { client: client.host.peerId.toString(), route, tokens: generation.tokens, expected }
  } finally {
    await client.close()
    await engines.close()
  }
}

describe('C-41: a client that knows /network/info and nothing else', { timeout: 2 * PATIENCE_MS }, () => {
  it('C-41: gets a forward pass through our blocks, with the tokens of the whole model', async () => {
    const info = await networkInfo()
    expect(info.ready_for_inference).toBe(true)
    const served = () => ours.node.status().contribution.requests
    const before = served()
    const { client, route, tokens, expected } = await askFrom(info.bootstrap_peers)
    expect([idOf(ours), idOf(other)]).not.toContain(client)
    expect(route.map(({ peer }) => peer).toSorted()).toEqual([idOf(ours), idOf(other)].toSorted())
    expect(route.map(({ start, end }) => end - start).reduce((sum, count) => sum + count)).toBe(info.total_layers)
    expect(tokens).toHaveLength(8)
    expect(tokens).toEqual(expected)
    await expect.poll(served, { timeout: 10_000 }).toBeGreaterThan(before)
  })

  it('C-41: our own entry in it is enough to get in by', async () => {
    const info = await networkInfo()
    const entries = info.bootstrap_peers.filter((address) => address.endsWith(`/p2p/${idOf(ours)}`))
    expect(entries.length).toBeGreaterThan(0)
    for (const entry of entries) expect(info.x_bootstrap_peers).not.toContain(entry)
    const { route, tokens, expected } = await askFrom(entries)
    expect(route.map(({ peer }) => peer)).toContain(idOf(ours))
    expect(tokens).toEqual(expected)
  })
})
