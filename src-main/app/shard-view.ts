import type { ShardView } from '../../src-shared/app-views'
import type { ShardTarget } from '../node/load-ladder'
import { sliceDirectory } from '../shards/models'
import { isPieceNeeded } from '../shards/pieces'

/** More would not fit into one message of the bridge. */
const MAX_PIECES_SHOWN = 1_000

/** The pieces of the model and which of them are ours; ours come first when not all can be shown. */
export function shardViewOf({ manifest, range }: ShardTarget, dataRoot: string): ShardView {
  const pieces = manifest.pieces.map(({ index, role, block, sizeBytes, sha256 }) => ({
    index,
    role,
    block,
    sizeBytes,
    sha256,
    isNeeded: isPieceNeeded({ role, block }, range, manifest),
  }))
  const needed = pieces.filter(({ isNeeded }) => isNeeded)
  const others = pieces.filter(({ isNeeded }) => !isNeeded)
  return {
    model: manifest.name,
    root: manifest.root,
    architecture: manifest.architecture.slice(0, 40),
    quantization: manifest.quantization.slice(0, 40),
    blocks: range,
    modelBytes: manifest.file.sizeBytes,
    neededBytes: needed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    directory: sliceDirectory(dataRoot, manifest.root, range),
    pieces: [...needed, ...others].slice(0, MAX_PIECES_SHOWN).toSorted((a, b) => a.index - b.index),
  }
}
