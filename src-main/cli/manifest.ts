import { appPaths } from '../app-paths'
import { dhtPrefixFor, dhtPrefixFromName } from '../hivemind/server-info'
import { startChild } from '../process/owned-child'
import { makeManifest } from '../shards/make-manifest'
import { checkManifest } from '../shards/manifest'
import { checkParts, splitPaths } from '../shards/split/split-name'
import { writeFileAtomic } from '../storage/atomic-file'

interface Options {
  output: string
  name?: string
  prefix?: string
  repository?: string
  source?: string[]
  json: boolean
}

export async function manifest(modelPath: string, options: Options): Promise<void> {
  const { prefix, repository } = options
  for (const url of options.source ?? []) checkParts(url)
  const built = await makeManifest(modelPath, {
    name: options.name,
    dhtPrefixOf: (name) => prefix ?? (repository ? dhtPrefixFor(repository, 'llama') : dhtPrefixFromName(name)),
    repository: repository ? `https://huggingface.co/${repository}` : null,
    path: options.output,
    spawnEngine: () => startChild({ script: appPaths().engineChild, ipc: 'pipe' }),
  })
  const sources = options.source?.map((url) => ({ urls: splitPaths(url) ?? [url] }))
  const made = sources === undefined ? built : checkManifest({ ...built, sources })
  await writeFileAtomic(options.output, `${JSON.stringify(made)}\n`, 0o644)
  const { name, root, blockCount, pieces, quantization } = made
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ name, root, blockCount, pieces: pieces.length, quantization, path: options.output })}\n`
      : `${name}: ${blockCount} blocks, ${pieces.length} pieces, ${quantization}\nroot ${root}\n`,
  )
}
