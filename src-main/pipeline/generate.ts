import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { type SamplingChoice, samplingAfter } from '../engine/sampling'
import type { EntrySession } from './entry-sessions'
import type { Pipeline } from './pipeline'
import type { RouteStage } from './route'
import { createSleepWatch } from './sleep-watch'

/** Most and fewest prompt tokens that run through a stage in one batch. */
export const PREFILL_CHUNK_TOKENS = 128
const MIN_CHUNK_TOKENS = 32
const CHUNK_STEP_TOKENS = 16
/** Stages wait while the first chunk comes to them and the last one goes on: of n chunks, n + stages - 1 times are paid. */
const CHUNKS_PER_STAGE = 4
const ANSWER_TIMEOUT_MS = 30_000
const WATCH_INTERVAL_MS = 1_000

export interface Vocabulary {
  /** Token ids, with the model's own begin-of-text token in front where it wants one. */
  tokenize(text: string): Promise<Int32Array>
  /** The bytes of one token; a character may need several tokens. */
  piece(token: number): Promise<Uint8Array>
  /** Token ids are below it; absent where it is not known. */
  readonly size?: number
  /** Tokens that end an answer. */
  readonly endOfText: ReadonlySet<number> | null
}

export interface GenerateOptions {
  /** A pipeline, or what opens sessions that survive the loss of a node. */
  pipeline: Pick<Pipeline, 'openSession'>
  vocabulary: Vocabulary
  clock: Clock
  root: string
  route: readonly RouteStage[]
  /** Text, or tokens that are ready to run. */
  prompt: string | Int32Array
  /** Null: as many as the context has room for. */
  maxTokens: number | null
  contextTokens: number
  /** Goes on after an end-of-text token: for parity runs, which compare a fixed number of tokens. */
  ignoresEndOfText?: boolean
  /** Comparable bit for bit with one process that runs the same batches, at twice the bytes a hop. */
  exact?: boolean
  wantsLogits?: boolean
  /** How the last stage chooses tokens; absent for the likeliest. Not together with `wantsLogits`. */
  sampling?: SamplingChoice
  /** Chooses each token from its logits here, instead of the last stage; not together with `sampling`. */
  choose?: ((logits: Float32Array, position: number) => Promise<number>) | undefined
  signal: AbortSignal
  /** Says 'enough' when the answer shall end with this token. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most listeners have nothing to say
  onToken(token: GeneratedToken): void | 'enough'
}

export interface GeneratedToken {
  token: number
  /** The text that became complete with this token; empty inside a character. */
  text: string
  logits: Float32Array | null
}

export interface Generation {
  promptTokens: Int32Array
  tokens: number[]
  text: string
  /** An end-of-text token, the limit of tokens, or the listener. */
  endedBy: 'model' | 'limit' | 'listener'
  /** Rows of each batch in order: what a reference run must repeat to be comparable. */
  schedule: number[]
  /** Whether it ran in exact mode; what repeats it does so too. */
  exact?: boolean
  /** Of the answer after its first token, by the entry's clock; null for a single token. */
  tokensPerSecond: number | null
  /** The chain that gave the last answer. */
  route: readonly RouteStage[]
  /** Median compute time per generated token of each stage, in ms, as the stages report it; NaN where one does not. */
  stageComputeMs: number[]
  /** Median time of a token, in ms, from its sending to the answer, by the entry's clock; null for a single token. */
  tokenMs: number | null
}

/**
 * Runs one generation through a route. Rejects with what ended it: STAGE_LOST, PROMPT_TOO_LONG, TIMED_OUT
 * (no answer within 30 s, and no sign that the chain goes on), CANCELLED or what a stage reported.
 */
