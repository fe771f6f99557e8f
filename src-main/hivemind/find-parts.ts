import type { PeerId } from '@libp2p/interface'
import { isErrorCode } from '../../src-shared/errors'
import type { DhtId } from './dht-id'
import type { DhtRpc, RpcOptions } from './dht-rpc'
import type { FindResult } from './messages'

/** An 80-block model in one call: what a call costs is the call, not its keys. */
export const KEYS_PER_CALL = 128
/** When that was too much for the other side: keys of crowded models have long answers, and a reply has 4 MiB. */
const KEYS_PER_SMALL_CALL = 32

/**
 * What one peer has for any number of keys, one result per key, in order. Where an answer would not fit into a frame,
 * our own nodes say so, and hivemind's in Python say nothing at all: both are asked again for fewer keys at a time.
 * @throws as `DhtRpc.find`
 */
export async function findInParts(
  rpc: Pick<DhtRpc, 'find'>,
  peer: PeerId,
  keys: readonly DhtId[],
  { signal }: RpcOptions,
): Promise<FindResult[]> {
  const results: FindResult[] = []
  for (const part of partsOf(keys, KEYS_PER_CALL)) {
    try {
      results.push(...(await rpc.find(peer, part, { signal })))
    } catch (error) {
      const isTooMuch = isErrorCode(error, 'REMOTE_ERROR') || isErrorCode(error, 'TIMED_OUT')
      if (part.length <= KEYS_PER_SMALL_CALL || !isTooMuch || signal?.aborted) throw error
      for (const few of partsOf(part, KEYS_PER_SMALL_CALL)) results.push(...(await rpc.find(peer, few, { signal })))
    }
  }
  return results
}

function* partsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}
