import { join } from 'node:path'
import * as z from 'zod'
import type { BlockRange } from '../../../src-shared/blocks'
import { bytesInWords } from '../../../src-shared/bytes-in-words'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import { replaceFile, type ShardFileSystem } from './file-system'

export interface StoredSliceFacts {
  /** First characters of the manifest's root. */
  readonly model: string
  readonly blocks: BlockRange
  readonly directory: string
  /** On the disk; holes take nothing. */
  readonly sizeBytes: number
  readonly isFinished: boolean
  readonly isInUse: boolean
  /** Epoch milliseconds; 0 when it was never said. */
  readonly usedAt: number
}

export interface DiskUse {
  list(): Promise<StoredSliceFacts[]>
  totalBytes(): Promise<number>
  /** Says that a slice is used now: what was used longest ago goes first. */
  touch(directory: string): Promise<void>
  /** While it is held, a slice is never reclaimed: it is loaded, or being fetched. */
  hold(directory: string): Disposer
  /** Throws BAD_ARGUMENT for a slice in use. */
  remove(directory: string): Promise<void>
  /**
   * Makes room for `neededBytes` more of the model `root`, under the cap and on the disk, by removing what was used
   * longest ago and is not held; slices of other models go before those of this one. Throws DISK_CAP_REACHED or
   * DISK_FULL, with the numbers, when that is not enough; then nothing was removed.
   */
  makeRoom(neededBytes: number, root?: string): Promise<void>
  /** Told after slices were removed, by whom- and whyever. */
  onRemoved(listener: () => void): Disposer
}

/** Kept free whatever happens: settings, logs and other programs need some. */
const RESERVE_BYTES = 64 * 2 ** 20
const USAGE_FILE = 'usage.json'
const MAX_USAGE_BYTES = 2 ** 20
const UsageSchema = z.record(z.string().max(200), z.number())
const SLICE_NAME = /^(\d{1,4})-(\d{1,4})$/
const MODEL_NAME = /^[0-9a-f]{16}$/

export function createDiskUse(options: {
  disk: ShardFileSystem
  clock: Clock
  directory: string
  capBytes: () => number | null
}): DiskUse {
  const { disk, clock, directory, capBytes } = options
  const held = new Map<string, number>()
  const listeners = new Set<() => void>()
  const usagePath = join(directory, USAGE_FILE)

  async function usage(): Promise<Record<string, number>> {
    const bytes = await disk.readSmall(usagePath, MAX_USAGE_BYTES).catch(() => null)
    try {
      const parsed = UsageSchema.safeParse(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')))
      return parsed.success ? parsed.data : {}
    } catch {
      return {}
    }
  }

  async function list(): Promise<StoredSliceFacts[]> {
    const used = await usage()
    const slices: StoredSliceFacts[] = []
    for (const model of await disk.list(directory)) {
      if (!MODEL_NAME.test(model)) continue
      for (const name of await disk.list(join(directory, model))) {
        const match = SLICE_NAME.exec(name)
        if (match === null) continue
        const path = join(directory, model, name)
        const files = await disk.list(path)
        const facts = await Promise.all(files.map((file) => disk.facts(join(path, file))))
        slices.push({
          model,
          blocks: { start: Number(match[1]), end: Number(match[2]) },
          directory: path,
          sizeBytes: facts.reduce((sum, file) => sum + (file?.allocatedBytes ?? 0), 0),
          isFinished: files.includes('slice.json'),
          isInUse: held.has(path),
          usedAt: used[`${model}/${name}`] ?? 0,
        })
      }
    }
    return slices
  }

  async function removeAll(paths: readonly string[]): Promise<void> {
    try {
      for (const path of paths) await disk.remove(path)
    } finally {
      for (const listener of listeners) listener()
    }
  }

  const use: DiskUse = {
    list,
    totalBytes: async () => (await list()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    async touch(path) {
      const [model, name] = path.split(/[\\/]/).slice(-2)
      await disk.makeDirectory(directory)
      const entry = { [`${model}/${name}`]: clock.now() }
      await replaceFile(disk, usagePath, Buffer.from(JSON.stringify({ ...(await usage()), ...entry })))
    },
    hold(path) {
      held.set(path, (held.get(path) ?? 0) + 1)
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        const left = (held.get(path) ?? 1) - 1
        if (left === 0) held.delete(path)
        else held.set(path, left)
      }
    },
    async remove(path) {
      if (held.has(path)) throw new EspalierError('BAD_ARGUMENT', `${path} is in use`)
      const known = (await list()).some((slice) => slice.directory === path)
      if (!known) throw new EspalierError('BAD_ARGUMENT', `${path} is not one of the stored slices`)
      await removeAll([path])
    },
    async makeRoom(neededBytes, root = '') {
      await disk.makeDirectory(directory)
      const slices = await list()
      const totalBytes = slices.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const cap = capBytes()
      const overCap = cap === null ? 0 : totalBytes + neededBytes - cap
      const overDisk = neededBytes + RESERVE_BYTES - (await disk.freeBytes(directory))
      const missing = Math.max(overCap, overDisk)
      if (missing <= 0) return
      const isOfThis = ({ model }: StoredSliceFacts) => (root !== '' && root.startsWith(model) ? 1 : 0)
      const candidates = slices
        .filter(({ isInUse }) => !isInUse)
        .toSorted((a, b) => isOfThis(a) - isOfThis(b) || a.usedAt - b.usedAt)
      let freed = 0
      const going = candidates.filter(({ sizeBytes }) => {
        if (freed >= missing) return false
        freed += sizeBytes
        return true
      })
      if (freed < missing) {
        const short = `${bytesInWords(missing - freed)} more are needed: ${bytesInWords(neededBytes)} for the blocks`
        throw overDisk > overCap
          ? new EspalierError('DISK_FULL', `${short}, and ${bytesInWords(RESERVE_BYTES)} that stay free`)
          : new EspalierError('DISK_CAP_REACHED', short)
      }
      await removeAll(going.map((slice) => slice.directory))
    },
    onRemoved(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return use
}
