import { computeSpans, type ServerSpan } from '../hivemind/compute-spans'
import type { HivemindDht } from '../hivemind/dht'
import { blockKey } from '../hivemind/server-info'

export type { ServerSpan }

/** Who says to serve which blocks of a model, from the DHT: one span a peer, whatever its state. */
export async function readModelServers(
  dht: HivemindDht,
  model: { dhtPrefix: string; blockCount: number },
  signal: AbortSignal,
): Promise<ServerSpan[]> {
  const keys = Array.from({ length: model.blockCount }, (_, block) => blockKey(model.dhtPrefix, block))
  const found = await dht.get(keys, { signal })
  return computeSpans(keys.map((key) => found.get(key) ?? null))
}

/** Number of servers of each block that say to be online. */
export function coverageOf(spans: readonly ServerSpan[], blockCount: number): number[] {
  const coverage = new Array<number>(blockCount).fill(0)
  for (const { start, end, info } of spans) {
    if (info.state !== 'online') continue
    for (let block = start; block < end; block++) coverage[block] = (coverage[block] ?? 0) + 1
  }
  return coverage
}
