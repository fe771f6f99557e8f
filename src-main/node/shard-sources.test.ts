import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import type { Host } from '../network/host'
import { fetchShard } from '../shards/fetch/fetch-shard'
import { shardFolder } from '../shards/sources/shard-folder'
import { createShardStore } from '../shards/store/shard-store'
import { sourcesFor } from './shard-sources'

describe('where a running node looks', () => {
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
        sources: await sourcesFor(target, { store, host, spans: () => [], isLan: true }),
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
