import { open } from 'node:fs/promises'
import * as z from 'zod'
import { type BlockRange, blocksInWords, isBlockRange } from '../../src-shared/blocks'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { isDhtPrefix } from '../hivemind/block-key'
import { GGUF_LIMITS } from './gguf-parse'
import { merkleRoot } from './merkle'
import { isPieceNeeded, PIECE_ROLES } from './pieces'
import { decodeFloats, decodeHalves } from './probe'
import { MAX_PARTS } from './split/split-name'

/** The largest real manifests (80 blocks of 8192 values, 10,000 pieces) are about 17 MB. */
export const MAX_MANIFEST_BYTES = 32 * 2 ** 20
/** Pieces are held in memory while they are verified. */
export const MAX_PIECE_BYTES = 16 * 2 ** 20
const MAX_PIECES = 65_536
const MAX_PROBE_TOKENS = 64
const MAX_SOURCES = 16

// Names travel into keys, logs and windows: no control characters, no line breaks.
const label = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]+$/u)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(1)
const base64 = z.base64()
/** Addresses travel into logs: none with a name and password in it. */
const sourceUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), 'an address with credentials')

export const ManifestPieceSchema = z.object({
  index: z.int().min(0),
  role: z.enum(PIECE_ROLES),
  block: z.int().min(0).max(GGUF_LIMITS.blocks).nullable(),
  offset: z.int().min(0),
  sizeBytes: z.int().min(1).max(MAX_PIECE_BYTES),
  sha256,
})
export type ManifestPiece = z.infer<typeof ManifestPieceSchema>

const ProbeSchema = z.object({
  tokens: z.array(z.int().min(0)).min(1).max(MAX_PROBE_TOKENS),
  /** Block count + 1 arrays of tokens × embedding length in half precision, little-endian. */
  boundaries: z.array(base64).max(GGUF_LIMITS.blocks + 1),
  /** Of the last position: single precision, little-endian, one value per sampled token. */
  logits: z.object({
    tokenIds: z.array(z.int().min(0)).min(1).max(256),
    values: base64,
    argmax: z.int().min(0),
  }),
  // At 1, blocks that do nothing at all would pass.
  tolerance: z.object({ residual: z.number().positive().max(0.5), logit: z.number().positive().max(0.5) }),
})

export const ManifestSchema = z.object({
  version: z.literal(1),
  name: label,
  /** Part of a key in the network: a dot or a space in it would stop every node that announces the model. */
  dhtPrefix: label.refine(isDhtPrefix, 'no dots, spaces or control characters'),
  repository: label.nullable(),
  architecture: label,
  blockCount: count.max(GGUF_LIMITS.blocks),
  embeddingLength: count.max(2 ** 20),
  vocabSize: count.max(2 ** 24),
  contextLength: count,
  tiedOutput: z.boolean(),
  quantization: label,
  file: z.object({ sizeBytes: count }),
  /** Everything before the tensor data. */
  header: z.object({ sizeBytes: count.max(GGUF_LIMITS.headerBytes), sha256 }),
  pieces: z.array(ManifestPieceSchema).min(1).max(MAX_PIECES),
  root: sha256,
  probe: ProbeSchema,
  /**
   * Where the file can be had, beside the nodes that have pieces of it. Not part of the root: hosts come and go, the
   * bytes stay the same. Several addresses in one entry are the parts of a file that was split, in order.
   */
  sources: z
    .array(z.object({ urls: z.array(sourceUrl).min(1).max(MAX_PARTS) }))
    .max(MAX_SOURCES)
    .optional(),
})

/**
 * What a host says a model is: its bytes, piece by piece, and what it answers to a fixed prompt at every block
 * boundary. Only `parseManifest` and `checkManifest` make one that the rest of the app may trust to be consistent.
 */
export type Manifest = z.infer<typeof ManifestSchema>

/** Parses and checks a manifest's JSON. Throws MANIFEST_INVALID. */
export function parseManifest(json: string | Uint8Array): Manifest {
  if (json.length > MAX_MANIFEST_BYTES) throw invalid(`it is longer than ${MAX_MANIFEST_BYTES} bytes`)
  let value: unknown
  try {
    value = JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8'))
  } catch (error) {
    throw invalid(messageOf(error))
  }
  return checkManifest(value)
}

