import { formatBlocks } from '../../src-shared/blocks'
import { bytesInWords } from '../../src-shared/bytes-in-words'
import { systemClock } from '../../src-shared/clock'
import type { DiskView } from '../../src-shared/file-views'
import type { FetchView, FoundFile } from '../../src-shared/status'
import { dataDirectoryAt } from '../storage/data-directory'
import { askRunning } from './ask-running'

const DAY_MS = 86_400_000

export type ShardsAction = 'show' | 'pause' | 'resume' | 'cancel' | 'await' | 'load' | 'free'

/**
 * The operator's hand on the running node's files. Every action ends with what is so afterwards; `free` removes what is
 * not in use. Throws NODE_NOT_RUNNING where there is nobody to ask, and what the node refuses with.
 */
export async function shards(action: ShardsAction, options: { dataDir?: string; json: boolean }): Promise<void> {
  const { root } = dataDirectoryAt(options.dataDir)
  let freedBytes = 0
  if (action === 'pause' || action === 'resume' || action === 'cancel' || action === 'await')
    await askRunning(root, `fetch.${action}`)
  if (action === 'load') await askRunning(root, 'node.load')
  if (action === 'free') {
    const { slices, usedBytes } = await askRunning(root, 'disk.get')
    const ids = slices.filter(({ isInUse }) => !isInUse).map(({ id }) => id)
    freedBytes = usedBytes - (await askRunning(root, 'disk.free', { ids })).usedBytes
  }
  const disk = await askRunning(root, 'disk.get')
  const { fetch = null, foundFiles = [], readiness, steps } = await askRunning(root, 'status.get')
  const { fetchPaused } = await askRunning(root, 'settings.get')
  const blocker = readiness?.blocker ?? null
  if (options.json) {
    const freed = action === 'free' ? { freedBytes } : {}
    process.stdout.write(`${JSON.stringify({ isPaused: fetchPaused, fetch, foundFiles, blocker, disk, ...freed })}\n`)
    return
  }
  const lines = [
    ...(action === 'free' ? [`${bytesInWords(freedBytes)} freed`] : []),
    fetch
      ? fetchLine(fetch, fetchPaused, steps.find(({ name }) => name === 'fetch')?.blocker?.cause ?? null)
      : fetchPaused
        ? 'Fetching is paused by you'
        : 'Nothing is being fetched',
    ...foundFiles.map(foundLine),
    ...(blocker ? [`▸ ${blocker.sentence}`] : []),
    '',
    ...diskLines(disk, systemClock.now()),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** `trouble`: what holds it up; until that is over there is no end to foretell. */
export function fetchLine(fetch: FetchView, isPaused: boolean, trouble: string | null): string {
  const { state, verifiedBytes, neededBytes, bytesPerSecond, etaMs, sources } = fetch
  const done = `${bytesInWords(verifiedBytes)} of ${bytesInWords(neededBytes)}`
  // The wish holds from now on; a fetch that waits for something notices it a moment later.
  if (isPaused || state === 'paused') return `Paused by you, ${done}`
  if (trouble !== null) return `Fetch: waiting, ${done}; ${trouble}`
  const rate = bytesPerSecond === null ? '' : `, ${bytesInWords(bytesPerSecond)}/s`
  const rest = etaMs === null ? '' : `, ${Math.ceil(etaMs / 60_000)} min left`
  const active = sources.filter((source) => source.state === 'active').map(({ label }) => label)
  const from = active.length > 0 ? ` from ${active.join(', ')}` : ''
  return `Fetch: ${state}, ${done}${rate}${rest}${from}`
}

/** What was copied into the shard folder while no blocks are assigned. */
export function foundLine({ name, sizeBytes, state, model, trouble }: FoundFile): string {
  const what = model
    ? `${model.name}, ${model.blockCount} ${model.blockCount === 1 ? 'block' : 'blocks'}; it is used as soon as blocks are assigned`
    : state === 'copying'
      ? 'it is still being copied'
      : (trouble?.cause ?? 'it cannot be used')
  return `In the shard folder: ${name}, ${bytesInWords(sizeBytes)}: ${what}`
}

function daysWords(days: number): string {
  if (days < 1) return 'in the last 24 hours'
  return days === 1 ? 'a day ago' : `${days} days ago`
}

function diskLines({ slices, usedBytes, capBytes, freeBytes, reclaimableBytes }: DiskView, now: number): string[] {
  const cap = capBytes === null ? 'no limit' : `limit ${bytesInWords(capBytes)}`
  const rows = slices.map(({ model, id, blocks, sizeBytes, isFinished, isInUse, usedAt }) => {
    const age = usedAt === null ? '' : `, used ${daysWords(Math.floor((now - usedAt) / DAY_MS))}`
    const state = isInUse ? 'in use' : `${isFinished ? 'not in use' : 'unfinished, not in use'}${age}`
    return `  ${model ?? id}  blocks ${formatBlocks(blocks)}  ${bytesInWords(sizeBytes)}  ${state}`
  })
  return [
    `Shards take ${bytesInWords(usedBytes)} (${cap}), the disk has ${bytesInWords(freeBytes)} left; ${bytesInWords(reclaimableBytes)} can be freed`,
    ...rows,
  ]
}
