import { beforeAll, describe, expect, it } from 'vitest'
import { type Manifest, probeBoundary, readManifest } from './manifest'
import { decodeFloats } from './probe'
import { encodeProof, judgeProof } from './proof'

let manifest: Manifest
let last: { start: number; end: number }
beforeAll(async () => {
  manifest = await readManifest('resources/models/tiny-jargon-8.manifest.json')
  last = { start: manifest.blockCount - 2, end: manifest.blockCount }
})
const MIDDLE = { start: 2, end: 4 }

const hiddenOf = (end: number) => encodeProof(manifest, { hidden: probeBoundary(manifest, end), logits: null })
/** The stored answer, each value of it changed. */
function logitsOf(change: (value: number, index: number) => number = (value) => value): Uint8Array {
  const logits = new Float32Array(manifest.vocabSize)
  const values = decodeFloats(manifest.probe.logits.values)
  for (const [index, token] of manifest.probe.logits.tokenIds.entries())
    logits[token] = change(values[index] ?? 0, index)
  return encodeProof(manifest, { hidden: null, logits })
}
const isRight = (range: { start: number; end: number }, values: Uint8Array) =>
  judgeProof(manifest, range, values).isRight

describe('what a peer shows of its answer', () => {
  it('is right when it is the manifest’s', () => {
    expect(judgeProof(manifest, MIDDLE, hiddenOf(4))).toMatchObject({ isRight: true, maxDifference: 0 })
    expect(judgeProof(manifest, last, logitsOf())).toMatchObject({ isRight: true, maxDifference: 0 })
    expect(judgeProof(manifest, MIDDLE, hiddenOf(4)).tolerance).toBe(manifest.probe.tolerance.residual)
    expect(judgeProof(manifest, last, logitsOf()).tolerance).toBe(manifest.probe.tolerance.logit)
  })

  it('is wrong when it is that of other blocks, what they were fed, or nothing', () => {
    expect(isRight(MIDDLE, hiddenOf(3))).toBe(false)
    expect(isRight(MIDDLE, hiddenOf(2))).toBe(false)
    expect(isRight(MIDDLE, new Uint8Array(hiddenOf(4).length))).toBe(false)
    expect(
      isRight(
        last,
        logitsOf(() => 0),
      ),
    ).toBe(false)
  })

  it('is infinitely wrong when it has not the length of one', () => {
    const hidden = hiddenOf(4)
    const longer = new Uint8Array(hidden.length + 2 * manifest.embeddingLength)
    longer.set(hidden)
    for (const values of [new Uint8Array(), hidden.subarray(2), hidden.subarray(0, 3), longer])
      expect(judgeProof(manifest, MIDDLE, values).maxDifference).toBe(Number.POSITIVE_INFINITY)
    const logits = logitsOf()
    for (const values of [new Uint8Array(), logits.subarray(4), logits.subarray(0, 5)])
      expect(judgeProof(manifest, last, values).maxDifference).toBe(Number.POSITIVE_INFINITY)
  })

  it('is wrong from the tolerance on, and when a value is no number', () => {
    const { logit } = manifest.probe.tolerance
    const off = (share: number) =>
      judgeProof(
        manifest,
        last,
        logitsOf((value) => value * (1 + share)),
      )
    const share = (0.1 * logit) / off(0.1).maxDifference
    expect(off(0.95 * share).isRight).toBe(true)
    expect(off(1.05 * share).isRight).toBe(false)
    expect(
      isRight(
        last,
        logitsOf((value, index) => (index === 0 ? Number.NaN : value)),
      ),
    ).toBe(false)
  })

  it('is read at any offset, as it comes out of a message', () => {
    const message = new Uint8Array(hiddenOf(4).length + 3)
    message.set(hiddenOf(4), 3)
    expect(isRight(MIDDLE, message.subarray(3))).toBe(true)
  })
})
