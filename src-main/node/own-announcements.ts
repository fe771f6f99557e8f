import { type Announcement, announcedKeys } from '../announce/announcement'
import type { Host } from '../network/host'
import { isRelayed } from '../network/relay-place'
import type { NodeConfig } from './config'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import { serverInfoFor } from './server-info-for'

/** Makes what we say about ourselves: of blocks that are proven, or, without a shard, of blocks on their way here. */
export function createOwnAnnouncements(options: {
  config: NodeConfig
  host: Host
  dht: { readonly mode: 'server' | 'client' }
  cacheTokensLeft: () => number
}): (target: ShardTarget, shard: LoadedShard | null) => Announcement {
  const { config, host, dht } = options
  return (target, shard) => ({
    ...spanOf(target),
    // Asked for anew in every round, so that the cache room in the record is the room that there is.
    info: () =>
      serverInfoFor({
        config,
        ...target,
        throughput: shard?.throughput ?? null,
        cacheTokensLeft: options.cacheTokensLeft(),
        usingRelay: dht.mode === 'client' && host.getMultiaddrs().some(isRelayed),
      }),
  })
}

/** The keys under which these blocks are announced. */
export function keysOf(target: ShardTarget): string[] {
  return announcedKeys(spanOf(target))
}

function spanOf({ manifest, range }: ShardTarget): Pick<Announcement, 'model' | 'range'> {
  const { dhtPrefix, blockCount, repository } = manifest
  return { model: { dhtPrefix, blockCount, repository }, range }
}
