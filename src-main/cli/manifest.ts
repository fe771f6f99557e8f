import { basename, dirname, resolve } from 'node:path'
import { appPaths } from '../app-paths'
import { captureBoundaries } from '../engine/capture'
import { EngineClient } from '../engine/engine'
import { replayProbe } from '../engine/replay'
import { dhtPrefixFor } from '../hivemind/server-info'
import { startChild } from '../process/owned-child'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { checkManifest } from '../shards/manifest'
import { buildManifest } from '../shards/manifest-build'
import { writeFileAtomic } from '../storage/atomic-file'

const PROBE_TEXT = 'The quick brown fox jumps over the lazy dog'
const PROBE_TOKENS = 8
const LIBRARY = { accelerator: 'cpu', directory: null } as const

interface Options {
  output: string
  name?: string
  prefix?: string
  repository?: string
  source?: string[]
  json: boolean
}

export async function manifest(modelPath: string, options: Options): Promise<void> {
  const spawnEngine = () => startChild({ script: appPaths().engineChild, ipc: 'pipe' })
  const name = options.name ?? modelShape(await readGgufHeader(modelPath)).name ?? basename(modelPath, '.gguf')
  const work = { spawnEngine, library: LIBRARY, threads: 1 }
  const built = await buildManifest(
    modelPath,
    {
      name,
      dhtPrefix:
        options.prefix ??
        (options.repository ? dhtPrefixFor(options.repository, 'llama') : name.replaceAll(/[. ]+/g, '-')),
      repository: options.repository ? `https://huggingface.co/${options.repository}` : null,
      probeTokens: await probeTokens(modelPath, spawnEngine),
    },
    (path, tokens) => captureBoundaries(path, [...tokens], work),
    { replay: (made) => replayProbe(modelPath, made, { ...work, directory: dirname(resolve(options.output)) }) },
  )
  const sources = options.source?.map((url) => ({ urls: [url] }))
  const made = sources === undefined ? built : checkManifest({ ...built, sources })
  await writeFileAtomic(options.output, `${JSON.stringify(made)}\n`, 0o644)
  const { root, blockCount, pieces, quantization } = made
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ name, root, blockCount, pieces: pieces.length, quantization, path: options.output })}\n`
      : `${name}: ${blockCount} blocks, ${pieces.length} pieces, ${quantization}\nroot ${root}\n`,
  )
}

async function probeTokens(modelPath: string, spawnEngine: () => ReturnType<typeof startChild>): Promise<number[]> {
  const engine = new EngineClient(spawnEngine())
  try {
    await engine.start(LIBRARY)
    await engine.loadEntry(modelPath)
    return [...(await engine.tokenize(PROBE_TEXT))].slice(0, PROBE_TOKENS)
  } finally {
    await engine.stop()
  }
}
