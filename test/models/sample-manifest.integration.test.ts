import { stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngineFactory, type EngineFactory } from '../../src-main/engine/testing/test-engine'
import { readManifest } from '../../src-main/shards/manifest'
import { decodeFloats, decodeHalves, relativeError } from '../../src-main/shards/probe'
import { buildSampleManifest, SAMPLE_MANIFEST } from './sample-manifest'

let factory: EngineFactory
beforeAll(async () => {
  factory = await createEngineFactory()
})
afterAll(() => factory.close())

// UPDATE_SAMPLE_MANIFEST=1 writes the file instead: after a change of the format, the sample model or the engine.
test('the bundled manifest is what the engine makes of the bundled model', async () => {
  const made = await buildSampleManifest(factory)
  if (process.env.UPDATE_SAMPLE_MANIFEST) await writeFile(SAMPLE_MANIFEST, `${JSON.stringify(made, null, 1)}\n`)
  const bundled = await readManifest(SAMPLE_MANIFEST)
  // Values differ between CPUs, within the tolerance; everything else is the same everywhere.
  const { boundaries, logits, ...probe } = made.probe
  expect(bundled).toMatchObject({ ...made, probe: { ...probe, logits: { tokenIds: logits.tokenIds } } })
  for (const [index, boundary] of boundaries.entries()) {
    const error = relativeError(decodeHalves(bundled.probe.boundaries[index]!), decodeHalves(boundary))
    expect(error, `boundary ${index}`).toBeLessThan(bundled.probe.tolerance.residual)
  }
  const error = relativeError(decodeFloats(bundled.probe.logits.values), decodeFloats(logits.values))
  expect(error).toBeLessThan(bundled.probe.tolerance.logit)
  expect((await stat(SAMPLE_MANIFEST)).size).toBeLessThan(120_000)
})
