import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Manifest } from '../manifest'
import { maySplitBe } from '../split/split-files'
import type { ShardFileSystem } from '../store/file-system'

export interface LocalPlace {
  /** For people: whose cache it is. */
  readonly program: string
  readonly directory: string
  /** How deep files may lie below it. */
  readonly depth: number
  /** Ollama names files after their hash, without an ending. */
  readonly anyName: boolean
}

export interface LocalFile {
  readonly program: string
  readonly path: string
  readonly sizeBytes: number
}

/** A cache of a hundred thousand files is not what we look for. */
const MAX_FILES = 20_000

/** Where other programs keep models, by their own defaults and environment variables. Only ever read. */
export function localPlaces(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): LocalPlace[] {
  const cache = env.XDG_CACHE_HOME ?? join(home, '.cache')
  const huggingFace = env.HF_HUB_CACHE ?? join(env.HF_HOME ?? join(cache, 'huggingface'), 'hub')
  const llamaCpp =
    env.LLAMA_CACHE ??
    (platform === 'win32'
      ? join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'llama.cpp')
      : platform === 'darwin'
        ? join(home, 'Library', 'Caches', 'llama.cpp')
        : join(cache, 'llama.cpp'))
  const place = (program: string, directory: string, depth: number, anyName = false): LocalPlace => {
    return { program, directory, depth, anyName }
  }
  return [
    place('LM Studio', join(home, '.lmstudio', 'models'), 4),
    place('LM Studio', join(home, '.cache', 'lm-studio', 'models'), 4),
    place('Ollama', join(env.OLLAMA_MODELS ?? join(home, '.ollama', 'models'), 'blobs'), 1, true),
    ...(platform === 'linux' ? [place('Ollama', '/usr/share/ollama/.ollama/models/blobs', 1, true)] : []),
    // hub/models--<owner>--<name>/snapshots/<commit>/<file>
    place('Hugging Face', huggingFace, 5),
    place('llama.cpp', llamaCpp, 2),
  ]
}

/**
 * Files that may be the model, told by their size alone: a fetch hashes whatever it takes from them. Of a split model
 * the first file is named. Directories that cannot be read hold nothing for us.
 */
export async function findLocalFiles(
  manifest: Pick<Manifest, 'file' | 'header'>,
  disk: ShardFileSystem,
  places: readonly LocalPlace[] = localPlaces(),
): Promise<LocalFile[]> {
  const found: LocalFile[] = []
  let looked = 0

  async function look(place: LocalPlace, directory: string, depth: number): Promise<void> {
    const names = await disk.list(directory).catch(() => [])
    for (const name of names) {
      if (++looked > MAX_FILES) return
      const path = join(directory, name)
      const facts = await disk.facts(path).catch(() => null)
      if (facts === null) continue
      if (facts.isDirectory) {
        if (depth > 1) await look(place, path, depth - 1)
      } else if (facts.sizeBytes === manifest.file.sizeBytes && (place.anyName || name.endsWith('.gguf'))) {
        found.push({ program: place.program, path, sizeBytes: facts.sizeBytes })
      } else if (await maySplitBe(path, manifest, disk)) {
        found.push({ program: place.program, path, sizeBytes: manifest.file.sizeBytes })
      }
    }
  }

  for (const place of places) await look(place, place.directory, place.depth)
  return found
}
