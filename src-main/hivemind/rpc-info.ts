import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { decodeExpertInfo, decodeExpertUid, encodeExpertInfo, encodeExpertUid } from './messages'
import { encodeMsgpack, type MsgpackMap, msgpackMap } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { asOptionalBool, asOptionalCount, asOptionalText } from './petals-types'
import { RPC_INFO } from './protocols'
import { createReplyCache } from './reply-cache'
import { callUnary } from './unary-client'
import { serveUnary } from './unary-server'

/** How a monitor learns that a server is really there. Blocks, state and name are in the DHT record, not here. */
export interface RpcInfo {
  version: string
  /** Whether the server only uses the DHT, without serving it. */
  dhtClientMode: boolean
  cacheTokensAvailable: number
}

const MAX_VERSION_LENGTH = 100
const MAX_UIDS = 512

export function encodeRpcInfo(info: RpcInfo): Uint8Array {
  const map = msgpackMap({
    version: info.version,
    dht_client_mode: info.dhtClientMode,
    cache_tokens_available: info.cacheTokensAvailable,
  })
  return encodeExpertInfo(encodeMsgpack(map))
}

/** Other fields are ignored: servers of blocks add descriptions of their tensors. @throws PROTOCOL_VIOLATION */
export function decodeRpcInfo(payload: Uint8Array): RpcInfo {
  const decoded = decodeMsgpack(decodeExpertInfo(payload))
  if (!(decoded instanceof Map)) throw new EspalierError('PROTOCOL_VIOLATION', 'rpc_info without a map')
  const fields = decoded as MsgpackMap
  return {
    version: (asOptionalText(fields.get('version'), 'version') ?? '').slice(0, MAX_VERSION_LENGTH),
    dhtClientMode: asOptionalBool(fields.get('dht_client_mode'), 'dht_client_mode') ?? false,
    cacheTokensAvailable: asOptionalCount(fields.get('cache_tokens_available'), 'cache_tokens_available') ?? 0,
  }
}

/**
 * Answers rpc_info until the returned function is called. An empty uid asks about the server as a whole; for blocks
 * (`prefix.index`, several with spaces between) the answer is an error unless all of them are served here.
 */
export function serveRpcInfo(
  libp2p: Pick<Libp2p, 'handle' | 'unhandle'>,
  options: {
    clock: Clock
    info: () => RpcInfo
    serves: (blockKey: string) => boolean
    /** Told who is being answered. */
    onCall?: (peer: PeerId) => void
  },
): Promise<() => Promise<void>> {
  const replyTo = createReplyCache(options.clock, (uid) => {
    const keys = uid === '' ? [] : uid.split(' ', MAX_UIDS)
    const unknown = keys.find((key) => !options.serves(key))
    if (unknown !== undefined) throw new EspalierError('BAD_ARGUMENT', `not served here: ${unknown.slice(0, 100)}`)
    return encodeRpcInfo(options.info())
  })
  return serveUnary(
    libp2p,
    RPC_INFO,
    (payload, { peer }) => {
      const reply = replyTo(decodeExpertUid(payload))
      options.onCall?.(peer)
      return reply
    },
    { clock: options.clock, maxRequestBytes: 32_768 },
  )
}

/** @param uid empty, or the key of a block. @throws as `callUnary`, and PROTOCOL_VIOLATION for a malformed answer */
export async function callRpcInfo(
  libp2p: Pick<Libp2p, 'dialProtocol'>,
  peer: PeerId,
  uid: string,
  { signal }: { signal: AbortSignal },
): Promise<RpcInfo> {
  return decodeRpcInfo(
    await callUnary(libp2p, peer, RPC_INFO, encodeExpertUid(uid), { signal, maxReplyBytes: 131_072 }),
  )
}
