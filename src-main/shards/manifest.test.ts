import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { madeUpCapture, manifestOf, SAMPLE_MODEL } from '../../test/models/manifests'
import { makeSyntheticModel, type SyntheticOptions } from '../../test/models/synthetic'
import { temporaryDirectory } from '../../test/models/temporary'
import { blockOf } from './architectures'
import { readGgufHeader } from './gguf-read'
import {
  checkManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
  piecesFor,
  probeBoundary,
  readManifest,
} from './manifest'
import { buildManifest } from './manifest-build'
import { merkleRoot } from './merkle'
import { decodeFloats, encodeFloats, relativeError } from './probe'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

async function manifestOfSynthetic(options: Partial<SyntheticOptions>) {
  const path = join(await temporaryDirectory(), 'model.gguf')
  await makeSyntheticModel(path, options)
  return { manifest: await manifestOf(path), header: await readGgufHeader(path) }
}

describe('buildManifest', () => {
  it('says what the file is', async () => {
    expect(manifest).toMatchObject({
      architecture: 'llama',
      blockCount: 8,
      quantization: 'Q8_0',
      file: { sizeBytes: 6_209_600 },
      repository: null,
    })
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest)
  })

  it('keeps the probe within half precision', async () => {
    const captured = await madeUpCapture(SAMPLE_MODEL, [3, 1, 4])
    expect(relativeError(captured.boundaries[8]!, probeBoundary(manifest, 8))).toBeLessThan(0.001)
  })

  it('reports progress to the end and can be cancelled', async () => {
    const seen: number[] = []
    const options = { name: 'x', dhtPrefix: 'x', repository: null, probeTokens: [1] }
    await buildManifest(SAMPLE_MODEL, options, madeUpCapture, { onProgress: (done) => seen.push(done) })
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(6_209_600)
    const aborted = AbortSignal.abort()
    const cancelled = buildManifest(SAMPLE_MODEL, options, madeUpCapture, { signal: aborted })
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('S-06: is replayed before it is published; a prompt at which the model wavers gives way to another', async () => {
    const options = { name: 'x', dhtPrefix: 'x', repository: null, probeTokens: [1, 2, 3, 4] }
    const shares = [0.9, 0.6, 0.1]
    const tried: number[][] = []
    const made = await buildManifest(SAMPLE_MODEL, options, madeUpCapture, {
      replay: async ({ probe }) => {
        tried.push(probe.tokens)
        return shares[tried.length - 1] ?? 1
      },
    })
    expect(tried).toEqual([
      [1, 2, 3, 4],
      [1, 3, 4, 2],
      [1, 4, 2, 3],
    ])
    expect(made.probe.tokens).toEqual([1, 4, 2, 3])
    const hopeless = buildManifest(SAMPLE_MODEL, options, madeUpCapture, { replay: async () => 0.9 })
    await expect(hopeless).rejects.toMatchObject({
      code: 'PROBE_FAILED',
      message: expect.stringContaining('90 %, 90 %, 90 %, 90 %'),
    })
  })

  it('S-06: a manifest that would let anything pass is refused', () => {
    const lax = structuredClone(manifest)
    lax.probe.tolerance.residual = 1
    expect(() => parseManifest(JSON.stringify(lax))).toThrowError(expect.objectContaining({ code: 'MANIFEST_INVALID' }))
  })

  it('refuses a capture of another model, and one that is not finite', async () => {
    const options = { name: 'x', dhtPrefix: 'x', repository: null, probeTokens: [1, 2] }
    const short = buildManifest(SAMPLE_MODEL, options, (path) => madeUpCapture(path, [1]))
    await expect(short).rejects.toMatchObject({ code: 'PROBE_FAILED' })
    const broken = buildManifest(SAMPLE_MODEL, options, async (path, tokens) => {
      const capture = await madeUpCapture(path, tokens)
      capture.boundaries[3]![5] = Number.NaN
      return capture
    })
    await expect(broken).rejects.toMatchObject({ code: 'PROBE_FAILED' })
  })
})

describe('pieces', () => {
  it.each([
    {},
    { tiedOutput: true, ropeFreqs: true },
    { architecture: 'qwen3moe', type: 'F32', embeddingLength: 1024, blockCount: 3, feedForwardLength: 2560 } as const,
  ])('tile the file, never span two owners, and are at least 1 MiB where their block is: %o', async (options) => {
    const { manifest, header } = await manifestOfSynthetic(options)
    const blockBytes = new Map<number | null, number>()
    for (const { block, sizeBytes } of manifest.pieces) blockBytes.set(block, (blockBytes.get(block) ?? 0) + sizeBytes)
    for (const piece of manifest.pieces) {
      const end = piece.offset + piece.sizeBytes
      const touched = header.tensors.filter(
        (tensor) => tensor.offset < end && tensor.offset + tensor.sizeBytes > piece.offset,
      )
      for (const { name } of touched) expect(blockOf(name)?.block ?? null, name).toBe(piece.block)
      expect(piece.sizeBytes).toBeLessThanOrEqual(4 * 2 ** 20)
      if (piece.block !== null) {
        expect(piece.sizeBytes).toBeGreaterThanOrEqual(Math.min(2 ** 20, blockBytes.get(piece.block)!))
      }
    }
    const covered = manifest.pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, manifest.header.sizeBytes)
    expect(covered).toBe(header.fileSizeBytes)
  })

  it('a large block has several', async () => {
    const { manifest } = await manifestOfSynthetic({
      type: 'F32',
      embeddingLength: 512,
      feedForwardLength: 2816,
      blockCount: 2,
    })
    expect(piecesFor(manifest, { start: 1, end: 2 }).filter(({ block }) => block === 1).length).toBeGreaterThan(2)
  })

  it('a range needs its blocks, the entry with the first and the exit with the last', () => {
    const needed = (start: number, end: number) => {
      const pieces = piecesFor(manifest, { start, end })
      return { roles: new Set(pieces.map(({ role }) => role)), blocks: new Set(pieces.map(({ block }) => block ?? -1)) }
    }
    expect(needed(2, 4)).toEqual({ roles: new Set(['block']), blocks: new Set([2, 3]) })
    expect(needed(0, 1).roles).toEqual(new Set(['entry', 'block']))
    expect(needed(7, 8).roles).toEqual(new Set(['exit', 'block']))
    expect(() => needed(4, 4)).toThrow(expect.objectContaining({ code: 'BLOCK_RANGE_INVALID' }))
  })

  it('the last slice of a tied model needs the embeddings too', async () => {
    const { manifest } = await manifestOfSynthetic({ tiedOutput: true, ropeFreqs: true })
    const roles = (start: number, end: number) => new Set(piecesFor(manifest, { start, end }).map(({ role }) => role))
    expect(roles(7, 8)).toEqual(new Set(['entry', 'exit', 'shared', 'block']))
    expect(roles(3, 7)).toEqual(new Set(['shared', 'block']))
  })
})

