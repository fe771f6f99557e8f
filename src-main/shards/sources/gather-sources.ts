import { join } from 'node:path'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { BlockRange } from '../../../src-shared/blocks'
import type { Manifest } from '../manifest'
import { maySplitBe } from '../split/split-files'
import { splitPaths } from '../split/split-name'
import type { ShardStore } from '../store/shard-store'
import { fileSource } from './file-source'
import { findLocalFiles, type LocalPlace, localPlaces } from './find-local'
import type { HttpOptions } from './http-range'
import { httpSource } from './http-source'
import { peerSource } from './peer-source'
import { shardFolder } from './shard-folder'
import { sliceFileSource, storedSlicesSource } from './slice-source'
import type { ByteSource } from './source'
import { splitHttpSource } from './split-http-source'

export interface KnownPeer {
  readonly peer: PeerId
  /** Found on the local network, or only through the swarm. */
  readonly kind: 'lan' | 'swarm'
}

/**
 * Everywhere a shard may come from, in the order in which it is asked: slices and shard files in the data directory,
 * the file that the operator chose, other programs' caches, peers, and the addresses of the manifest.
 */
export async function gatherSources(options: {
  manifest: Manifest
  blocks: BlockRange
  store: ShardStore
  /** Chosen by the operator. */
  modelPath: string | null
  /** Where other programs keep models; empty to look nowhere. */
  places?: readonly LocalPlace[]
  host: Pick<Libp2p, 'dialProtocol'> | null
  peers: readonly KnownPeer[]
  http: HttpOptions | null
}): Promise<ByteSource[]> {
  const { manifest, blocks, store, modelPath, host, peers, http, places = localPlaces() } = options
  const { disk } = store
  const sources: ByteSource[] = [storedSlicesSource(store, blocks)]
  const folder = shardFolder(store.dataDirectory)
  for (const name of await disk.list(folder).catch(() => [])) {
    if (name.endsWith('.gguf')) sources.push(...(await folderFile(join(folder, name), manifest, store)))
  }
  if (modelPath !== null) sources.push(fileSource(modelPath, disk))
  for (const { path } of await findLocalFiles(manifest, disk, places)) {
    if (path !== modelPath) sources.push(fileSource(path, disk))
  }
  if (host !== null) sources.push(...peers.map(({ peer, kind }) => peerSource(host, peer, kind)))
  if (http !== null) {
    sources.push(...(manifest.sources ?? []).map(({ urls }) => webSource(urls, http)))
  }
  return sources
}

/** Several addresses, or one that is named as the splitter names them, are the files of a split model. */
function webSource(urls: readonly string[], options: HttpOptions): ByteSource {
  const [only = ''] = urls
  const parts = urls.length === 1 ? splitPaths(only) : urls
  return parts === null ? httpSource(only, options) : splitHttpSource(parts, options)
}

/** A file of the shard folder is a whole model, told by its size, the first file of a split one, or a slice. */
export async function folderFile(path: string, manifest: Manifest, store: ShardStore): Promise<ByteSource[]> {
  const facts = await store.disk.facts(path)
  if (facts === null || facts.isDirectory) return []
  const isWhole = facts.sizeBytes === manifest.file.sizeBytes || (await maySplitBe(path, manifest, store.disk))
  // The other files of a split model are read with its first one.
  if (!isWhole && splitPaths(path) !== null) return []
  return [isWhole ? { ...fileSource(path, store.disk), kind: 'folder' } : sliceFileSource(path, store)]
}