export async function generate(options: GenerateOptions): Promise<Generation> {
  const { vocabulary, clock, signal } = options
  const prompt = typeof options.prompt === 'string' ? await vocabulary.tokenize(options.prompt) : options.prompt
  if (prompt.length === 0) throw new EspalierError('BAD_ARGUMENT', 'the prompt has no tokens')
  const maxTokens = options.maxTokens ?? Math.max(1, options.contextTokens - prompt.length)
  if (prompt.length + maxTokens > options.contextTokens) {
    throw new EspalierError(
      'PROMPT_TOO_LONG',
      `${prompt.length} prompt tokens and ${maxTokens} for the answer, the context is ${options.contextTokens}`,
    )
  }
  const session = await asTyped(signal, () =>
    options.pipeline.openSession({
      root: options.root,
      route: options.route,
      contextTokens: prompt.length + maxTokens,
      exact: options.exact ?? false,
      wantsLogits: options.wantsLogits ?? options.choose !== undefined,
      vocabularySize: vocabulary.size,
      sampling: options.sampling && samplingAfter(options.sampling, prompt),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    }),
  )
  const watch = watchAnswers(session, signal, clock)
  try {
    const schedule: number[] = []
    const chunkTokens = prefillChunkTokens(prompt.length, options.route.length)
    for (let at = 0; at < prompt.length; at += chunkTokens) {
      const chunk = prompt.slice(at, at + chunkTokens)
      schedule.push(chunk.length)
      await session.send(chunk, at, at + chunk.length === prompt.length)
      // More is taken while what went before is computed: a long prompt may take longer than an answer.
      watch.onAnswer()
    }
    const decoder = new TextDecoder()
    const tokens: number[] = []
    let stageTimes: number[][] = []
    let tokenTimes: number[] = []
    let sentAtMs = 0
    let { route } = session
    let text = ''
    let firstTokenMs = 0
    let endedBy: Generation['endedBy'] = 'limit'
    for (;;) {
      const result = await session.nextResult()
      const elapsedMs = clock.monotonicMs() - sentAtMs
      watch.onAnswer()
      if (options.choose && !result.logits)
        throw new EspalierError('PROTOCOL_VIOLATION', 'an answer without its logits')
      const token =
        options.choose && result.logits ? await options.choose(result.logits, result.position) : result.token
      if (session.route !== route) {
        // The session moved: the times belong to other nodes now.
        route = session.route
        stageTimes = []
        tokenTimes = []
      }
      if (tokens.length === 0) firstTokenMs = clock.monotonicMs()
      else {
        stageTimes.push(result.computeMs)
        tokenTimes.push(elapsedMs)
      }
      tokens.push(token)
      const isEnd = !options.ignoresEndOfText && vocabulary.endOfText?.has(token) === true
      const isLast = isEnd || tokens.length === maxTokens
      // The next token is computed while this one is turned into text.
      if (!isLast) {
        schedule.push(1)
        sentAtMs = clock.monotonicMs()
        await session.send(Int32Array.of(token), prompt.length + tokens.length - 1, true)
      }
      const piece = isEnd ? new Uint8Array() : await vocabulary.piece(token)
      const complete = decoder.decode(piece, { stream: !isLast })
      text += complete
      const verdict = options.onToken({ token, text: complete, logits: result.logits })
      if (isEnd) endedBy = 'model'
      else if (verdict === 'enough') endedBy = 'listener'
      if (isLast || endedBy === 'listener') break
    }
    const elapsedMs = clock.monotonicMs() - firstTokenMs
    return {
      promptTokens: prompt,
      tokens,
      text,
      endedBy,
      schedule,
      exact: options.exact ?? false,
      tokensPerSecond: tokens.length > 1 && elapsedMs > 0 ? ((tokens.length - 1) * 1000) / elapsedMs : null,
      route,
      stageComputeMs: route.map((_, stage) => reportedMs(stageTimes.map((times) => times[stage]))),
      tokenMs: tokenTimes.length > 0 ? median(tokenTimes) : null,
    }
  } catch (error) {
    // A failed answer was no good service, whoever found it out.
    session.fail(error instanceof EspalierError ? error : new EspalierError('INTERNAL', messageOf(error)))
    throw error
  } finally {
    watch.stop()
    await session.close().catch(() => undefined)
  }
}

/**
 * Prompt tokens of one batch. Several stages compute one behind the other, each on another chunk, so that more of them
 * take less time; very small ones cost more each. Part of a session: with another schedule sums round differently.
 */
export function prefillChunkTokens(promptTokens: number, stages: number): number {
  if (stages === 1) return PREFILL_CHUNK_TOKENS
  const even = promptTokens / (CHUNKS_PER_STAGE * stages)
  const rounded = Math.ceil(even / CHUNK_STEP_TOKENS) * CHUNK_STEP_TOKENS
  return Math.min(PREFILL_CHUNK_TOKENS, Math.max(MIN_CHUNK_TOKENS, rounded))
}

/** One timer and one listener for all answers of a session: with every token they would cost more than its hop. */
function watchAnswers(session: EntrySession, signal: AbortSignal, clock: Clock): { onAnswer(): void; stop: Disposer } {
  let heardAtMs = clock.monotonicMs()
  const onAbort = () => session.fail(new EspalierError('CANCELLED', undefined, { cause: signal.reason }))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const wokeAtMs = createSleepWatch(clock, WATCH_INTERVAL_MS)
  const stopWatch = clock.every(WATCH_INTERVAL_MS, () => {
    const goesOnAtMs = Math.max(heardAtMs, session.goesOnAtMs ?? heardAtMs, wokeAtMs())
    if (clock.monotonicMs() - goesOnAtMs >= ANSWER_TIMEOUT_MS) session.fail(lateError())
  })
  return {
    onAnswer() {
      heardAtMs = clock.monotonicMs()
    },
    stop() {
      stopWatch()
      signal.removeEventListener('abort', onAbort)
    },
  }
}

function lateError(cause?: unknown): EspalierError {
  return new EspalierError('TIMED_OUT', `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`, { cause })
}

async function asTyped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof EspalierError) throw error
    if (signal.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    throw lateError(error)
  }
}

/** NaN where a stage has left out one of its times. */
function reportedMs(times: readonly (number | undefined)[]): number {
  const reported = times.filter((ms): ms is number => ms !== undefined && Number.isFinite(ms))
  return reported.length === times.length ? median(reported) : Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
