import * as z from 'zod'
import { appPaths } from '../../src-main/app-paths'
import { EngineClient } from '../../src-main/engine/engine'
import { startChild } from '../../src-main/process/owned-child'
import { systemClock } from '../../src-shared/clock'
import { type CalledChild, startCalledChild } from '../child-calls'
import type { Say } from '../report'
import { type BenchClient, type Chain, type ChainRun, startChain } from './chain'
import { type BenchModel, sliceEvenly } from './models'
import {
  CONTEXT_TOKENS,
  type DecodeInput,
  type DecodeRun,
  DecodeRunSchema,
  MAX_BATCH_TOKENS,
  SEQUENCES,
  THREADS,
} from './settings'
import { timedDecode } from './timed-decode'
import { warmUp } from './warm-up'
import { hopSizes } from './wire-sizes'

/** Repetitions of everything, in the order in which they were interleaved. */
export interface Measured {
  model: BenchModel
  tokens: number
  /** That each of the compared had decoded before, at least. */
  warmUpTokens: number
  /** Nodes in each of the chains. */
  lengths: readonly number[]
  /** One process, no channel: the reference. */
  whole: DecodeRun[]
  /** The whole model in an engine process, as nodes have one, driven from outside of it. Empty: not measured. */
  engine: DecodeRun[]
  nodeLlamaCpp: DecodeRun[]
  /** As `lengths`. */
  chains: ChainRun[][]
  /** Half a bare round trip, averaged over the messages that carry a token through the longest chain. */
  bareHopMs: number[]
  /** The same, with a pause after each round trip, as stages have while another one computes. */
  pausedHopMs: number[]
}

export const CHAIN_LENGTHS = [1, 2, 3] as const
const ECHO_ROUND_TRIPS = 40
const ECHO_PAUSE_MS = 5

interface Decoder {
  decode(input: DecodeInput): Promise<DecodeRun>
  stop(): Promise<void>
}

/** Opens everything once, warms it up, and lets each compute in turn: never two at the same time. */
export async function measure(options: {
  client: BenchClient
  model: BenchModel
  directory: string
  repetitions: number
  tokens: number
  /** How long the warm-up of each that is compared may take, about. */
  warmUpMs: number
  lengths?: readonly number[]
  /** Nothing but the chains and their reference: for a model of which few copies fit into memory. */
  onlyChains?: boolean
  say: Say
}): Promise<Measured> {
  const { client, model, tokens, repetitions, lengths = CHAIN_LENGTHS, onlyChains = false, say } = options
  const open: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    open.push(one)
    return one
  }
  try {
    say(`${model.name}: loading`)
    const whole = keep(await openDecoder('whole', model))
    const other = onlyChains ? null : keep(await openDecoder('node-llama-cpp', model))
    const engine = onlyChains ? null : keep(await openEngine(model))
    const chains: Chain[] = []
    for (const length of lengths) {
      const slices = await sliceEvenly(model, length, options.directory)
      chains.push(keep(await startChain(client, model, slices)))
    }
    const measured: Measured = {
      model,
      tokens,
      warmUpTokens: Number.POSITIVE_INFINITY,
      lengths,
      whole: [],
      engine: [],
      nodeLlamaCpp: [],
      chains: chains.map(() => []),
      bareHopMs: [],
      pausedHopMs: [],
    }
    const input = { prompt: model.prompt, tokens }
    for (const compared of [whole, ...chains]) {
      const warmedUp = await warmUp(compared, model.prompt, { clock: systemClock, limitMs: options.warmUpMs })
      measured.warmUpTokens = Math.min(measured.warmUpTokens, warmedUp)
    }
    for (let repetition = 0; repetition <= repetitions; repetition++) {
      const isWarmUp = repetition === 0
      const record = <T>(list: T[] | undefined, value: T) => void (isWarmUp || list?.push(value))
      record(measured.whole, await whole.decode(input))
      for (const [i, chain] of chains.entries()) record(measured.chains[i], await chain.decode(input))
      if (!onlyChains) {
        record(measured.bareHopMs, await bareHop(chains.at(-1), model, 0))
        record(measured.pausedHopMs, await bareHop(chains.at(-1), model, ECHO_PAUSE_MS))
      }
      if (engine) record(measured.engine, await engine.decode(input))
      if (other) record(measured.nodeLlamaCpp, await other.decode(input))
      say(`${model.name}: ${isWarmUp ? 'warmed up' : `repetition ${repetition} of ${repetitions}`}`)
    }
    return measured
  } finally {
    for (const one of open.reverse()) await one.stop()
  }
}

async function bareHop(chain: Chain | undefined, { manifest }: BenchModel, pauseMs: number): Promise<number> {
  if (!chain) return Number.NaN
  const sizes = hopSizes(chain.length, manifest.embeddingLength)
  let sum = 0
  for (const size of sizes) sum += (await chain.echo.roundTripMs(size, ECHO_ROUND_TRIPS, pauseMs)) / 2
  return sum / sizes.length
}

async function openDecoder(role: 'whole' | 'node-llama-cpp', { path }: BenchModel): Promise<Decoder> {
  const child: CalledChild = startCalledChild(role)
  try {
    await child.call('load', { modelPath: path }, z.null())
  } catch (error) {
    await child.stop()
    throw error
  }
  return { decode: (input) => child.call('decode', input, DecodeRunSchema), stop: () => child.stop() }
}

async function openEngine({ path }: BenchModel): Promise<Decoder> {
  const engine = new EngineClient(startChild({ script: appPaths().engineChild, ipc: 'pipe' }))
  try {
    await engine.start({ accelerator: 'cpu', directory: null })
    await engine.load({
      slicePath: path,
      entryPath: null,
      wholeModel: true,
      isLast: true,
      contextTokens: CONTEXT_TOKENS,
      maxBatchTokens: MAX_BATCH_TOKENS,
      maxSequences: SEQUENCES,
      threads: THREADS,
      gpuLayers: 0,
    })
  } catch (error) {
    await engine.stop()
    throw error
  }
  return {
    async decode(input) {
      const sequence = engine.openSequence()
      try {
        return await timedDecode(input, async (tokens, position) => {
          const { items } = await engine.run({ items: [{ sequence, position, tokens, wantLogits: 'greedy' }] })
          return items[0]?.token ?? -1
        })
      } finally {
        await engine.closeSequence(sequence)
      }
    },
    stop: () => engine.stop(),
  }
}
