import { tmpdir } from 'node:os'
import { captureBoundaries } from '../../src-main/engine/capture'
import { replayProbe } from '../../src-main/engine/replay'
import { type EngineFactory, TEST_LIBRARY } from '../../src-main/engine/testing/test-engine'
import type { Manifest } from '../../src-main/shards/manifest'
import { buildManifest } from '../../src-main/shards/manifest-build'
import { SAMPLE_MODEL } from './manifests'

export const SAMPLE_MANIFEST = 'resources/models/tiny-jargon-8.manifest.json'
export const SAMPLE_PROBE = 'A hacker is often used of people'

/** Makes the bundled manifest anew, with the real engine. */
export async function buildSampleManifest(factory: EngineFactory): Promise<Manifest> {
  const engine = await factory.start()
  await engine.loadEntry(SAMPLE_MODEL)
  const probeTokens = await engine.tokenize(SAMPLE_PROBE)
  await engine.stop()
  const options = { name: 'Tiny Jargon 8', dhtPrefix: 'Tiny-Jargon-8', repository: null, probeTokens: [...probeTokens] }
  const work = { spawnEngine: () => factory.spawn(), library: TEST_LIBRARY, threads: 1 }
  return buildManifest(SAMPLE_MODEL, options, (path, tokens) => captureBoundaries(path, tokens, work), {
    replay: (manifest) => replayProbe(SAMPLE_MODEL, manifest, { ...work, directory: tmpdir() }),
  })
}
