import { type Row, rowOf } from '../report'
import { median, spread, wander } from '../statistics'
import { MAX_WANDER } from './rows'
import { PREFILL_TOKENS, SESSIONS, type Sharing, type TimedPrefill } from './sharing'

const OVERLAP_TARGET = 1.5
const SESSIONS_TARGET = 1.6

/** A prompt through two nodes that compute different chunks of it at the same time. */
export function overlapRow({ model, chunkTokens, overlapped, oneByOne, largeOneByOne }: Sharing): Row {
  const speeds = overlapped.map(speedOf)
  const reference = oneByOne.map(speedOf)
  const [first] = oneByOne
  const isSame = [...overlapped, ...oneByOne].every(({ token }) => token === first?.token)
  return rowOf(
    {
      name: 'prefill-overlap',
      ours: median(speeds),
      reference: median(reference),
      referenceIs: 'the same chain and chunks, each sent when the one before has come out at the end',
      unit: 'tokens/s',
      better: 'higher',
      target: OVERLAP_TARGET,
      detail: [
        `${model.name}, ${PREFILL_TOKENS} tokens over 2 nodes in chunks of ${chunkTokens}, ${speeds.length} interleaved repetitions after a warm-up`,
        `the next token is ${isSame ? 'the same' : 'ANOTHER'} in all`,
        `ours ${spread(speeds)}, reference ${spread(reference)}; one by one in chunks of 128 ${spread(largeOneByOne.map(speedOf))}`,
        ...noise(reference),
      ].join('; '),
    },
    isSame && isQuiet(reference),
  )
}

/** What four sessions get out of two nodes together, beside one alone. */
export function sessionsRow({ model, alone, together }: Sharing): Row {
  const speeds = together.map(({ tokensPerSecond }) => tokensPerSecond)
  const reference = alone.map(({ tokensPerSecond }) => tokensPerSecond)
  const isWhole = together.every(({ answers }) => answers.length === SESSIONS)
  const [first] = alone
  const equal = together.filter(({ answers: [answer] }) => String(answer) === String(first?.answers[0])).length
  return rowOf(
    {
      name: 'batch-4-sessions',
      ours: median(speeds),
      reference: median(reference),
      referenceIs: 'one of these sessions alone on the same two nodes',
      unit: 'tokens/s',
      better: 'higher',
      target: SESSIONS_TARGET,
      detail: [
        `${model.name}, ${SESSIONS} sessions over 2 nodes, prompts and answers together, ${speeds.length} interleaved repetitions after a warm-up`,
        `ours ${spread(speeds)}, reference ${spread(reference)}`,
        `the session that was also alone said the same in ${equal} of ${together.length}`,
        ...noise(reference),
      ].join('; '),
    },
    isWhole && isQuiet(reference),
  )
}

function speedOf({ elapsedMs }: TimedPrefill): number {
  return (PREFILL_TOKENS * 1000) / elapsedMs
}

function isQuiet(reference: readonly number[]): boolean {
  return wander(reference) <= MAX_WANDER
}

function noise(reference: readonly number[]): string[] {
  return isQuiet(reference)
    ? []
    : [`NOT A RESULT: the reference itself wandered by ${Math.round(wander(reference) * 100)} %`]
}
