import { dirname, join } from 'node:path'
import { EspalierError } from '../../src-shared/errors'
import type { DiskView } from '../../src-shared/file-views'
import { MAX_MANIFEST_BYTES, parseManifest } from '../shards/manifest'
import type { StoredSliceFacts } from '../shards/store/disk-use'
import type { ShardStore } from '../shards/store/shard-store'
import { MANIFEST_FILE } from '../shards/store/verify-stored'

const MAX_SLICES_SHOWN = 500

/** What the shards on this disk take, largest first, and the same by the ids of a page removed. */
export function createDiskViews(store: ShardStore, directory: string, capBytes: () => number | null) {
  const names = new Map<string, string>()

  async function view(): Promise<DiskView> {
    await store.disk.makeDirectory(directory)
    const [slices, freeBytes] = await Promise.all([store.use.list(), store.disk.freeBytes(directory)])
    const sum = (some: readonly StoredSliceFacts[]) => some.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
    const shown = slices.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, MAX_SLICES_SHOWN)
    return {
      directory,
      usedBytes: sum(slices),
      capBytes: capBytes(),
      freeBytes,
      reclaimableBytes: sum(slices.filter(({ isInUse }) => !isInUse)),
      slices: await Promise.all(
        shown.map(async (slice) => ({
          id: idOf(slice),
          model: await nameOf(slice),
          blocks: slice.blocks,
          sizeBytes: slice.sizeBytes,
          isFinished: slice.isFinished,
          isInUse: slice.isInUse,
          usedAt: slice.usedAt || null,
        })),
      ),
    }
  }

  async function nameOf({ model, directory: slice }: StoredSliceFacts): Promise<string | null> {
    const known = names.get(model)
    if (known !== undefined) return known
    try {
      const bytes = await store.disk.readSmall(join(dirname(slice), MANIFEST_FILE), MAX_MANIFEST_BYTES)
      if (bytes === null) return null
      const { name } = parseManifest(bytes)
      names.set(model, name)
      return name
    } catch {
      return null
    }
  }

  /** Removes these and nothing else. Throws BAD_ARGUMENT for one that is in use or not there; those before it are gone. */
  async function free(ids: readonly string[]): Promise<DiskView> {
    for (const id of ids) {
      const slice = (await store.use.list()).find((one) => idOf(one) === id)
      if (!slice) throw new EspalierError('BAD_ARGUMENT', `${id} is not stored here`)
      await store.use.remove(slice.directory)
    }
    return view()
  }

  return { view, free }
}

function idOf({ model, blocks }: StoredSliceFacts): string {
  return `${model}/${blocks.start}-${blocks.end}`
}
