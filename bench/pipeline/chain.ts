import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { createHost, type Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { generate } from '../../src-main/pipeline/generate'
import { createPipeline, type Pipeline } from '../../src-main/pipeline/pipeline'
import type { RouteStage } from '../../src-main/pipeline/route'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { type CalledChild, startCalledChild } from '../child-calls'
import { median } from '../statistics'
import { type Echo, openEcho } from './echo'
import type { BenchModel, SliceFiles } from './models'
import { CONTEXT_TOKENS, type DecodeInput, type DecodeRun, ONE_SESSION, type Size } from './settings'
import { startWatch } from './timed-decode'

const PlaceSchema = z.object({ peer: z.string(), addresses: z.array(z.string()) })
const TimesSchema = z.array(z.number())
const RUN_LIMIT_MS = 300_000

export interface ChainRun extends DecodeRun {
  /** Median compute time of each stage, as the stages report it. */
  computeMs: number[]
  /** Median time that a batch of each stage spent between a node's two processes. */
  channelMs: number[]
}

export interface Chain {
  readonly length: number
  readonly route: readonly RouteStage[]
  decode(input: DecodeInput): Promise<ChainRun>
  /** An open echo to the first node. */
  readonly echo: Echo
  stop(): Promise<void>
}

/** The asking side: a host of its own, in this process. */
export interface BenchClient {
  host: Host
  pipeline: Pipeline
  close(): Promise<void>
}

export async function openBenchClient(): Promise<BenchClient> {
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: null,
    kadMode: 'client',
  })
  const pipeline = createPipeline({
    host,
    clock: systemClock,
    log: createEventLog(systemClock, null),
    stage: () => null,
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await pipeline.start()
  return {
    host,
    pipeline,
    async close() {
      await pipeline.stop()
      await host.stop()
    },
  }
}

/** Starts one node a slice, and connects each to the next and the client to all. */
export async function startChain(
  client: BenchClient,
  model: BenchModel,
  slices: readonly SliceFiles[],
  size: Size = ONE_SESSION,
): Promise<Chain> {
  const nodes: CalledChild[] = []
  const route: RouteStage[] = []
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    let previous: CalledChild | null = null
    for (const slice of slices) {
      const node = startCalledChild('stage')
      nodes.push(node)
      const { peer, addresses } = await node.call('open', { ...slice, size, manifest: model.manifest }, PlaceSchema)
      route.push({ peer, ...slice.range })
      await previous?.call('connect', { addresses }, z.null())
      await client.host.dial(addresses.map((address) => multiaddr(address)))
      previous = node
    }
    const echo = await openEcho(client.host, peerIdFromString(route[0]?.peer ?? ''))
    return { length: nodes.length, route, decode: (input) => decode(client, model, route, nodes, input), echo, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One generation, the way every generation runs; only the vocabulary is left out. */
async function decode(
  { pipeline }: BenchClient,
  { manifest }: BenchModel,
  route: readonly RouteStage[],
  nodes: readonly CalledChild[],
  { prompt, tokens }: DecodeInput,
): Promise<ChainRun> {
  const watch = startWatch()
  await Promise.all(nodes.map((node) => node.call('takeChannelTimes', null, TimesSchema)))
  const generation = await generate({
    pipeline,
    vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
    clock: systemClock,
    root: manifest.root,
    route,
    prompt: '',
    maxTokens: tokens + 1,
    contextTokens: CONTEXT_TOKENS,
    ignoresEndOfText: true,
    // The reference's tokens are compared.
    exact: true,
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
    onToken: watch.onToken,
  })
  const times = await Promise.all(nodes.map((node) => node.call('takeChannelTimes', null, TimesSchema)))
  return {
    answer: generation.tokens,
    ...watch.times(),
    computeMs: generation.stageComputeMs,
    // Without the prompt's batch, as everywhere.
    channelMs: times.map((one) => median(one.slice(1))),
  }
}