describe('merkleRoot', () => {
  it('is pinned by its construction', () => {
    const sha256 = (text: string) => text.repeat(64)
    const header = { sizeBytes: 64, sha256: sha256('a') }
    const pieces = [
      { role: 'entry', block: null, offset: 64, sizeBytes: 100, sha256: sha256('b') },
      { role: 'block', block: 0, offset: 164, sizeBytes: 100, sha256: sha256('c') },
    ] as const
    expect(merkleRoot(header, pieces)).toBe('1bc5a2cc7390a63e8ef8a951182bba3146f9ee03d071b88ac98da876c992fd43')
  })

  it('is that of the bundled sample model', () => {
    expect(manifest.root).toBe('49067b701b7fda2efc589c29db50ed00ffca88cd77dce20a58c56319103862bf')
  })

  it('changes with every field of every piece', () => {
    const roots = new Set([manifest.root])
    const { header, pieces } = manifest
    let variants = 1
    for (const index of pieces.keys()) {
      for (const change of [
        { sha256: pieces[index]!.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
        { offset: pieces[index]!.offset + 1 },
        { sizeBytes: pieces[index]!.sizeBytes + 1 },
        { block: 77 },
        { role: 'shared' as const },
      ]) {
        roots.add(merkleRoot(header, pieces.with(index, { ...pieces[index]!, ...change })))
        variants += 1
      }
    }
    roots.add(merkleRoot({ ...header, sizeBytes: 1 }, pieces))
    roots.add(merkleRoot(header, pieces.slice(1)))
    roots.add(merkleRoot(header, pieces.toReversed()))
    expect(roots.size).toBe(variants + 3)
  })
})

describe('checkManifest', () => {
  const codeOf = (change: (copy: Manifest) => unknown) => {
    const copy = structuredClone(manifest)
    change(copy)
    try {
      checkManifest(copy)
    } catch (error) {
      return (error as { code: string }).code
    }
    return 'accepted'
  }

  it('accepts the one that the others are made from', () => {
    expect(codeOf(() => undefined)).toBe('accepted')
  })

  it.each<[string, (copy: Manifest) => unknown]>([
    ['another version', (copy) => Object.assign(copy, { version: 2 })],
    ['a hash that is not the root’s', (copy) => Object.assign(copy.pieces[3]!, { sha256: '0'.repeat(64) })],
    ['a gap', (copy) => copy.pieces.splice(2, 1)],
    ['an overlap', (copy) => Object.assign(copy.pieces[2]!, { offset: copy.pieces[2]!.offset - 1 })],
    ['pieces out of order', (copy) => copy.pieces.reverse()],
    ['another file size', (copy) => Object.assign(copy.file, { sizeBytes: copy.file.sizeBytes + 1 })],
    ['more blocks than pieces', (copy) => Object.assign(copy, { blockCount: 9 })],
    ['a piece too large to hold', (copy) => Object.assign(copy.pieces[0]!, { sizeBytes: 2 ** 40 })],
    ['a boundary too few', (copy) => copy.probe.boundaries.pop()],
    ['a boundary cut short', (copy) => Object.assign(copy.probe.boundaries, { 2: 'AAAA' })],
    ['a boundary that is not finite', (copy) => Object.assign(copy.probe.boundaries, { 2: '/3//'.repeat(512) })],
    ['a boundary that is not base64', (copy) => Object.assign(copy.probe.boundaries, { 2: '!'.repeat(2048) })],
    ['probe tokens beyond the vocabulary', (copy) => copy.probe.tokens.splice(0, 1, 2048)],
    ['sampled tokens twice', (copy) => copy.probe.logits.tokenIds.splice(1, 1, 0)],
    ['too few logits', (copy) => Object.assign(copy.probe.logits, { values: 'AAAA' })],
    ['no tolerance', (copy) => Object.assign(copy.probe.tolerance, { residual: 0 })],
    ['a name with control characters', (copy) => Object.assign(copy, { name: 'a\u001b[31mb' })],
    ['a prefix with a dot, which no key can have', (copy) => Object.assign(copy, { dhtPrefix: 'a.b' })],
    ['a prefix with white space', (copy) => Object.assign(copy, { dhtPrefix: 'a\u00a0b' })],
    ['a name of 10,000 characters', (copy) => Object.assign(copy, { dhtPrefix: 'x'.repeat(10_000) })],
  ])('refuses %s', (_, change) => {
    expect(codeOf(change)).toBe('MANIFEST_INVALID')
  })

  it.each<[string, (copy: Manifest) => unknown, RegExp]>([
    ['a piece under another number', (copy) => Object.assign(copy.pieces[2]!, { index: 3 }), /out of place/],
    ['a gap', (copy) => Object.assign(copy.pieces[2]!, { offset: copy.pieces[2]!.offset + 1 }), /out of place/],
    ['a byte too few', (copy) => Object.assign(copy.file, { sizeBytes: copy.file.sizeBytes + 1 }), /end at byte/],
    ['a byte too many', (copy) => Object.assign(copy.file, { sizeBytes: copy.file.sizeBytes - 1 }), /end at byte/],
    ['a block without a number', (copy) => Object.assign(pieceOf(copy, 3), { block: null }), /no owner/],
    ['a number without a block', (copy) => Object.assign(copy.pieces[0]!, { role: 'entry', block: 3 }), /no owner/],
    [
      'two pieces of one block, and none of another',
      (copy) => Object.assign(pieceOf(copy, 3), { block: 4 }),
      /7 of 8 blocks/,
    ],
    ['a block beyond the last', (copy) => Object.assign(pieceOf(copy, 3), { block: 8 }), /of 8 blocks/],
  ])('refuses %s although the root is right', (_, change, why) => {
    const copy = structuredClone(manifest)
    change(copy)
    copy.root = merkleRoot(copy.header, copy.pieces)
    expect(() => checkManifest(copy)).toThrow(why)
  })

  const pieceOf = (copy: Manifest, block: number) => copy.pieces.find((piece) => piece.block === block)!

  it.each<[string, (copy: Manifest) => unknown]>([
    ['a sampled token beyond the vocabulary', ({ probe }) => probe.logits.tokenIds.splice(-1, 1, 2048)],
    ['a likeliest token beyond the vocabulary', ({ probe }) => Object.assign(probe.logits, { argmax: 2048 })],
    [
      'logits that are no numbers',
      ({ probe }) => {
        const values = decodeFloats(probe.logits.values)
        values[1] = Number.NaN
        Object.assign(probe.logits, { values: encodeFloats(values) })
      },
    ],
    ['a tolerance for logits that lets all pass', ({ probe }) => Object.assign(probe.tolerance, { logit: 0.6 })],
    ['a tolerance for rows that lets all pass', ({ probe }) => Object.assign(probe.tolerance, { residual: 0.6 })],
    [
      'an address with a name and a password',
      (copy) => Object.assign(copy, { sources: [{ urls: ['https://kim:pw@example.org/m.gguf'] }] }),
    ],
    [
      'an address that is no web address',
      (copy) => Object.assign(copy, { sources: [{ urls: ['file:///etc/passwd'] }] }),
    ],
  ])('refuses %s', (_, change) => {
    expect(codeOf(change)).toBe('MANIFEST_INVALID')
  })

  it.each(['', 'null', '[]', '{"version":1}', '\u0000', ' '.repeat(MAX_MANIFEST_BYTES + 1)])(
    'refuses text that is no manifest',
    (text) => {
      expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }))
    },
  )

  it('tells a missing file from a bad one', async () => {
    const path = join(await temporaryDirectory(), 'manifest.json')
    await expect(readManifest(path)).rejects.toMatchObject({ code: 'MANIFEST_MISSING' })
    await writeFile(path, JSON.stringify(manifest).slice(0, -1))
    await expect(readManifest(path)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
    await writeFile(path, JSON.stringify(manifest))
    expect(await readManifest(path)).toEqual(manifest)
  })
})

describe('relativeError', () => {
  it('is the largest difference in root mean squares', () => {
    expect(relativeError(Float32Array.of(3, -3, 3, -3), Float32Array.of(3, -3, 3, -1.5))).toBe(0.5)
    expect(relativeError(Float32Array.of(0, 0), Float32Array.of(0, 0))).toBe(0)
  })

  it.each([
    [Float32Array.of(1, 2), Float32Array.of(1)],
    [Float32Array.of(1, 2), Float32Array.of(1, Number.NaN)],
    [Float32Array.of(1, 2), Float32Array.of(1, Number.POSITIVE_INFINITY)],
    [new Float32Array(0), new Float32Array(0)],
    [Float32Array.of(0, 0), Float32Array.of(0, 1)],
  ])('never lets a broken answer pass', (expected, actual) => {
    expect(relativeError(expected, actual)).toBe(Number.POSITIVE_INFINITY)
  })
})
