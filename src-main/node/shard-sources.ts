import type { PeerId } from '@libp2p/interface'
import { isPrivate } from '@libp2p/utils'
import type { Host } from '../network/host'
import type { ServerSpan } from '../observe/model-servers'
import { localPlaces } from '../shards/sources/find-local'
import { gatherSources, type KnownPeer } from '../shards/sources/gather-sources'
import type { ByteSource } from '../shards/sources/source'
import type { ShardStore } from '../shards/store/shard-store'
import type { ShardTarget } from './load-ladder'

const MAX_PEERS = 16

/** Where the pieces of a target may come from, in the order of the runbook (S-14). */
export function sourcesFor(
  { manifest, range, modelPath }: ShardTarget,
  options: {
    store: ShardStore
    host: Host
    spans: () => readonly ServerSpan[]
    /** For models whose publisher asks for one. */
    token?: () => Promise<string | null>
  },
): Promise<ByteSource[]> {
  const { store, host } = options
  return gatherSources({
    manifest,
    blocks: range,
    store,
    modelPath,
    // Other programs' caches are looked through only where the operator named no file.
    places: modelPath === null ? localPlaces() : [],
    host,
    peers: peersWith(options.spans(), range, host),
    http: options.token ? { tokenFor: options.token } : {},
  })
}

/** Whoever serves some of the blocks has their pieces. */
function peersWith(spans: readonly ServerSpan[], range: ShardTarget['range'], host: Host): KnownPeer[] {
  return spans
    .filter(({ peer, start, end, info }) => {
      const overlaps = start < range.end && end > range.start
      return overlaps && info.state === 'online' && !peer.equals(host.peerId)
    })
    .map(({ peer }): KnownPeer => ({ peer, kind: isNear(host, peer) ? 'lan' : 'swarm' }))
    .slice(0, MAX_PEERS)
}

/** By the line that is open to it: what a peer says of its addresses may be true in another local network. */
function isNear(host: Host, peer: PeerId): boolean {
  return host
    .getConnections(peer)
    .some(({ remoteAddr }) => isPrivate(remoteAddr) && !remoteAddr.toString().includes('/p2p-circuit'))
}
