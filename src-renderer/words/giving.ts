import type { ComputerTiming } from '../../src-shared/computer-view'
import { formatBytes, formatCount, formatWhole } from '../format'
import { say } from '.'

/** Of a slider, which moves in whole ones. */
export function gbWords(gb: number): string {
  return `${formatWhole(gb)}\u00a0GB`
}

export function timingWords({ tokensPerSecond, threads, modelName, sizeBytes }: ComputerTiming): string {
  return say.GIVING.timed(formatCount(Math.round(tokensPerSecond)), modelName, formatBytes(sizeBytes), threads)
}
