import { join } from 'node:path'
import * as z from 'zod'
import { type CalledChild, startCalledChild } from '../../child-calls'
import type { Say } from '../../report'
import { type BenchClient, startChain } from '../chain'
import { type BenchModel, fixedTokens, sliceEvenly } from '../models'
import { CONTEXT_TOKENS, type DecodeRun, DecodeRunSchema } from '../settings'
import { PREFILL_TOKENS, prefill, type TimedPrefill, TimedPrefillSchema } from '../sharing'
import type { RpcBuild } from './build-rpc'
import { startRpcWorker } from './rpc-worker'

const WORKERS = 2

interface Runs {
  decode: DecodeRun[]
  prefill: TimedPrefill[]
}

/**
 * Interleaved repetitions: one process, two of our nodes, and one process with two of llama.cpp's RPC workers. Those can't
 * use the weight layouts that a processor likes best; `plain` is one process without them, so that a hop is compared with
 * a hop.
 */
export interface AgainstRpc {
  model: BenchModel
  tokens: number
  whole: Runs
  plain: Runs
  ours: Runs
  theirs: Runs
}

export async function measureAgainstRpc(options: {
  build: RpcBuild
  client: BenchClient
  model: BenchModel
  directory: string
  repetitions: number
  tokens: number
  say: Say
}): Promise<AgainstRpc> {
  const { build, client, model, repetitions, tokens, say } = options
  const open: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    open.push(one)
    return one
  }
  const oneProcess = async (how: {
    plain?: boolean
    rpc?: { backend: string; endpoints: string[] }
  }): Promise<CalledChild> => {
    const child = keep(startCalledChild('whole'))
    await child.call('load', { modelPath: model.path, ...how }, z.null())
    return child
  }
  try {
    say(`${model.name}: loading, beside llama.cpp's RPC`)
    const whole = await oneProcess({})
    const plain = await oneProcess({ plain: true })
    const endpoints: string[] = []
    for (let worker = 0; worker < WORKERS; worker++) endpoints.push(keep(await startRpcWorker(build)).endpoint)
    const theirs = await oneProcess({ rpc: { backend: build.backend, endpoints } })
    const slices = await sliceEvenly(model, WORKERS, join(options.directory, 'rpc'))
    const size = { sequences: 1, contextTokens: PREFILL_TOKENS + 1 }
    const chain = keep(await startChain(client, model, slices, size))
    const measured: AgainstRpc = {
      ...{ model, tokens },
      whole: { decode: [], prefill: [] },
      plain: { decode: [], prefill: [] },
      ours: { decode: [], prefill: [] },
      theirs: { decode: [], prefill: [] },
    }
    const input = { prompt: model.prompt, tokens }
    const long = fixedTokens(Math.min(PREFILL_TOKENS, CONTEXT_TOKENS), model.manifest.vocabSize)
    for (let repetition = 0; repetition <= repetitions; repetition++) {
      const isWarmUp = repetition === 0
      const record = <T>(list: T[], value: T) => void (isWarmUp || list.push(value))
      const processes = [
        [whole, measured.whole],
        [plain, measured.plain],
        [theirs, measured.theirs],
      ] as const
      for (const [child, runs] of processes) {
        record(runs.decode, await child.call('decode', input, DecodeRunSchema))
        record(runs.prefill, await child.call('prefill', { prompt: long }, TimedPrefillSchema))
      }
      record(measured.ours.decode, await chain.decode(input))
      record(measured.ours.prefill, await prefill(client, model, chain))
      say(`${model.name}, beside RPC: ${isWarmUp ? 'warmed up' : `repetition ${repetition} of ${repetitions}`}`)
    }
    return measured
  } finally {
    for (const one of open.reverse()) await one.stop()
  }
}
