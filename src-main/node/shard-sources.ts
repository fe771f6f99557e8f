import type { PeerId } from '@libp2p/interface'
import type { Host } from '../network/host'
import type { ServerSpan } from '../observe/model-servers'
import { fileSource } from '../shards/sources/file-source'
import { findLocalFiles } from '../shards/sources/find-local'
import { httpSource } from '../shards/sources/http-source'
import { peerSource } from '../shards/sources/peer-source'
import { shardFolder } from '../shards/sources/shard-folder'
import { sliceFileSource, storedSlicesSource } from '../shards/sources/slice-source'
import type { ByteSource } from '../shards/sources/source'
import type { ShardStore } from '../shards/store/shard-store'
import type { ShardTarget } from './load-ladder'

const MAX_PEERS = 16
const SHARD_FILE = /\.gguf$/

/**
 * Where the pieces of a target may come from, in the order of the runbook (S-14): what lies here, other programs'
 * caches, peers that serve blocks of the same model, and the addresses in the manifest.
 */
export async function sourcesFor(
  { manifest, range, modelPath }: ShardTarget,
  options: { store: ShardStore; host: Host; spans: () => readonly ServerSpan[]; isLan: boolean },
): Promise<ByteSource[]> {
  const { store, host, isLan } = options
  const { disk, dataDirectory } = store
  const folder = shardFolder(dataDirectory)
  const names = await disk.list(folder).catch(() => [])
  const inFolder = names.filter((name) => SHARD_FILE.test(name)).map((name) => `${folder}/${name}`)
  // Whole files of the right size in other programs' caches; looked for only where the operator named none.
  const found = modelPath === null ? await findLocalFiles(manifest, disk) : []
  const files = modelPath === null ? found.map(({ path }) => path) : [modelPath]
  const peers = peersWith(options.spans(), range, host.peerId)
  return [
    storedSlicesSource(store, range),
    ...inFolder.map((path) => sliceFileSource(path, store)),
    ...files.map((path) => fileSource(path, disk)),
    ...peers.map((peer) => peerSource(host, peer, isLan ? 'lan' : 'swarm')),
    ...(manifest.sources ?? []).flatMap(({ urls }) => (urls.length === 1 && urls[0] ? [httpSource(urls[0])] : [])),
  ]
}

/** Whoever serves some of the blocks has their pieces. */
function peersWith(spans: readonly ServerSpan[], range: ShardTarget['range'], self: PeerId): PeerId[] {
  return spans
    .filter(({ peer, start, end, info }) => {
      const overlaps = start < range.end && end > range.start
      return overlaps && info.state === 'online' && !peer.equals(self)
    })
    .map(({ peer }) => peer)
    .slice(0, MAX_PEERS)
}
