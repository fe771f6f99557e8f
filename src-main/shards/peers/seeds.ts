import { dirname, join } from 'node:path'
import type { BlockRange } from '../../../src-shared/blocks'
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../manifest'
import { hashPiece } from '../store/piece-hash'
import type { PieceMap } from '../store/piece-map'
import type { ShardStore } from '../store/shard-store'
import { openSliceFiles, type SliceFiles } from '../store/slice-files'
import { slicePaths } from '../store/stored-slice'
import { HEADER_FILE, isHeader, MANIFEST_FILE } from '../store/verify-stored'

/** The pieces of one model that this node has, each verified before it is handed out. */
export interface SeededModel {
  readonly manifest: Manifest
  readonly header: Uint8Array
  readonly pieces: ReadonlySet<number>
  /** Null when the piece is not what it should be any more: then it is not offered again. */
  readPiece(pieceIndex: number): Promise<Uint8Array | null>
}

export interface Seeds {
  /** Null: nothing of this model is here. */
  model(root: string): Promise<SeededModel | null>
  /** After slices came or went. */
  refresh(): Promise<void>
  close(): Promise<void>
}

interface OpenSlice {
  readonly blocks: BlockRange
  readonly map: PieceMap
  readonly files: SliceFiles
  /** Hashed since the files were last touched. */
  readonly verified: Set<number>
  checkedAtMs: number
}

/** A file that is touched shows in its size or age; looked at this often. */
const TOUCH_CHECK_MS = 1_000

/** Seeds finished slices of the store, and nothing else: unfinished ones hold bytes that nobody has verified. */
export function createSeeds(
  store: ShardStore,
  events: { onDamaged?: (root: string, pieceIndex: number) => void } = {},
): Seeds {
  const { disk, clock } = store
  let models = new Map<string, Promise<(SeededModel & { close(): Promise<void> }) | null>>()

  async function open(root: string) {
    const slices = (await store.use.list()).filter(({ model, isFinished }) => isFinished && root.startsWith(model))
    const [first] = slices
    if (first === undefined) return null
    const directory = dirname(first.directory)
    const manifestBytes = await disk.readSmall(join(directory, MANIFEST_FILE), MAX_MANIFEST_BYTES)
    if (manifestBytes === null) return null
    const manifest = parseManifest(manifestBytes)
    const headerBytes = await disk.readSmall(join(directory, HEADER_FILE), manifest.header.sizeBytes)
    const header = await store.header(manifest)
    if (manifest.root !== root || headerBytes === null || header === null || !isHeader(manifest, headerBytes))
      return null
    const opened: OpenSlice[] = []
    for (const { blocks } of slices) {
      const map = store.map(manifest, header, blocks)
      const paths = slicePaths(store.dataDirectory, manifest, blocks)
      const files = await openSliceFiles(disk, map, paths.finished, 'read').catch(() => null)
      if (files !== null) opened.push({ blocks, map, files, verified: new Set(), checkedAtMs: clock.monotonicMs() })
    }
    return seededModel(manifest, headerBytes, opened)
  }

  function seededModel(manifest: Manifest, header: Uint8Array, slices: readonly OpenSlice[]) {
    const owners = new Map<number, OpenSlice>()
    for (const slice of slices) for (const { index } of slice.map.pieces) owners.set(index, slice)
    const pieces = new Set(owners.keys())
    return {
      manifest,
      header,
      pieces,
      async readPiece(index: number) {
        const slice = owners.get(index)
        const piece = manifest.pieces[index]
        if (slice === undefined || piece === undefined || !pieces.has(index)) return null
        // Not reused: what was sent may still wait in the buffers of a connection.
        const bytes = new Uint8Array(piece.sizeBytes)
        const isThere = await slice.files.read(index, 0, bytes)
        const nowMs = clock.monotonicMs()
        if (nowMs - slice.checkedAtMs > TOUCH_CHECK_MS) {
          slice.checkedAtMs = nowMs
          if (!(await store.looksUntouched(manifest, slice.blocks))) slice.verified.clear()
        }
        if (isThere && slice.verified.has(index)) return bytes
        if (isThere && (await hashPiece(bytes)) === piece.sha256) {
          slice.verified.add(index)
          return bytes
        }
        pieces.delete(index)
        events.onDamaged?.(manifest.root, index)
        return null
      },
      close: async () => void (await Promise.all(slices.map(({ files }) => files.close()))),
    }
  }

  async function refresh(): Promise<void> {
    const old = models
    models = new Map()
    await Promise.all([...old.values()].map(async (model) => (await model.catch(() => null))?.close()))
  }

  return {
    model(root) {
      const known = models.get(root)
      if (known !== undefined) return known
      const opening = open(root)
      models.set(root, opening)
      // What is not here now may be here later.
      opening.then(
        (model) => model === null && models.delete(root),
        () => models.delete(root),
      )
      return opening
    },
    refresh,
    close: refresh,
  }
}
