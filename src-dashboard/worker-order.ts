import type { FeedWorker } from './feed'
import { workerState } from './words'

export const WORKER_COLUMNS = ['name', 'state', 'blocks', 'device', 'heard', 'tokens'] as const
export type WorkerColumn = (typeof WORKER_COLUMNS)[number]

export interface WorkerOrder {
  column: WorkerColumn
  isDescending: boolean
}

/** Those who have no value stand at the end, whichever way the rest is turned. */
export function sortWorkers(workers: readonly FeedWorker[], { column, isDescending }: WorkerOrder): FeedWorker[] {
  const sign = isDescending ? -1 : 1
  return workers
    .map((worker) => ({ worker, value: sortValueOf(worker, column) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null)
        return a.value === b.value ? byName(a.worker, b.worker) : a.value === null ? 1 : -1
      const order =
        typeof a.value === 'number' && typeof b.value === 'number'
          ? a.value - b.value
          : compareText(String(a.value), String(b.value))
      return order === 0 ? byName(a.worker, b.worker) : sign * order
    })
    .map(({ worker }) => worker)
}

/** Those in which every word of `search` occurs somewhere. */
export function filterWorkers(workers: readonly FeedWorker[], search: string): readonly FeedWorker[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return workers
  return workers.filter((worker) => {
    const text = [worker.nickname, worker.worker_id, worker.device_name, worker.hardware_type, workerState(worker).word]
      .join(' ')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

const collator = new Intl.Collator('en', { numeric: true })
const compareText = collator.compare

function byName(a: FeedWorker, b: FeedWorker): number {
  return compareText(a.nickname, b.nickname) || compareText(a.key, b.key)
}

function sortValueOf(worker: FeedWorker, column: WorkerColumn): string | number | null {
  switch (column) {
    case 'name':
      return worker.nickname
    case 'state':
      return workerState(worker).word
    case 'blocks':
      return worker.layers_start ?? null
    case 'device':
      return worker.vram_gb
    case 'heard':
      return worker.x_last_seen_at_ms ?? null
    case 'tokens':
      return worker.tokens_served
  }
}
