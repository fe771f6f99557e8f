import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { openModel } from './gguf-read'
import type { FilePlan, PlannedTensor } from './slice-plan'

const CHUNK_BYTES = 2 ** 20
const ZEROS = new Uint8Array(CHUNK_BYTES)

export interface WrittenFile {
  readonly sizeBytes: number
  /** Hex, of the whole file. */
  readonly sha256: string
}

/**
 * Writes a planned file in one pass while source bytes go by in rising order, and hashes what it writes.
 * Zeros are never written: they stay holes. The caller owns the target's name and what becomes of it.
 */
export class PlanWriter {
  readonly #plan: FilePlan
  readonly #file: FileHandle
  readonly #hash: Hash = createHash('sha256')
  #position = 0
  #next = 0

  private constructor(plan: FilePlan, file: FileHandle) {
    this.#plan = plan
    this.#file = file
  }

  /** Creates or empties `path` and writes the header. Throws SHARD_WRITE_FAILED, as all methods do. */
  static async create(plan: FilePlan, path: string): Promise<PlanWriter> {
    const file = await diskOperation(() => open(path, 'w'))
    const writer = new PlanWriter(plan, file)
    try {
      await writer.#write(plan.header)
    } catch (error) {
      await file.close()
      throw error
    }
    return writer
  }

  /** Takes from `bytes`, which lie at `offset` of the source, whatever the plan wants of them. */
  async feed(offset: number, bytes: Uint8Array): Promise<void> {
    const end = offset + bytes.byteLength
    for (;;) {
      const tensor = this.#plan.tensors[this.#next]
      if (tensor?.content.kind !== 'source') return
      const sourceOffset = tensor.content.offset
      const done = Math.max(0, this.#position - tensor.offset)
      const from = sourceOffset + done
      if (from >= end) return
      if (from < offset) throw new EspalierError('INTERNAL', `source bytes of ${tensor.name} were left out`)
      const to = Math.min(end, sourceOffset + tensor.sizeBytes)
      await this.#zerosUpTo(tensor.offset + done)
      await this.#write(bytes.subarray(from - offset, to - offset))
      if (to < sourceOffset + tensor.sizeBytes) return
      this.#next += 1
    }
  }

  /** Writes what is made rather than copied, waits until all is on the disk, and closes the file. */
  async finish(): Promise<WrittenFile> {
    for (const tensor of this.#plan.tensors.slice(this.#next)) await this.#make(tensor)
    const { fileSizeBytes } = this.#plan
    await this.#zerosUpTo(fileSizeBytes)
    await diskOperation(async () => {
      await this.#file.truncate(fileSizeBytes)
      await this.#file.sync()
    })
    await this.close()
    return { sizeBytes: fileSizeBytes, sha256: this.#hash.digest('hex') }
  }

  /** Closes the file as it is; twice is harmless. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  async #make(tensor: PlannedTensor): Promise<void> {
    if (tensor.content.kind === 'source') {
      throw new EspalierError('INTERNAL', `source bytes of ${tensor.name} were left out`)
    }
    await this.#zerosUpTo(tensor.offset)
    if (tensor.content.kind === 'ones') {
      const ones = new Uint8Array(tensor.sizeBytes)
      const view = new DataView(ones.buffer)
      for (let at = 0; at < ones.byteLength; at += 4) view.setFloat32(at, 1, true)
      await this.#write(ones)
    } else {
      await this.#zerosUpTo(tensor.offset + tensor.sizeBytes)
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0
    while (written < bytes.byteLength) {
      const chunk = bytes.subarray(written, written + CHUNK_BYTES)
      const position = this.#position
      const { bytesWritten } = await diskOperation(() => this.#file.write(chunk, 0, chunk.byteLength, position))
      this.#hash.update(chunk.subarray(0, bytesWritten))
      this.#position += bytesWritten
      written += bytesWritten
    }
  }

  /** The hash sees the zeros, the disk does not. A hole can be large: others get a turn now and then. */
  async #zerosUpTo(position: number): Promise<void> {
    while (this.#position < position) {
      const length = Math.min(CHUNK_BYTES, position - this.#position)
      this.#hash.update(ZEROS.subarray(0, length))
      this.#position += length
      if (length === CHUNK_BYTES) await setImmediate()
    }
  }
}

/**
 * Writes a planned file from a model file on disk, unverified: for models that have no manifest, and for tests.
 * Nodes of a network use makeSlice.
 */
export async function writePlan(plan: FilePlan, modelPath: string, targetPath: string): Promise<WrittenFile> {
  const source = await openModel(modelPath)
  try {
    const writer = await PlanWriter.create(plan, targetPath)
    try {
      const buffer = new Uint8Array(CHUNK_BYTES)
      for (const { content, sizeBytes } of plan.tensors) {
        if (content.kind !== 'source') continue
        for (let done = 0; done < sizeBytes; ) {
          const wanted = Math.min(CHUNK_BYTES, sizeBytes - done)
          const count = await source.read(buffer.subarray(0, wanted), content.offset + done)
          if (count === 0) throw new EspalierError('GGUF_TRUNCATED', modelPath)
          await writer.feed(content.offset + done, buffer.subarray(0, count))
          done += count
        }
      }
      return await writer.finish()
    } finally {
      await writer.close()
    }
  } finally {
    await source.close()
  }
}

/** Runs a disk operation; what the system says becomes SHARD_WRITE_FAILED. */
export async function diskOperation<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw new EspalierError('SHARD_WRITE_FAILED', messageOf(error), { cause: error })
  }
}
