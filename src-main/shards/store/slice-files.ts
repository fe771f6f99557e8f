import { EspalierError } from '../../../src-shared/errors'
import type { PlannedTensor } from '../slice-plan'
import type { ShardFile, ShardFileSystem } from './file-system'
import type { MappedFile, PieceMap, PieceSegment } from './piece-map'

const CHECK_BYTES = 2 ** 20

/** The open files of a slice, finished or not, addressed by the bytes of the model that they hold. */
export interface SliceFiles {
  /** Writes bytes that begin `skip` bytes into a piece. */
  write(pieceIndex: number, skip: number, bytes: Uint8Array): Promise<void>
  /** Fills `target` with the piece from `skip` on. False when the files end before that, or places disagree. */
  read(pieceIndex: number, skip: number, target: Uint8Array): Promise<boolean>
  /**
   * Writes headers and made tensors, and gives the files their size: unwritten bytes are holes. `overwrite` also
   * writes the zeros, where something else may lie.
   */
  prepare(options: { overwrite: boolean }): Promise<void>
  /** Whether what is made here rather than fetched is what it has to be. Returns the name of the first bad file. */
  checkMade(): Promise<string | null>
  sync(): Promise<void>
  close(): Promise<void>
}

/** Opens the files under the names that `pathOf` gives them. Those of a finished slice are opened for reading. */
export async function openSliceFiles(
  disk: ShardFileSystem,
  map: PieceMap,
  pathOf: (name: string) => string,
  mode: 'read' | 'update',
): Promise<SliceFiles> {
  const files: ShardFile[] = []
  try {
    for (const { name } of map.files) files.push(await disk.open(pathOf(name), mode))
  } catch (error) {
    await Promise.all(files.map((file) => file.close()))
    throw error
  }
  return sliceFiles(map, files)
}

function sliceFiles(map: PieceMap, files: readonly ShardFile[]): SliceFiles {
  const fileAt = (index: number): ShardFile => {
    const file = files[index]
    if (file === undefined) throw new EspalierError('INTERNAL', `slice file ${index}`)
    return file
  }
  const starts = new Map(map.pieces.map(({ index, offset }) => [index, offset]))

  /** The parts of the piece's segments within [skip, skip + length), as offsets into the caller's bytes. */
  function partsOf(pieceIndex: number, skip: number, length: number) {
    const from = (starts.get(pieceIndex) ?? 0) + skip
    const to = from + length
    return map.segmentsOf(pieceIndex).flatMap(({ sourceOffset, sizeBytes, places }: PieceSegment) => {
      const start = Math.max(from, sourceOffset)
      const end = Math.min(to, sourceOffset + sizeBytes)
      if (start >= end) return []
      const shifted = places.map(({ file, offset }) => ({ file, offset: offset + start - sourceOffset }))
      return [{ start: start - from, end: end - from, places: shifted }]
    })
  }

  return {
    async write(pieceIndex, skip, bytes) {
      for (const { start, end, places } of partsOf(pieceIndex, skip, bytes.byteLength)) {
        for (const { file, offset } of places) await fileAt(file).write(bytes.subarray(start, end), offset)
      }
    },
    async read(pieceIndex, skip, target) {
      for (const { start, end, places } of partsOf(pieceIndex, skip, target.byteLength)) {
        const [first, ...others] = places
        const part = target.subarray(start, end)
        if (first === undefined || (await fileAt(first.file).read(part, first.offset)) < part.byteLength) return false
        for (const { file, offset } of others) {
          const twin = new Uint8Array(part.byteLength)
          if ((await fileAt(file).read(twin, offset)) < twin.byteLength) return false
          if (Buffer.compare(twin, part) !== 0) return false
        }
      }
      return true
    },
    async prepare({ overwrite }) {
      for (const [index, mapped] of map.files.entries()) {
        const file = fileAt(index)
        await file.write(mapped.header, 0)
        for (const tensor of mapped.made) {
          if (tensor.content.kind === 'zeros' && !overwrite) continue
          for (let at = 0; at < tensor.sizeBytes; at += CHECK_BYTES) {
            const length = Math.min(CHECK_BYTES, tensor.sizeBytes - at)
            await file.write(madeBytes(tensor, at, length), tensor.offset + at)
          }
        }
        await file.truncate(mapped.sizeBytes)
      }
    },
    async checkMade() {
      for (const [index, mapped] of map.files.entries()) {
        if (!(await isMadeRight(fileAt(index), mapped))) return mapped.name
      }
      return null
    },
    sync: async () => void (await Promise.all(files.map((file) => file.sync()))),
    close: async () => void (await Promise.all(files.map((file) => file.close()))),
  }
}

async function isMadeRight(file: ShardFile, { header, made, sizeBytes }: MappedFile): Promise<boolean> {
  const found = new Uint8Array(header.byteLength)
  if ((await file.read(found, 0)) < header.byteLength || Buffer.compare(found, header) !== 0) return false
  const buffer = new Uint8Array(CHECK_BYTES)
  for (const tensor of made) {
    for (let at = 0; at < tensor.sizeBytes; at += CHECK_BYTES) {
      const part = buffer.subarray(0, Math.min(CHECK_BYTES, tensor.sizeBytes - at))
      if ((await file.read(part, tensor.offset + at)) < part.byteLength) return false
      if (Buffer.compare(part, madeBytes(tensor, at, part.byteLength)) !== 0) return false
    }
  }
  // One byte beyond the end would be somebody else's.
  return (await file.read(new Uint8Array(1), sizeBytes)) === 0
}

function madeBytes({ content }: PlannedTensor, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (content.kind !== 'ones') return bytes
  if (from % 4 !== 0) throw new EspalierError('INTERNAL', 'a float was cut')
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + 4 <= length; at += 4) view.setFloat32(at, 1, true)
  return bytes
}
