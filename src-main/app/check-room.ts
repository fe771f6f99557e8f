import { bytesInWords } from '../../src-shared/bytes-in-words'
import { EspalierError } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import { type ComputeChoice, cardsOf } from '../engine/device-choice'
import { memoryNeed } from '../engine/memory-need'
import { servingSizeOf } from '../node/config'
import { machineMemoryBytes } from '../node/machine-memory'
import type { KnownModel } from './known-model'

/**
 * Refuses conversations whose caches leave no place on this computer for a single block of the model. Throws
 * MORE_THAN_THERE_IS, with what they need and what there is; how many blocks fit otherwise is what “What fits” says.
 */
export function checkRoom(
  settings: Pick<Settings, 'contextTokens' | 'maxSequences'>,
  { name, header }: KnownModel,
  compute: Pick<ComputeChoice, 'devices'>,
  memoryBytes = machineMemoryBytes(),
): void {
  const { totalBytes } = memoryNeed(header, { start: 0, end: 1 }, servingSizeOf(settings), false)
  const cardBytes = cardsOf(compute.devices).reduce((sum, card) => sum + card.totalBytes, 0)
  const thereBytes = Math.max(memoryBytes, cardBytes)
  if (totalBytes <= thereBytes) return
  const { contextTokens, maxSequences } = settings
  const what = `${maxSequences} conversations of ${contextTokens} tokens`
  throw new EspalierError(
    'MORE_THAN_THERE_IS',
    `${what} need ${bytesInWords(totalBytes)} for one block of ${name}, and there are ${bytesInWords(thereBytes)}`,
  )
}
