import { basename, dirname, resolve } from 'node:path'
import { captureBoundaries } from '../engine/capture'
import { EngineClient, type EngineProcess } from '../engine/engine'
import { replayProbe } from '../engine/replay'
import { dhtPrefixFromName } from '../hivemind/block-key'
import { modelShape } from './architectures'
import { readGgufHeader } from './gguf-read'
import type { Manifest } from './manifest'
import { buildManifest } from './manifest-build'

const PROBE_TEXT = 'The quick brown fox jumps over the lazy dog'
const PROBE_TOKENS = 8
const LIBRARY = { accelerator: 'cpu', directory: null } as const

export interface MakeManifestOptions {
  /** Default: the name in the file, else the file's name. */
  name?: string | undefined
  /** Given the model's name. Default: the name with dashes for dots and white space. */
  dhtPrefixOf?: (name: string) => string
  /** Web address, or null. */
  repository?: string | null
  /** Where the manifest will lie: slices for the replay of its probe are made beside it. */
  path: string
  spawnEngine: () => EngineProcess
  signal?: AbortSignal
  onProgress?: (doneBytes: number, totalBytes: number) => void
  /** Every byte is hashed; the probe prompt runs now. */
  onProbe?: () => void
}

/**
 * The manifest of a model file, made with llama.cpp: every byte hashed, the probe prompt run through the whole model,
 * and replayed slice by slice as nodes will. Throws what buildManifest throws; aborting ends the engine.
 */
export async function makeManifest(modelPath: string, options: MakeManifestOptions): Promise<Manifest> {
  const { signal, repository = null, onProgress } = options
  // A capture can't be told to stop; its process can.
  const spawnEngine = () => {
    const engine = options.spawnEngine()
    signal?.addEventListener('abort', () => engine.kill(), { once: true })
    return engine
  }
  const work = { spawnEngine, library: LIBRARY, threads: 1 }
  const name =
    options.name ??
    modelShape(await readGgufHeader(modelPath)).name ??
    basename(modelPath, '.gguf').replace(/-\d{5}-of-\d{5}$/, '')
  const dhtPrefix = options.dhtPrefixOf?.(name) ?? dhtPrefixFromName(name)
  const probeTokens = await tokensOfProbe(modelPath, spawnEngine)
  signal?.throwIfAborted()
  return buildManifest(
    modelPath,
    { name, dhtPrefix, repository, probeTokens },
    (path, tokens) => {
      options.onProbe?.()
      return captureBoundaries(path, [...tokens], work)
    },
    {
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      replay: (made) => replayProbe(modelPath, made, { ...work, directory: dirname(resolve(options.path)) }),
    },
  )
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
