import type { BlockRange } from '../../../src-shared/blocks'
import { EspalierError, isErrorCode } from '../../../src-shared/errors'
import { modelShape } from '../architectures'
import { parseGgufHeader } from '../gguf-parse'
import { integerOf } from '../gguf-values'
import type { Manifest } from '../manifest'
import { SLICE_FILE } from '../models'
import { checkCut } from '../slice-plan'
import type { ShardFile } from '../store/file-system'
import type { PieceMap } from '../store/piece-map'
import type { ShardStore } from '../store/shard-store'
import { openSliceFiles, type SliceFiles } from '../store/slice-files'
import { slicePaths } from '../store/stored-slice'
import type { ByteSource } from './source'

/** Renumbered blocks and made tensors can make a slice's header a little longer than its model's. */
const HEADER_SLACK_BYTES = 64 * 1024

/**
 * Slices of the same model that this node has already: after another assignment, blocks that both have in common are
 * not fetched again. Without the model's header, which the store keeps, they say nothing.
 */
export function storedSlicesSource(store: ShardStore, except: BlockRange): ByteSource {
  return sliceSource({
    id: 'store',
    kind: 'store',
    label: 'blocks fetched before',
    async find(manifest) {
      const header = await store.header(manifest)
      if (header === null) return []
      const found: { map: PieceMap; pathOf(name: string): string }[] = []
      for (const { model, blocks, isFinished } of await store.use.list()) {
        const isOther = blocks.start !== except.start || blocks.end !== except.end
        if (!isFinished || !isOther || !manifest.root.startsWith(model)) continue
        const paths = slicePaths(store.dataDirectory, manifest, blocks)
        found.push({ map: store.map(manifest, header, blocks), pathOf: paths.finished })
      }
      return found
    },
    disk: store.disk,
  })
}

/**
 * A file that holds one slice, with a header of its own: `models_cache/shards/shard-3.gguf` as other programs lay them
 * out. It is told by its header and size for which blocks it stands; its name is not looked at.
 */
export function sliceFileSource(path: string, store: ShardStore): ByteSource {
  return sliceSource({
    id: `folder:${path}`,
    kind: 'folder',
    label: path.split(/[\\/]/).at(-1) ?? path,
    async find(manifest) {
      const header = await store.header(manifest)
      const facts = await store.disk.facts(path)
      if (header === null || facts === null) return []
      const file = await store.disk.open(path, 'read')
      try {
        for (const range of await candidateRanges(file, facts.sizeBytes, manifest)) {
          if (!isCut(header, range)) continue
          const map = store.map(manifest, header, range)
          const [slice] = map.files
          if (slice?.sizeBytes !== facts.sizeBytes) continue
          const bytes = new Uint8Array(slice.header.byteLength)
          if ((await file.read(bytes, 0)) < bytes.byteLength || Buffer.compare(bytes, slice.header) !== 0) continue
          // What lies outside of the slice file (embeddings of the entry, gaps) it can't give.
          const pieces = map.pieces.filter(({ index }) =>
            map.segmentsOf(index).every(({ places }) => places.every((place) => place.file === 0)),
          )
          return [{ map: { ...map, files: [slice], pieces }, pathOf: () => path }]
        }
        return []
      } finally {
        await file.close()
      }
    },
    disk: store.disk,
  })
}

interface FoundSlice {
  map: PieceMap
  pathOf(name: string): string
}

function sliceSource(options: {
  id: string
  kind: 'store' | 'folder'
  label: string
  disk: ShardStore['disk']
  find(manifest: Manifest): Promise<FoundSlice[]>
}): ByteSource {
  let slices: { map: PieceMap; files: SliceFiles }[] = []
  const close = async () => {
    const open = slices
    slices = []
    await Promise.all(open.map(({ files }) => files.close()))
  }
  return {
    id: options.id,
    kind: options.kind,
    label: options.label,
    hasHeader: false,
    async open(manifest) {
      await close()
      const available = new Set<number>()
      for (const { map, pathOf } of await options.find(manifest)) {
        try {
          slices.push({ map, files: await openSliceFiles(options.disk, map, pathOf, 'read') })
          for (const { index } of map.pieces) available.add(index)
        } catch (error) {
          if (!isErrorCode(error, 'SHARD_MISSING')) throw error
        }
      }
      return available
    },
    async read({ offset, sizeBytes }, sink, signal) {
      const end = offset + sizeBytes
      for (let at = offset; at < end; ) {
        if (signal.aborted) throw signal.reason
        const holds = (piece: { offset: number; sizeBytes: number }) =>
          piece.offset <= at && piece.offset + piece.sizeBytes > at
        const slice = slices.find(({ map }) => map.pieces.some(holds))
        const piece = slice?.map.pieces.find(holds)
        if (slice === undefined || piece === undefined) throw new EspalierError('SHARD_MISSING', SLICE_FILE)
        const skip = at - piece.offset
        const bytes = new Uint8Array(Math.min(piece.sizeBytes - skip, end - at))
        if (!(await slice.files.read(piece.index, skip, bytes))) {
          throw new EspalierError('GGUF_TRUNCATED', `${options.label}, piece ${piece.index}`)
        }
        await sink(bytes)
        at += bytes.byteLength
      }
    },
    close,
  }
}

/** A slice says how many blocks it has, but not which. Empty when the file is no GGUF at all. */
async function candidateRanges(file: ShardFile, sizeBytes: number, manifest: Manifest): Promise<BlockRange[]> {
  const first = new Uint8Array(Math.min(sizeBytes, manifest.header.sizeBytes + HEADER_SLACK_BYTES))
  const filled = await file.read(first, 0)
  try {
    const header = parseGgufHeader(first.subarray(0, filled), sizeBytes)
    const length = integerOf(header, `${manifest.architecture}.block_count`) ?? 0
    if (length < 1 || length > manifest.blockCount) return []
    return Array.from({ length: manifest.blockCount - length + 1 }, (_, start) => ({ start, end: start + length }))
  } catch (error) {
    if (error instanceof EspalierError) return []
    throw error
  }
}

function isCut(header: Parameters<typeof checkCut>[0], range: BlockRange): boolean {
  try {
    checkCut(header, modelShape(header), range)
    return true
  } catch (error) {
    if (isErrorCode(error, 'CUT_UNSUPPORTED')) return false
    throw error
  }
}
