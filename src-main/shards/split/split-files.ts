import type { Manifest } from '../manifest'
import type { ShardFileSystem } from '../store/file-system'
import { mayBeJoined } from './join-parts'
import { splitPaths } from './split-name'

/**
 * Whether this is the first file of a split model that may be the manifest's: all of them are there, and as large
 * together. Whether it is, its header and the pieces tell.
 */
export async function maySplitBe(
  path: string,
  { file, header }: Pick<Manifest, 'file' | 'header'>,
  disk: ShardFileSystem,
): Promise<boolean> {
  const paths = splitPaths(path)
  if (paths === null || paths[0] !== path) return false
  const facts = await Promise.all(paths.map((part) => disk.facts(part).catch(() => null)))
  const sizes = facts.flatMap((fact) => (fact === null || fact.isDirectory ? [] : [fact.sizeBytes]))
  return sizes.length === paths.length && mayBeJoined(sizes, file.sizeBytes, header.sizeBytes)
}
