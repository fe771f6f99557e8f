import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import type { EngineProcess } from '../../engine/engine'
import { openModel } from '../../shards/gguf-read'
import { makeManifest } from '../../shards/make-manifest'
import { readManifest } from '../../shards/manifest'
import { writeFileAtomic } from '../../storage/atomic-file'

export interface DescribeModelOptions {
  /** Where manifests are kept. */
  directory: string
  spawnEngine: () => EngineProcess
  signal: AbortSignal
  /** Null: every byte is hashed, and the test prompt runs. */
  onProgress(progress: { done: number; total: number } | null): void
}

/**
 * The path of the manifest of a model file: the one that was made before, while the file is the same, or a new one.
 * Throws what makeManifest throws, and CANCELLED.
 */
export async function describeModel(modelPath: string, options: DescribeModelOptions): Promise<string> {
  const { directory, signal } = options
  const file = await stat(modelPath).catch((error: unknown) => {
    throw new EspalierError('BAD_ARGUMENT', `${modelPath} cannot be read (${messageOf(error)})`)
  })
  if (!file.isFile()) throw new EspalierError('BAD_ARGUMENT', `${modelPath} is not a file`)
  const identity = createHash('sha256')
    .update(JSON.stringify([modelPath, file.size, file.mtimeMs]))
    .digest('hex')
  const path = join(directory, `${identity.slice(0, 32)}.json`)
  if (await isUsable(path, modelPath)) return path

  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const manifest = await makeManifest(modelPath, {
      path,
      spawnEngine: options.spawnEngine,
      signal,
      onProgress: (done, total) => options.onProgress({ done, total }),
      onProbe: () => options.onProgress(null),
    })
    await writeFileAtomic(path, `${JSON.stringify(manifest)}\n`, 0o600)
    return path
  } catch (error) {
    if (signal.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    throw error
  }
}

async function isUsable(path: string, modelPath: string): Promise<boolean> {
  try {
    // Of a split model the other files may have changed as well; what they make together is asked for.
    const model = await openModel(modelPath)
    await model.close()
    return (await readManifest(path)).file.sizeBytes === model.sizeBytes
  } catch {
    return false
  }
}
