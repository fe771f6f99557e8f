import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ZodType } from 'zod'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { appPaths } from '../app-paths'
import { dhtPrefixFor, dhtPrefixFromName } from '../hivemind/server-info'
import { startChild } from '../process/owned-child'
import { makeManifest } from '../shards/make-manifest'
import { checkManifest, ManifestSchema } from '../shards/manifest'
import { checkParts, splitPaths } from '../shards/split/split-name'
import { writeFileAtomic } from '../storage/atomic-file'
import { checkArguments } from './wrong-arguments'

interface Options {
  output: string
  name?: string
  prefix?: string
  repository?: string
  source?: string[]
  json: boolean
}

/** As Hugging Face names them; every node publishes the address that is made of it. */
const REPOSITORY = /^[A-Za-z\d][\w.-]{0,95}\/[A-Za-z\d][\w.-]{0,95}$/

export async function manifest(modelPath: string, options: Options): Promise<void> {
  const { prefix, repository } = options
  const sources = options.source?.map((url) => ({ urls: splitPaths(url) ?? [url] }))
  // All of it before the file is read, which can take minutes; and who wrote it is who can correct it.
  const { shape } = ManifestSchema
  await checkArguments(async () => {
    for (const url of options.source ?? []) checkParts(url)
    checkOption('--name', shape.name.optional(), options.name)
    checkOption('--prefix', shape.dhtPrefix.optional(), prefix)
    checkOption('--source', shape.sources, sources)
    if (repository !== undefined && !REPOSITORY.test(repository))
      throw new EspalierError('BAD_ARGUMENT', `--repository: ${repository} is not OWNER/NAME, as in Qwen/Qwen3-8B-GGUF`)
    await checkOutput(options.output)
  })
  const built = await makeManifest(modelPath, {
    name: options.name,
    dhtPrefixOf: (name) => prefix ?? (repository ? dhtPrefixFor(repository, 'llama') : dhtPrefixFromName(name)),
    repository: repository ? `https://huggingface.co/${repository}` : null,
    path: options.output,
    spawnEngine: () => startChild({ script: appPaths().engineChild, ipc: 'pipe' }),
  })
  const made = sources === undefined ? built : checkManifest({ ...built, sources })
  await writeFileAtomic(options.output, `${JSON.stringify(made)}\n`, 0o644)
  const { name, root, blockCount, pieces, quantization } = made
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ name, root, blockCount, pieces: pieces.length, quantization, path: options.output })}\n`
      : `${name}: ${blockCount} blocks, ${pieces.length} pieces, ${quantization}\nroot ${root}\n`,
  )
}

function checkOption(option: string, schema: ZodType, value: unknown): void {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new EspalierError('BAD_ARGUMENT', `${option}: ${parsed.error.issues[0]?.message}`)
}

/** Hashing and probing take minutes: that nothing can be written there must not be found afterwards. */
async function checkOutput(output: string): Promise<void> {
  const isTaken = await stat(output).then(
    (found) => !found.isFile(),
    () => false,
  )
  if (isTaken || /[\\/]$/.test(output))
    throw new EspalierError('BAD_ARGUMENT', `--output: ${output} names a folder; name a file in it`)
  const folder = dirname(resolve(output))
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new EspalierError('BAD_ARGUMENT', `--output: there is no folder ${folder}`)
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw new EspalierError('BAD_ARGUMENT', `--output: ${messageOf(error)}`)
  })
}
