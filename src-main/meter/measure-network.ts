import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import { reachPeer } from '../network/find-peer'
import type { NetworkClient } from '../node/network-client'
import type { ServerSpan } from '../observe/model-servers'
import { generate } from '../pipeline/generate'
import type { Manifest } from '../shards/manifest'
import type { MeteredServer } from './forecast'

const ANSWER_TOKENS = 16
/** As many at once, and as many in all: beyond that a forecast would be long in coming. */
const PINGED_AT_ONCE = 32
const MAX_PINGED = 256
const PING_TIMEOUT_MS = 4_000
const PINGS = 3
const ANSWER_TIMEOUT_MS = 60_000

/** Who serves the model now, by its own records, and how far from here: the shortest of three pings; 256 are asked. */
export async function readServers(
  client: NetworkClient,
  spans: readonly ServerSpan[],
  exclude: string,
): Promise<MeteredServer[]> {
  const online = spans.filter(({ peer, info }) => info.state === 'online' && peer.toString() !== exclude)
  const peers = online.slice(0, MAX_PINGED).map(({ peer }) => peer.toString())
  const roundTrips = await atOnce(PINGED_AT_ONCE, peers, (peer) => roundTripMs(client, peer))
  return online.map(({ peer, start, end, info }, i) => ({
    ...{ peer: peer.toString(), start, end, pingsS: info.nextPings, roundTripMs: roundTrips[i] ?? null },
    ...(i >= peers.length && { isUnasked: true }),
    blockMs: info.inferenceRps === null || info.inferenceRps <= 0 ? null : 1_000 / info.inferenceRps,
  }))
}

/** As `Promise.all` of the works, with no more than `most` of them under way. */
export async function atOnce<T, R>(most: number, all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const left = all.entries()
  const worker = async () => {
    for (const [i, one] of left) results[i] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker))
  return results
}

async function roundTripMs({ host }: NetworkClient, peer: string): Promise<number | null> {
  const signal = AbortSignal.timeout(PING_TIMEOUT_MS)
  try {
    const peerId = peerIdFromString(peer)
    await reachPeer(host, peerId, signal)
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < PINGS; i++) best = Math.min(best, await host.services.ping.ping(peerId, { signal }))
    return best
  } catch {
    return null
  }
}

/**
 * Asks the network for a short answer to the manifest's own probe prompt and times it, as a guest. Null figure with the
 * reason where nobody may ask, or no answer came. Throws CANCELLED.
 */
export async function timeAnswer(
  client: NetworkClient,
  manifest: Manifest,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ tokensPerSecond: number | null; reason: string | null }> {
  const prompt = Int32Array.from(manifest.probe.tokens)
  const contextTokens = prompt.length + ANSWER_TOKENS
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const ending = new AbortController()
  const end = () => ending.abort()
  signal.addEventListener('abort', end, { once: true })
  timeout.addEventListener('abort', end, { once: true })
  try {
    const routed = client.request(manifest, contextTokens)
    const { tokensPerSecond } = await generate({
      ...{ pipeline: routed, clock, root: manifest.root, prompt, contextTokens, maxTokens: ANSWER_TOKENS },
      route: await routed.route(ending.signal),
      // Only the time matters; the words are nobody's.
      vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
      signal: ending.signal,
      onToken: () => undefined,
    })
    return { tokensPerSecond, reason: null }
  } catch (error) {
    if (signal.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    const isMembers = error instanceof EspalierError && error.code.startsWith('TOKEN_')
    if (isMembers) return { tokensPerSecond: null, reason: 'Only members may ask this network, so no answer was timed' }
    if (isErrorCode(error, 'CANCELLED')) return { tokensPerSecond: null, reason: 'No answer came within a minute' }
    return { tokensPerSecond: null, reason: messageOf(error) }
  } finally {
    signal.removeEventListener('abort', end)
  }
}
