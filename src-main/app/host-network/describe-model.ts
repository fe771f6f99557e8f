import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { captureBoundaries } from '../../engine/capture'
import { EngineClient, type EngineProcess } from '../../engine/engine'
import { modelShape } from '../../shards/architectures'
import { readGgufHeader } from '../../shards/gguf-read'
import { readManifest } from '../../shards/manifest'
import { buildManifest } from '../../shards/manifest-build'
import { writeFileAtomic } from '../../storage/atomic-file'

const PROBE_TEXT = 'The quick brown fox jumps over the lazy dog'
const PROBE_TOKENS = 8
const LIBRARY = { accelerator: 'cpu', directory: null } as const

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
 * Throws what buildManifest throws, and CANCELLED.
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
  if (await isUsable(path, file.size)) return path

  // A capture can't be told to stop; its process can.
  const spawnEngine = () => {
    const engine = options.spawnEngine()
    signal.addEventListener('abort', () => engine.kill(), { once: true })
    return engine
  }
  try {
    const name = modelShape(await readGgufHeader(modelPath)).name ?? basename(modelPath, '.gguf')
    const probeTokens = await tokensOfProbe(modelPath, spawnEngine)
    signal.throwIfAborted()
    const manifest = await buildManifest(
      modelPath,
      { name, dhtPrefix: name.replaceAll(/[. ]+/g, '-'), repository: null, probeTokens },
      (whole, tokens) => {
        options.onProgress(null)
        return captureBoundaries(whole, [...tokens], { spawnEngine, library: LIBRARY, threads: 1 })
      },
      { signal, onProgress: (done, total) => options.onProgress({ done, total }) },
    )
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await writeFileAtomic(path, `${JSON.stringify(manifest)}\n`, 0o600)
    return path
  } catch (error) {
    if (signal.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    throw error
  }
}

async function isUsable(path: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await readManifest(path)).file.sizeBytes === sizeBytes
  } catch {
    return false
  }
}

async function tokensOfProbe(modelPath: string, spawnEngine: () => EngineProcess): Promise<number[]> {
  const engine = new EngineClient(spawnEngine())
  try {
    await engine.start(LIBRARY)
    await engine.loadEntry(modelPath)
    return [...(await engine.tokenize(PROBE_TEXT))].slice(0, PROBE_TOKENS)
  } finally {
    await engine.stop()
  }
}