/** Reads a manifest file. Throws MANIFEST_MISSING when there is none, MANIFEST_INVALID when it is not one. */
export async function readManifest(path: string): Promise<Manifest> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new EspalierError('MANIFEST_MISSING', messageOf(error), { cause: error })
  })
  try {
    const { size } = await file.stat()
    if (size > MAX_MANIFEST_BYTES) throw invalid(`it is longer than ${MAX_MANIFEST_BYTES} bytes`)
    return parseManifest(await file.readFile())
  } finally {
    await file.close()
  }
}

/** Checks shape, and that all parts of a manifest agree with each other. Throws MANIFEST_INVALID. */
export function checkManifest(value: unknown): Manifest {
  const parsed = ManifestSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a manifest'}`)
  }
  const manifest = parsed.data
  checkTiling(manifest)
  if (merkleRoot(manifest.header, manifest.pieces) !== manifest.root)
    throw invalid('the root is not that of its pieces')
  checkProbe(manifest)
  return manifest
}

/** The pieces that a node with these blocks needs, in file order. Throws BLOCK_RANGE_INVALID. */
export function piecesFor(manifest: Manifest, range: BlockRange): ManifestPiece[] {
  if (!isBlockRange(range, manifest.blockCount)) {
    throw new EspalierError('BLOCK_RANGE_INVALID', `${blocksInWords(range)} of a model of ${manifest.blockCount}`)
  }
  return manifest.pieces.filter((piece) => isPieceNeeded(piece, range, manifest))
}

/** What block `boundary` is fed (or, after the last block, gives) for the probe: tokens × embedding length. */
export function probeBoundary(manifest: Manifest, boundary: number): Float32Array {
  const stored = manifest.probe.boundaries[boundary]
  if (stored === undefined) throw new EspalierError('BLOCK_RANGE_INVALID', `boundary ${boundary}`)
  return decodeHalves(stored)
}

/** Pieces follow each other without a gap from the header to the end of the file, and every block has some. */
function checkTiling(manifest: Manifest): void {
  let offset = manifest.header.sizeBytes
  const blocks = new Set<number>()
  for (const [index, piece] of manifest.pieces.entries()) {
    if (piece.index !== index || piece.offset !== offset) throw invalid(`piece ${index} is out of place`)
    if ((piece.role === 'block') !== (piece.block !== null)) throw invalid(`piece ${index} names no owner`)
    if (piece.block !== null) blocks.add(piece.block)
    offset += piece.sizeBytes
  }
  if (offset !== manifest.file.sizeBytes)
    throw invalid(`its pieces end at byte ${offset} of ${manifest.file.sizeBytes}`)
  const isEveryBlockThere = blocks.size === manifest.blockCount && Math.max(...blocks) === manifest.blockCount - 1
  if (!isEveryBlockThere) throw invalid(`it has pieces of ${blocks.size} of ${manifest.blockCount} blocks`)
}

function checkProbe(manifest: Manifest): void {
  const { probe, vocabSize, embeddingLength, blockCount } = manifest
  const isKnown = (token: number) => token < vocabSize
  if (!probe.tokens.every(isKnown)) throw invalid('the probe uses tokens beyond the vocabulary')
  if (probe.boundaries.length !== blockCount + 1) throw invalid(`the probe has ${probe.boundaries.length} boundaries`)
  const length = probe.tokens.length * embeddingLength
  for (const boundary of probe.boundaries) {
    // Four characters carry three bytes, so the length is known before anything is decoded.
    if (Math.ceil((length * 2) / 3) * 4 !== boundary.length) throw invalid('a boundary has the wrong length')
    if (!decodeHalves(boundary).every(Number.isFinite)) throw invalid('a boundary is not finite')
  }
  const { tokenIds, values, argmax } = probe.logits
  const isRising = tokenIds.every((token, index) => index === 0 || token > (tokenIds[index - 1] ?? token))
  if (!isRising || !tokenIds.every(isKnown) || !isKnown(argmax)) throw invalid('the sampled tokens are not valid')
  const logits = decodeFloats(values)
  if (logits.length !== tokenIds.length || !logits.every(Number.isFinite)) throw invalid('the logits are not valid')
}

function invalid(detail: string): EspalierError {
  return new EspalierError('MANIFEST_INVALID', detail)
}
