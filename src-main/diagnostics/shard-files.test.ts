import { open, rm, stat } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { emptySteps, type Step } from '../../src-shared/status'
import { manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import { fetchShard } from '../shards/fetch/fetch-shard'
import type { Manifest } from '../shards/manifest'
import { fileSource } from '../shards/sources/file-source'
import { nodeFileSystem } from '../shards/store/file-system'
import { createShardStore } from '../shards/store/shard-store'
import type { DiagnosticsContext } from './check'
import { shardFiles } from './shard-files'

const RANGE = { start: 2, end: 4 }
let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

function look(root: string, fetchStep: Partial<Step>) {
  const steps = emptySteps().map((step) => (step.name === 'fetch' ? { ...step, ...fetchStep } : step))
  const running = { target: { manifest, range: RANGE, modelPath: null } }
  const context = { running, status: { steps }, data: { root } } as unknown as DiagnosticsContext
  return shardFiles.look(context, new AbortController().signal).catch((error: { code: string }) => error)
}

describe('S-11: the assigned blocks’ file, as it lies on the disk now', () => {
  it('is missing, on its way, there with size and hash, damaged, and missing again', async () => {
    const root = await temporaryDirectory()
    const failed = { state: 'failed' as const }
    expect(await look(root, failed)).toMatchObject({
      verdict: 'fail',
      code: 'SHARD_MISSING',
      evidence: expect.stringMatching(/blocks 2–3, 1\.\d MB; looked for at .*slice\.gguf/),
    })
    const half = { state: 'working' as const, progress: { done: 600_000, total: 1_200_000, unit: 'bytes' as const } }
    expect(await look(root, half)).toMatchObject({
      verdict: 'unknown',
      evidence: expect.stringContaining('blocks 2–3: 600 kB of 1.'),
    })
    const store = createShardStore({ dataDirectory: root, clock: systemClock })
    const sources = [fileSource(SAMPLE_MODEL, nodeFileSystem)]
    const slice = await fetchShard({ manifest, blocks: RANGE, sources, store, clock: systemClock })
    const done = { state: 'done' as const }
    expect(await look(root, done)).toMatchObject({
      verdict: 'pass',
      evidence: expect.stringContaining(`hashed just now: sha256 ${slice.sha256.slice(0, 16)}`),
    })
    const file = await open(slice.slicePath, 'r+')
    await file.write(Buffer.from([1, 2, 3]), 0, 3, (await stat(slice.slicePath)).size - 4_000)
    await file.close()
    expect(await look(root, done)).toMatchObject({ code: 'SHARD_HASH_MISMATCH' })
    await rm(slice.slicePath)
    expect(await look(root, done)).toMatchObject({ verdict: 'fail', code: 'SHARD_MISSING' })
  })
})
