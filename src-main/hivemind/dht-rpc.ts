import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import { withDeadline } from './deadline'
import { type DhtId, isDhtId } from './dht-id'
import { dhtTimeS } from './expiration'
import { createLimiter } from './limiter'
import {
  decodeFindResponse,
  decodePingResponse,
  decodeStoreResponse,
  encodeFindRequest,
  encodePingRequest,
  encodeStoreRequest,
  type FindResult,
  type NodeInfo,
  type StoreItem,
} from './messages'
import { RPC_FIND, RPC_PING, RPC_STORE } from './protocols'
import { callUnary } from './unary-client'

export const RPC_TIMEOUT_MS = 3_000
const MAX_RPCS_AT_ONCE = 8

export interface PingReport {
  /** Null when the peer does not serve the DHT itself. */
  nodeId: DhtId | null
  roundTripMs: number
  /** Whether the peer could call us back; only when asked to validate and when we serve the DHT. */
  available: boolean
  /** How far the peer's clock is from ours, in seconds, beyond what the round trip explains; null: it did not say. */
  clockOffsetS: number | null
}

export interface RpcOptions {
  signal?: AbortSignal | undefined
}

export type DhtEvent = 'rpc.sent' | 'rpc.failed' | 'rpc.served' | 'rpc.refused' | 'answer.invalid'
export interface DhtCounters {
  count(event: DhtEvent): void
}

/** The three calls of the DHT towards one peer. Each takes at most 3 s, and at most 8 run at a time. */
export interface DhtRpc {
  ping(peer: PeerId, options: RpcOptions & { validate: boolean }): Promise<PingReport>
  /** One answer per item: true when the peer keeps it. */
  store(peer: PeerId, items: readonly StoreItem[], options?: RpcOptions): Promise<boolean[]>
  /** One result per key, in order. */
  find(peer: PeerId, keys: readonly DhtId[], options?: RpcOptions): Promise<FindResult[]>
}

export function createDhtRpc(options: {
  libp2p: Pick<Libp2p, 'dialProtocol'>
  clock: Clock
  /** Empty unless we serve the DHT: whoever learns a node id will call it. */
  ownNode: () => NodeInfo
  stopping: AbortSignal
  counters: DhtCounters | undefined
  answered(peer: PeerId, node: NodeInfo): void
  failed(peer: PeerId): void
}): DhtRpc {
  const { libp2p, clock, ownNode, stopping, counters } = options
  const limit = createLimiter(MAX_RPCS_AT_ONCE)

  async function call<T extends { node: NodeInfo }>(
    peer: PeerId,
    protocol: string,
    request: Uint8Array,
    decode: (reply: Uint8Array) => T,
    signal: AbortSignal | undefined,
  ): Promise<T & { roundTripMs: number }> {
    return limit(async () => {
      counters?.count('rpc.sent')
      try {
        const startedAtMs = clock.monotonicMs()
        const reply = await withDeadline(clock, RPC_TIMEOUT_MS, [stopping, signal], (deadline) =>
          callUnary(libp2p, peer, protocol, request, { signal: deadline }),
        )
        const response = { ...decode(reply), roundTripMs: clock.monotonicMs() - startedAtMs }
        options.answered(peer, response.node)
        return response
      } catch (error) {
        counters?.count('rpc.failed')
        // Only what the peer did counts against it, not that we stopped waiting for our own reasons.
        const isOurs = signal?.aborted || stopping.aborted || isErrorCode(error, 'BAD_ARGUMENT')
        if (!isOurs) options.failed(peer)
        throw error
      }
    }, signal)
  }

  return {
    async ping(peer, { validate, signal }) {
      const request = encodePingRequest({ node: ownNode(), validate })
      const sentAtS = dhtTimeS(clock)
      const response = await call(peer, RPC_PING, request, decodePingResponse, signal)
      return {
        nodeId: isDhtId(response.node) ? response.node.slice() : null,
        roundTripMs: response.roundTripMs,
        available: response.available,
        clockOffsetS: clockOffsetS(response.dhtTimeS, sentAtS, dhtTimeS(clock)),
      }
    },

    async store(peer, items, { signal } = {}) {
      const request = encodeStoreRequest({ node: ownNode(), items: [...items] })
      const { storeOk } = await call(
        peer,
        RPC_STORE,
        request,
        exactly(items.length, decodeStoreResponse, 'storeOk'),
        signal,
      )
      return storeOk
    },

    async find(peer, keys, { signal } = {}) {
      const request = encodeFindRequest({ node: ownNode(), keys: [...keys] })
      const { results } = await call(
        peer,
        RPC_FIND,
        request,
        exactly(keys.length, decodeFindResponse, 'results'),
        signal,
      )
      return results
    },
  }
}

/** A decoder that also refuses a reply with more or fewer answers than there were questions. */
function exactly<K extends string, T extends { [key in K]: readonly unknown[] }>(
  count: number,
  decode: (bytes: Uint8Array) => T,
  list: K,
): (bytes: Uint8Array) => T {
  return (bytes) => {
    const response = decode(bytes)
    if (response[list].length !== count) {
      throw new EspalierError('PROTOCOL_VIOLATION', `${response[list].length} answers to ${count} questions`)
    }
    return response
  }
}

function clockOffsetS(theirsS: number, sentAtS: number, receivedAtS: number): number | null {
  if (theirsS === 0 || !Number.isFinite(theirsS)) return null
  if (theirsS < sentAtS) return theirsS - sentAtS
  return theirsS > receivedAtS ? theirsS - receivedAtS : 0
}
