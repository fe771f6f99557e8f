import { EspalierError } from '../../src-shared/errors'
import type { Manifest } from './manifest'
import { openSource } from './source-file'

/**
 * Hashes a whole model file, header and every piece, and compares it with its manifest.
 * Throws SHARD_MISSING, GGUF_TRUNCATED, MANIFEST_MISMATCH, SHARD_HASH_MISMATCH (names the piece), CANCELLED.
 */
export async function verifyModel(path: string, manifest: Manifest, signal?: AbortSignal): Promise<{ pieces: number }> {
  const source = await openSource(path, signal)
  try {
    const { sizeBytes } = manifest.file
    if (source.sizeBytes < sizeBytes)
      throw new EspalierError('GGUF_TRUNCATED', `it has ${source.sizeBytes} of ${sizeBytes} bytes`)
    if (source.sizeBytes > sizeBytes)
      throw new EspalierError('MANIFEST_MISMATCH', `it has ${source.sizeBytes} bytes, not ${sizeBytes}`)
    if ((await source.read(0, new Uint8Array(manifest.header.sizeBytes))) !== manifest.header.sha256) {
      throw new EspalierError('MANIFEST_MISMATCH', 'its header is another one')
    }
    const buffer = new Uint8Array(Math.max(...manifest.pieces.map((piece) => piece.sizeBytes)))
    for (const piece of manifest.pieces) {
      if ((await source.read(piece.offset, buffer.subarray(0, piece.sizeBytes))) !== piece.sha256) {
        throw new EspalierError(
          'SHARD_HASH_MISMATCH',
          `piece ${piece.index}, ${piece.sizeBytes} bytes from ${piece.offset}`,
        )
      }
    }
    return { pieces: manifest.pieces.length }
  } finally {
    await source.close()
  }
}
