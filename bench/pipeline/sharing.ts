import * as z from 'zod'
import { generate, PREFILL_CHUNK_TOKENS, prefillChunkTokens } from '../../src-main/pipeline/generate'
import { systemClock } from '../../src-shared/clock'
import type { Say } from '../report'
import { type BenchClient, type Chain, startChain } from './chain'
import { type BenchModel, fixedTokens, sliceEvenly } from './models'

const NODES = 2
export const SESSIONS = 4
export const PREFILL_TOKENS = 512
const PROMPT_TOKENS = 16
const ANSWER_TOKENS = 48
const SIZE = { sequences: SESSIONS, contextTokens: PREFILL_TOKENS + 1 }
const RUN_LIMIT_MS = 600_000

export const TimedPrefillSchema = z.object({
  elapsedMs: z.number().positive(),
  /** Of the prompt's last row. */
  token: z.int(),
})
export type TimedPrefill = z.infer<typeof TimedPrefillSchema>

export interface TimedAnswers {
  /** Of all sessions, first tokens included. */
  tokensPerSecond: number
  answers: number[][]
}

/** What two nodes gain when they need not wait for each other: interleaved repetitions of all, each by itself. */
export interface Sharing {
  model: BenchModel
  chunkTokens: number
  overlapped: TimedPrefill[]
  /** The same chunks, each sent when the one before has come out at the end. */
  oneByOne: TimedPrefill[]
  /** So again, in the larger chunks that suit one node. */
  largeOneByOne: TimedPrefill[]
  alone: TimedAnswers[]
  together: TimedAnswers[]
}

export async function measureSharing(options: {
  client: BenchClient
  model: BenchModel
  directory: string
  repetitions: number
  say: Say
}): Promise<Sharing> {
  const { client, model, repetitions, say } = options
  const chunkTokens = prefillChunkTokens(PREFILL_TOKENS, NODES)
  const slices = await sliceEvenly(model, NODES, options.directory)
  const chain = await startChain(client, model, slices, SIZE)
  const measured: Sharing = {
    ...{ model, chunkTokens, overlapped: [], oneByOne: [], largeOneByOne: [], alone: [], together: [] },
  }
  const tokens = fixedTokens(PROMPT_TOKENS + SESSIONS, model.manifest.vocabSize)
  const prompts = Array.from({ length: SESSIONS }, (_, session) => tokens.slice(session, session + PROMPT_TOKENS))
  try {
    for (let repetition = 0; repetition <= repetitions; repetition++) {
      const isWarmUp = repetition === 0
      const record = <T>(list: T[], value: T) => void (isWarmUp || list.push(value))
      record(measured.overlapped, await prefill(client, model, chain, chunkTokens, true))
      record(measured.oneByOne, await prefill(client, model, chain, chunkTokens, false))
      record(measured.largeOneByOne, await prefill(client, model, chain, PREFILL_CHUNK_TOKENS, false))
      record(measured.alone, await answers(client, model, chain, prompts.slice(0, 1)))
      record(measured.together, await answers(client, model, chain, prompts))
      say(`${model.name}, sharing: ${isWarmUp ? 'warmed up' : `repetition ${repetition} of ${repetitions}`}`)
    }
    return measured
  } finally {
    await chain.stop()
  }
}

/** A long prompt through a chain; as nodes send one, unless told otherwise. */
export async function prefill(
  { pipeline }: BenchClient,
  { manifest }: BenchModel,
  { route }: Chain,
  chunkTokens: number = prefillChunkTokens(PREFILL_TOKENS, route.length),
  overlaps = true,
): Promise<TimedPrefill> {
  const prompt = fixedTokens(PREFILL_TOKENS, manifest.vocabSize)
  const session = await pipeline.openSession({
    ...{ root: manifest.root, route, contextTokens: SIZE.contextTokens, wantsLogits: false, exact: true },
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
  })
  try {
    const startedAt = systemClock.monotonicMs()
    let token = -1
    for (let at = 0; at < prompt.length; at += chunkTokens) {
      const isLast = at + chunkTokens >= prompt.length
      const wantsAnswer = isLast || !overlaps
      await session.send(prompt.slice(at, at + chunkTokens), at, wantsAnswer)
      if (wantsAnswer) token = (await session.nextResult()).token
    }
    return { elapsedMs: systemClock.monotonicMs() - startedAt, token }
  } finally {
    await session.close()
  }
}

async function answers(
  { pipeline }: BenchClient,
  { manifest }: BenchModel,
  { route }: Chain,
  prompts: readonly Int32Array[],
): Promise<TimedAnswers> {
  const startedAt = systemClock.monotonicMs()
  const generations = await Promise.all(
    prompts.map((prompt) =>
      generate({
        ...{ pipeline, clock: systemClock, root: manifest.root, route, prompt },
        vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
        ...{ maxTokens: ANSWER_TOKENS, contextTokens: SIZE.contextTokens, ignoresEndOfText: true },
        ...{ signal: AbortSignal.timeout(RUN_LIMIT_MS), onToken: () => undefined },
      }),
    ),
  )
  const elapsedMs = systemClock.monotonicMs() - startedAt
  const tokens = generations.map((one) => one.tokens)
  return { tokensPerSecond: (tokens.flat().length * 1000) / elapsedMs, answers: tokens }
}
