import { systemClock } from '../../src-shared/clock'
import { median } from '../statistics'
import type { DecodeInput, DecodeRun } from './settings'

/** Runs the prompt, then token after token. `next` gives the greedy token after these rows. */
export async function timedDecode(
  { prompt, tokens }: DecodeInput,
  next: (rows: Int32Array, position: number) => number | Promise<number>,
): Promise<DecodeRun> {
  const watch = startWatch()
  const answer = [await next(prompt, 0)]
  watch.onToken()
  for (let position = prompt.length; answer.length <= tokens; position++) {
    answer.push(await next(Int32Array.from(answer.slice(-1)), position))
    watch.onToken()
  }
  return { answer, ...watch.times() }
}

/** Times tokens as they come; the first one, which contains the prompt, only starts the watch. */
export function startWatch() {
  const at: number[] = []
  return {
    onToken: () => void at.push(systemClock.monotonicMs()),
    times(): Pick<DecodeRun, 'elapsedMs' | 'tokenMs'> {
      const steps = at.slice(1).map((time, i) => time - (at[i] ?? 0))
      return { elapsedMs: steps.reduce((sum, ms) => sum + ms, 0), tokenMs: median(steps) }
    },
  }
}
