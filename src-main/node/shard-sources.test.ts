import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import type { Host } from '../network/host'
import type { ServerSpan } from '../observe/model-servers'
import { fetchShard } from '../shards/fetch/fetch-shard'
import { shardFolder } from '../shards/sources/shard-folder'
import { createShardStore } from '../shards/store/shard-store'
import { sourcesFor } from './shard-sources'

describe('where a running node looks', () => {
  it('S-14: peers in the order of who is nearer, by the lines that are open to them', async () => {
    const dataDirectory = await temporaryDirectory()
    const store = createShardStore({ dataDirectory, clock: systemClock })
    const target = { manifest: await manifestOf(SAMPLE_MODEL), range: { start: 2, end: 4 }, modelPath: dataDirectory }
    const keys = await Promise.all(Array.from({ length: 6 }, () => generateKeyPair('Ed25519')))
    const [self, ...peers] = keys.map((key) => peerIdFromPrivateKey(key))
    const relay = `/p2p/${peers[4]}/p2p-circuit`
    const lines = new Map<PeerId | undefined, string>([
      [peers[0], '/ip4/203.0.114.9/tcp/1'],
      [peers[1], '/ip4/192.168.1.20/tcp/1'],
      [peers[2], `/ip4/192.168.1.20/tcp/1${relay}`],
    ])
    const host = {
      peerId: self,
      getConnections: (peer: PeerId) =>
        [lines.get(peer)].flatMap((line) => (line ? [{ remoteAddr: multiaddr(line) }] : [])),
    } as unknown as Host
    const spans = peers.map((peer, index) => ({
      ...{ peer, start: index === 4 ? 5 : 1, end: index === 4 ? 8 : 3 },
      info: { state: index === 3 ? 'joining' : 'online' },
    })) as ServerSpan[]
    const found = await sourcesFor(target, { store, host, spans: () => spans })
    const kinds = found.filter(({ kind }) => kind === 'lan' || kind === 'swarm').map(({ kind }) => kind)
    expect(kinds).toEqual(['swarm', 'lan', 'swarm'])
  })

  it('S-08, S-28: a whole model that is dropped into the shard folder is used at the next attempt', async () => {
    const dataDirectory = await temporaryDirectory()
    const store = createShardStore({ dataDirectory, clock: systemClock })
    const target = {
      manifest: await manifestOf(SAMPLE_MODEL),
      range: { start: 2, end: 4 },
      modelPath: join(dataDirectory, 'none'),
    }
    // Nobody is dialled: no peer serves anything.
    const host = { peerId: peerIdFromPrivateKey(await generateKeyPair('Ed25519')) } as Host
    const attempt = async () =>
      fetchShard({
        manifest: target.manifest,
        blocks: target.range,
        sources: await sourcesFor(target, { store, host, spans: () => [] }),
        store,
        clock: systemClock,
      })
    await expect(attempt()).rejects.toMatchObject({ code: expect.stringMatching(/^FETCH_/) })

    const folder = shardFolder(dataDirectory)
    await mkdir(folder, { recursive: true })
    await copyFile(SAMPLE_MODEL, join(dataDirectory, 'copying'))
    await rename(join(dataDirectory, 'copying'), join(folder, 'shard-0.gguf'))
    await attempt()
    expect(await store.verify(target.manifest, target.range)).not.toBeNull()
  })
})
