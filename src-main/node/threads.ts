import { availableParallelism } from 'node:os'
import { EspalierError } from '../../src-shared/errors'

/**
 * llama.cpp's compute threads for a wish; null leaves one core free. Never more than there are cores: threads that wait
 * for each other by spinning slow each other down many times. A wish may come from another computer's settings.
 */
export function threadsFor(wish: number | null | undefined, cores = availableParallelism()): number {
  return Math.min(wish ?? Math.max(1, cores - 1), cores)
}

/** Throws MORE_THAN_THERE_IS. */
export function checkThreads(wish: number, cores = availableParallelism()): void {
  if (wish > cores) throw new EspalierError('MORE_THAN_THERE_IS', `${cores} processor cores for ${wish} threads`)
}
