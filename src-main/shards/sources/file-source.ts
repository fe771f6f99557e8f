import { basename } from 'node:path'
import { EspalierError } from '../../../src-shared/errors'
import type { ShardFile, ShardFileSystem } from '../store/file-system'
import type { ByteSource } from './source'

const CHUNK_BYTES = 2 ** 20

/** A whole model file that the operator has: picked by hand, or found in another program's cache. Only read. */
export function fileSource(path: string, disk: ShardFileSystem): ByteSource {
  let opened: Promise<ShardFile> | null = null
  const open = () => (opened ??= disk.open(path, 'read'))
  return {
    id: `file:${path}`,
    kind: 'file',
    label: basename(path),
    hasHeader: true,
    async open(manifest) {
      const facts = await disk.facts(path)
      if (facts === null || facts.isDirectory) throw new EspalierError('SHARD_MISSING', path)
      const { sizeBytes } = manifest.file
      if (facts.sizeBytes > sizeBytes) {
        throw new EspalierError('MANIFEST_MISMATCH', `${path} has ${facts.sizeBytes} bytes, not ${sizeBytes}`)
      }
      await open()
      if (facts.sizeBytes === sizeBytes) return null
      // A file that was cut short, or is still being copied, has good pieces all the same.
      const whole = manifest.pieces.filter((piece) => piece.offset + piece.sizeBytes <= facts.sizeBytes)
      return new Set(whole.map(({ index }) => index))
    },
    async read({ offset, sizeBytes }, sink, signal) {
      const file = await open()
      const buffer = new Uint8Array(CHUNK_BYTES)
      for (let done = 0; done < sizeBytes; ) {
        if (signal.aborted) throw signal.reason
        const part = buffer.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - done))
        const filled = await file.read(part, offset + done)
        if (filled < part.byteLength)
          throw new EspalierError('GGUF_TRUNCATED', `${path} ends at byte ${offset + done + filled}`)
        await sink(part)
        done += filled
      }
    },
    async close() {
      const file = opened
      opened = null
      await (await file?.catch(() => null))?.close()
    },
  }
}
