import { join } from 'node:path'
import { reportOf } from '../../src-shared/errors'
import type { FoundFile } from '../../src-shared/status'
import { cuttingRule } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { integerOf, stringOf } from '../shards/gguf-values'
import { splitPaths } from '../shards/split/split-name'
import type { ShardFileSystem } from '../shards/store/file-system'

/** A file of the shard folder as it lies there now; the files of a split model are one, named by its first. */
export interface FolderFile {
  readonly name: string
  readonly sizeBytes: number
  /** Sizes and ages: the same at two looks means that nobody writes to it. */
  readonly state: string
  /** All files of a split model are there. */
  readonly isWhole: boolean
}

/** What ends with `.gguf` in the folder, by path; empty when there is no folder. */
export async function listFolder(disk: ShardFileSystem, folder: string): Promise<Map<string, FolderFile>> {
  const single = new Map<string, FolderFile>()
  for (const name of await disk.list(folder)) {
    const path = join(folder, name)
    const facts = name.endsWith('.gguf') ? await disk.facts(path) : null
    if (facts === null || facts.isDirectory) continue
    const { sizeBytes, modifiedMs } = facts
    single.set(path, { name, sizeBytes, state: `${sizeBytes} ${modifiedMs}`, isWhole: true })
  }
  const files = new Map<string, FolderFile>()
  for (const [path, file] of single) {
    const paths = splitPaths(path)
    if (paths === null) files.set(path, file)
    else if (paths[0] === path) {
      const parts = paths.flatMap((part) => single.get(part) ?? [])
      files.set(path, {
        name: file.name,
        sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
        state: parts.map(({ state }) => state).join(', '),
        isWhole: parts.length === paths.length,
      })
    }
  }
  return files
}

/** What a file that nobody writes to any more says of itself. Its pieces are hashed when blocks are fetched from it. */
export async function describeFile(path: string, { name, sizeBytes }: FolderFile): Promise<FoundFile> {
  try {
    const header = await readGgufHeader(path)
    const architecture = stringOf(header, 'general.architecture') ?? ''
    cuttingRule(architecture)
    const model = {
      name: stringOf(header, 'general.name') ?? architecture,
      blockCount: integerOf(header, `${architecture}.block_count`) ?? 0,
    }
    return { name, sizeBytes, state: 'complete', model }
  } catch (error) {
    return { name, sizeBytes, state: 'unusable', trouble: reportOf(error) }
  }
}
