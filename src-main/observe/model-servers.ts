import { computeSpans, type ServerSpan } from '../hivemind/compute-spans'
import type { HivemindDht } from '../hivemind/dht'
import type { FoundValue } from '../hivemind/found-value'
import { blockKey } from '../hivemind/server-info'

export type { ServerSpan }

export interface ModelServers {
  spans: ServerSpan[]
  /** Live records under all block keys: one a block and server. */
  recordCount: number
  /** The records themselves, by key; absent where they are not hivemind's. */
  found?: ReadonlyMap<string, FoundValue>
}

/** Who says to serve which blocks of a model, from the DHT: one span a peer, whatever its state. */
export async function readModelServers(
  dht: HivemindDht,
  model: { dhtPrefix: string; blockCount: number },
  signal: AbortSignal,
): Promise<ModelServers> {
  const keys = Array.from({ length: model.blockCount }, (_, block) => blockKey(model.dhtPrefix, block))
  const found = await dht.get(keys, { signal })
  const values = keys.map((key) => found.get(key) ?? null)
  const recordCount = values.reduce((sum, value) => sum + (value?.kind === 'dictionary' ? value.entries.size : 0), 0)
  return { spans: computeSpans(values), recordCount, found }
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
