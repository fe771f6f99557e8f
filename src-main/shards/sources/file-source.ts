import { basename } from 'node:path'
import { EspalierError } from '../../../src-shared/errors'
import { type ModelFile, openParts } from '../gguf-read'
import type { Manifest } from '../manifest'
import { checkParts, splitPaths } from '../split/split-name'
import type { ShardFileSystem } from '../store/file-system'
import type { ByteSource } from './source'

const CHUNK_BYTES = 2 ** 20

/**
 * A whole model that the operator has: picked by hand, or found in another program's cache. Only read. One file of a
 * split model stands for all of them.
 */
export function fileSource(path: string, disk: ShardFileSystem): ByteSource {
  const parts = splitPaths(path)
  let opened: Promise<ModelFile> | null = null
  const open = () => (opened ??= openAll())

  async function openAll(): Promise<ModelFile> {
    checkParts(path)
    return parts === null ? openOne(path, disk) : openParts(parts, (part) => openOne(part, disk))
  }

  async function close(): Promise<void> {
    const file = opened
    opened = null
    await (await file?.catch(() => null))?.close()
  }

  return {
    id: `file:${path}`,
    kind: 'file',
    label: basename(path),
    hasHeader: true,
    async open(manifest) {
      // What could not be opened before may be there now.
      await close()
      const file = await open()
      return availableIn(file.sizeBytes, manifest, path)
    },
    async read({ offset, sizeBytes }, sink, signal) {
      const file = await open()
      const buffer = new Uint8Array(CHUNK_BYTES)
      for (let done = 0; done < sizeBytes; ) {
        if (signal.aborted) throw signal.reason
        const part = buffer.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - done))
        const filled = await file.read(part, offset + done)
        if (filled === 0) throw new EspalierError('GGUF_TRUNCATED', `${path} ends at byte ${offset + done}`)
        await sink(part.subarray(0, filled))
        done += filled
      }
    },
    close,
  }
}

function availableIn(fileSizeBytes: number, manifest: Manifest, path: string): ReadonlySet<number> | null {
  const { sizeBytes } = manifest.file
  if (fileSizeBytes > sizeBytes) {
    throw new EspalierError('MANIFEST_MISMATCH', `${path} has ${fileSizeBytes} bytes, not ${sizeBytes}`)
  }
  if (fileSizeBytes === sizeBytes) return null
  // A file that was cut short, or is still being copied, has good pieces all the same.
  const whole = manifest.pieces.filter((piece) => piece.offset + piece.sizeBytes <= fileSizeBytes)
  return new Set(whole.map(({ index }) => index))
}

async function openOne(path: string, disk: ShardFileSystem): Promise<ModelFile> {
  const facts = await disk.facts(path)
  if (facts === null || facts.isDirectory) throw new EspalierError('SHARD_MISSING', path)
  const file = await disk.open(path, 'read')
  return {
    sizeBytes: facts.sizeBytes,
    read: (target, position) => file.read(target, position),
    close: () => file.close(),
  }
}
