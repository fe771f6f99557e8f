import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { createHost } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { readManifest } from '../../src-main/shards/manifest'
import { httpSource } from '../../src-main/shards/sources/http-source'
import { peerSource } from '../../src-main/shards/sources/peer-source'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { Served } from '../child-calls'
import { cpuMs } from '../cpu-time'
import { bareDownload } from './bare-download'
import { readBareStream } from './bare-stream'

const ConnectSchema = z.object({ addresses: z.array(z.string()) })
const FetchSchema = z.object({
  manifestPath: z.string(),
  /** Emptied before each fetch. */
  directory: z.string(),
  blocks: z.object({ start: z.int(), end: z.int() }),
  /** Null: from the peer that was connected. */
  url: z.nullable(z.string()),
  /** Samples its memory while it fetches, which takes time of its own. */
  watchesMemory: z.optional(z.boolean()),
})
const MEMORY_SAMPLE_MS = 20

/** A node that has nothing, in a process of its own: its memory is what fetching takes. */
export async function clientNode(): Promise<Served> {
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: null,
    kadMode: 'client',
  })
  const clock = systemClock
  const peer = () => {
    const [first] = host.getPeers()
    if (first === undefined) throw new EspalierError('INTERNAL', 'no peer')
    return first
  }
  return {
    calls: {
      async connect(input) {
        await host.dial(ConnectSchema.parse(input).addresses.map((address) => multiaddr(address)))
      },
      async fetch(input) {
        const { manifestPath, directory, blocks, url, watchesMemory } = FetchSchema.parse(input)
        await rm(directory, { recursive: true, force: true })
        const manifest = await readManifest(manifestPath)
        const store = createShardStore({ dataDirectory: directory, clock })
        const source = url === null ? peerSource(host, peer(), 'lan') : httpSource(url, { allowPrivate: true })
        const before = process.memoryUsage.rss()
        let highest = before
        const sample = () => {
          highest = Math.max(highest, process.memoryUsage.rss())
        }
        const stop = watchesMemory ? clock.every(MEMORY_SAMPLE_MS, sample) : () => undefined
        const startedAt = clock.monotonicMs()
        const fetched = await fetchShard({ manifest, blocks, sources: [source], store, clock })
        const ms = clock.monotonicMs() - startedAt
        stop()
        const { neededBytes, receivedBytes } = fetched
        return { ms, neededBytes, receivedBytes, extraBytes: highest - before }
      },
      async bareDownload(input) {
        const { directory, url } = FetchSchema.parse(input)
        const path = join(directory, '..', 'bare.gguf')
        const startedAt = clock.monotonicMs()
        await bareDownload(url ?? '', path)
        const ms = clock.monotonicMs() - startedAt
        await rm(path)
        return ms
      },
      async bareStream(input) {
        const path = join(FetchSchema.parse(input).directory, '..', 'bare.gguf')
        const startedAt = clock.monotonicMs()
        const sizeBytes = await readBareStream(host, peer(), path)
        const ms = clock.monotonicMs() - startedAt
        await rm(path)
        return { ms, sizeBytes }
      },
      cpuMs: () => cpuMs(),
    },
    close: () => host.stop(),
  }
}
