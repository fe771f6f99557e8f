import { type Row, rowOf } from '../report'
import { median, spread, wander } from '../statistics'
import type { ChainRun } from './chain'
import type { Measured } from './measure'
import type { DecodeRun } from './settings'

/** Of three nodes on one computer: what the chain may cost of the speed. */
const TARGET_RATIO = 0.92
/** No share of anything: a hop is a hop. */
const MOST_HOP_MS = 0.6
/** One process with a machine to itself wanders by a few percent; above this, others were computing too. */
export const MAX_WANDER = 0.15

/** One row a chain length. `prefix` tells the rows of two models apart; only `hasTarget` promises something. */
export function decodeRows(measured: Measured, options: { prefix: string; hasTarget: boolean }): Row[] {
  const { whole } = measured
  const reference = whole.map(speedOf)
  const wandered = wander(reference)
  const isQuiet = wandered <= MAX_WANDER
  return measured.chains.map((runs, i) => {
    const length = measured.lengths[i] ?? 0
    const speeds = runs.map(speedOf)
    const identical = runs.every((run) => isSame(run, whole[0])) && whole.every((run) => isSame(run, whole[0]))
    return rowOf(
      {
        name: `${options.prefix}decode-${length}-node${length === 1 ? '' : 's'}`,
        ours: median(speeds),
        reference: median(reference),
        referenceIs: 'the whole model in one process through our llama.cpp binding, one thread, same greedy tokens',
        unit: 'tokens/s',
        better: 'higher',
        target: options.hasTarget && length === 3 ? TARGET_RATIO : null,
        detail: [
          `${measured.model.name}, ${measured.tokens} tokens × ${runs.length} interleaved repetitions after a warm-up of ${measured.warmUpTokens} tokens each`,
          `tokens ${identical ? 'identical to' : 'DIFFERENT from'} the reference's in all repetitions`,
          `ours ${spread(speeds)}, reference ${spread(reference)}, ratio of each repetition ${spread(ratios(speeds, reference), 3)}`,
          ...(isQuiet ? [] : [`NOT A RESULT: the reference itself wandered by ${Math.round(wandered * 100)} %`]),
          timesOf(runs, whole),
          ...(length === 1 && measured.engine.length > 0 ? besides(measured) : []),
        ].join('; '),
      },
      // A ratio of two noises can meet any target.
      identical && isQuiet,
    )
  })
}

/** What each message between two nodes adds to a token of the longest chain, beside computing. */
export function hopRow(measured: Measured, prefix = ''): Row {
  const runs = measured.chains.at(-1) ?? []
  const hops = (measured.lengths.at(-1) ?? 0) + 1
  const perHop = runs.map((run) => (run.tokenMs - sum(run.computeMs)) / hops)
  const channel = runs.map((run) => sum(run.channelMs) / hops)
  return rowOf(
    {
      name: `${prefix}hop-overhead-ms`,
      ours: median(perHop),
      reference: median(measured.bareHopMs),
      referenceIs: 'half a bare round trip of as many bytes on one libp2p stream between two of these processes',
      unit: 'ms',
      better: 'lower',
      target: null,
      detail: [
        `${measured.model.name}, after a warm-up of ${measured.warmUpTokens} tokens; at most ${MOST_HOP_MS} ms is the aim`,
        `${hops} hops a token: to the first node, two between nodes, and back`,
        `ours ${spread(perHop, 3)}, of which between a node's host and its engine process ${spread(channel, 3)}`,
        `reference ${spread(measured.bareHopMs, 3)}, sent back to back; with a pause after each, as between tokens, ${spread(measured.pausedHopMs, 3)}`,
      ].join('; '),
    },
    median(perHop) <= MOST_HOP_MS,
  )
}

function besides({ engine, nodeLlamaCpp, whole }: Measured): string[] {
  return [
    `whole model in an engine process, driven from outside: ${spread(engine.map(speedOf))} tokens/s`,
    `node-llama-cpp's own interface: ${spread(nodeLlamaCpp.map(speedOf))} tokens/s, tokens ${nodeLlamaCpp.every((run) => isSame(run, whole[0])) ? 'identical' : 'different'}`,
  ]
}

function timesOf(runs: readonly ChainRun[], whole: readonly DecodeRun[]): string {
  const stages = runs[0]?.computeMs.map((_, stage) => median(runs.map((run) => run.computeMs[stage] ?? 0)).toFixed(2))
  const channels = runs[0]?.channelMs.map((_, stage) => median(runs.map((run) => run.channelMs[stage] ?? 0)).toFixed(2))
  const token = median(runs.map((run) => run.tokenMs)).toFixed(2)
  const reference = median(whole.map((run) => run.tokenMs)).toFixed(2)
  return `median ms per token ${token}, reference ${reference}, computed ${stages?.join(' + ')}, between host and engine ${channels?.join(' + ')}`
}

function speedOf({ answer, elapsedMs }: DecodeRun): number {
  return ((answer.length - 1) * 1000) / elapsedMs
}

function ratios(ours: readonly number[], reference: readonly number[]): number[] {
  return ours.map((value, i) => value / (reference[i] ?? Number.NaN))
}

function isSame(run: DecodeRun, other: DecodeRun | undefined): boolean {
  return run.answer.length === other?.answer.length && run.answer.every((token, i) => token === other.answer[i])
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
