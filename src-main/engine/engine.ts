import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import type { ChildExit, OwnedChild } from '../process/owned-child'
import {
  type Capture,
  ENGINE_OPS,
  type EngineInput,
  type EngineOp,
  type EngineOutput,
  type EngineStats,
  type EntryReport,
  errorFromWire,
  type LoadReport,
  type LoadSpec,
  ReplySchema,
  type RunBatch,
  type RunResult,
  type StartReport,
  type TokenizerReport,
} from './protocol'
import { decodeRunResult, encodeRun } from './run-wire'
import type { Sampling } from './sampling'

/** What the client needs of the process that runs the engine. */
export type EngineProcess = Pick<
  OwnedChild,
  'pid' | 'exited' | 'stop' | 'kill' | 'send' | 'onMessage' | 'onStdoutLine' | 'onStderrLine'
>

export interface EngineExit extends ChildExit {
  /** We ended it ourselves: it was stopped, or a load was cancelled. */
  wanted: boolean
}

export interface LoadOptions {
  /** Gets a fraction 0..1 that never decreases. */
  onProgress?: (fraction: number) => void
  /**
   * Aborting ends the engine process, because nothing else interrupts llama.cpp while it reads a file; the
   * supervisor starts a new one.
   */
  signal?: AbortSignal
}

export interface EngineClientOptions {
  /** Gets lines of llama.cpp's log that tell of trouble. */
  onLog?: (line: string) => void
}

export type ProbeInput = { hidden: Float32Array } | { tokens: Int32Array }

// llama.cpp writes a line per tensor while it loads; these are the ones for people.
const TROUBLE = /\b(error|failed|invalid|exception|aborted)\b|ASSERT/i
const MAX_LOG_LINE = 300

interface Pending {
  op: EngineOp
  resolve: (value: never) => void
  reject: (error: EspalierError) => void
  onProgress: ((fraction: number) => void) | undefined
}

/**
 * The parent's side of one engine process. Requests are computed one after the other, in the order of the calls.
 * Every method rejects with ENGINE_GONE when the process has ended or ends before it answers.
 */
export class EngineClient {
  readonly #process: EngineProcess
  readonly #pending = new Map<number, Pending>()
  readonly #leased = new Set<number>()
  #maxSequences = 0
  #nextId = 0
  #isWanted = false
  #signs = 0
  #isGone = false
  /** First line of trouble since the last load began or ended: the later ones only say that it failed. */
  #trouble: string | null = null
  /** Resolves once, when the process has ended. Never rejects. */
  readonly exited: Promise<EngineExit>

  constructor(process: EngineProcess, { onLog }: EngineClientOptions = {}) {
    this.#process = process
    const onLine = (line: string) => {
      if (!TROUBLE.test(line)) return
      const short = line.slice(0, MAX_LOG_LINE)
      this.#trouble ??= short
      onLog?.(short)
    }
    // Read in any case: a process whose pipe is full stops at its next line.
    process.onStdoutLine(onLine)
    process.onStderrLine(onLine)
    const stopListening = process.onMessage((message) => this.#onReply(message))
    this.exited = process.exited.then((exit) => {
      stopListening()
      this.#isGone = true
      for (const { reject } of this.#pending.values()) reject(goneError(exit, this.#trouble))
      this.#pending.clear()
      return { ...exit, wanted: this.#isWanted }
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** How often the process has been heard of. */
  get signs(): number {
    return this.#signs
  }

  /** Whether it owes an answer that it would give or announce within minutes: capturing a whole model may take longer. */
  get owesAnswer(): boolean {
    const ops = [...this.#pending.values()].map(({ op }) => op)
    return ops.length > 0 && !ops.includes('capture')
  }

  /** For a process that hangs: ended as if it had ended itself. */
  kill(): void {
    this.#process.kill()
  }

  /** Opens llama.cpp's libraries. Before anything else. Rejects with ENGINE_LIBRARY_MISSING, ENGINE_ABI_MISMATCH. */
  start(options: EngineInput<'start'>): Promise<StartReport> {
    return this.#request('start', options)
  }

  /**
   * Loads a slice (or a whole model) in place of what was loaded, and forgets all sequences.
   * Rejects with SHARD_MISSING, GGUF_TRUNCATED, GGUF_INVALID, ARCH_UNSUPPORTED, ENGINE_LOAD_FAILED,
   * ENGINE_OUT_OF_MEMORY, CANCELLED.
   */
  async load(spec: LoadSpec, { onProgress, signal }: LoadOptions = {}): Promise<LoadReport> {
    if (signal?.aborted) throw new EspalierError('CANCELLED', 'load')
    const onAbort = () => {
      this.#isWanted = true
      this.#process.kill()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      this.#leased.clear()
      this.#maxSequences = 0
      this.#trouble = null
      const report = await this.#request('load', spec, onProgress)
      this.#maxSequences = spec.maxSequences
      return report
    } catch (error) {
      throw signal?.aborted ? new EspalierError('CANCELLED', 'load', { cause: error }) : this.#withReason(error)
    } finally {
      this.#trouble = null
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async unload(): Promise<void> {
    this.#leased.clear()
    this.#maxSequences = 0
    await this.#request('unload', {})
  }

  /** Loads tokenizer and embedding of an entry file or whole model, without any blocks. */
  loadEntry(path: string): Promise<EntryReport> {
    return this.#request('loadEntry', { path })
  }

  /** Loads a tokenizer alone, in place of one that was loaded with `loadEntry`: nothing can be embedded. */
  loadTokenizer(path: string): Promise<TokenizerReport> {
    return this.#request('loadTokenizer', { path })
  }

  /** Computes one batch. Rejects with BAD_ARGUMENT, ENGINE_DECODE_FAILED; its sequences are then as before. */
  run(batch: RunBatch): Promise<RunResult> {
    return this.#ask('run', (id) => encodeRun(id, batch) ?? { id, op: 'run', input: batch })
  }

  /** Leases a sequence: a conversation's place in the KV cache. Throws SESSION_LIMIT when all are taken. */
  openSequence(): number {
    for (let sequence = 0; sequence < this.#maxSequences; sequence++) {
      if (this.#leased.has(sequence)) continue
      this.#leased.add(sequence)
      return sequence
    }
    throw new EspalierError('SESSION_LIMIT', `${this.#maxSequences} sequences`)
  }

  /**
   * How the tokens of a leased sequence are chosen until it is closed, for `wantLogits: 'sampled'`.
   * Rejects with BAD_ARGUMENT.
   */
  async setSampler(sequence: number, sampling: Sampling): Promise<void> {
    await this.#request('sampler', { sequence, sampling })
  }

  /** Frees a sequence's rows and sampler and gives it back. Harmless when it was given back already. */
  async closeSequence(sequence: number): Promise<void> {
    if (!this.#leased.delete(sequence)) return
    // At once: the engine works in order, so whoever leases it next finds it empty.
    await this.trimSequence(sequence, 0)
  }

  /** Sequences that nobody leases. */
  get freeSequences(): number {
    return this.#maxSequences - this.#leased.size
  }

  /** Forgets a sequence's rows from `position` on, for example before a step is repeated. */
  async trimSequence(sequence: number, position: number): Promise<void> {
    await this.#request('trim', { sequence, position })
  }

  /** Begins a text that has to fit a grammar in GBNF, by the loaded vocabulary; gives its id. Rejects with BAD_ARGUMENT. */
  async openGrammar(grammar: string): Promise<number> {
    return (await this.#request('openGrammar', { grammar })).grammar
  }

  /** Logits with what may not come next at minus infinity; `accepted` is the token that was chosen before these. */
  async maskLogits(grammar: number, accepted: number | null, logits: Float32Array): Promise<Float32Array> {
    return (await this.#request('maskLogits', { grammar, accepted, logits })).logits
  }

  async closeGrammar(grammar: number): Promise<void> {
    await this.#request('closeGrammar', { grammar })
  }

  /** Runs rows through the stage in a sequence of its own, which is empty before and after. */
  async probe(input: ProbeInput, wantLogits: 'none' | 'last'): Promise<RunResult> {
    const sequence = this.#maxSequences
    const result = this.run({ items: [{ ...input, sequence, position: 0, wantLogits }] })
    // Sent before the answer is in: the engine works in order, so no other probe can come in between.
    const trimmed = this.trimSequence(sequence, 0)
    const [outcome] = await Promise.allSettled([result, trimmed])
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }

  /** What block 0 is fed for these tokens: tokens × embeddingLength. Needs an entry file. */
  async embed(tokens: Int32Array): Promise<Float32Array> {
    return (await this.#request('embed', { tokens })).hidden
  }

  /** Tokens of a text, BOS included where the model asks for it. Needs a tokenizer. */
  async tokenize(text: string, { addSpecial = true, parseSpecial = false } = {}): Promise<Int32Array> {
    return (await this.#request('tokenize', { text, addSpecial, parseSpecial })).tokens
  }

  /** Bytes of each token; decode them as one UTF-8 stream. Needs a tokenizer. */
  async pieces(tokens: Int32Array, { special = false } = {}): Promise<Uint8Array[]> {
    return (await this.#request('pieces', { tokens, special })).pieces
  }

  /** Computes a whole model file once and gives the residual stream at every boundary. See capture.ts. */
  capture(modelPath: string, tokens: Int32Array, threads: number): Promise<Capture> {
    return this.#request('capture', { modelPath, tokens, threads })
  }

  stats(): Promise<EngineStats> {
    return this.#request('stats', {})
  }

  /** Ends the process. Resolves when it has ended. */
  async stop(graceMs?: number): Promise<void> {
    this.#isWanted = true
    await this.#process.stop(graceMs)
  }

  /** llama.cpp gives its reasons in the log only. */
  #withReason(error: unknown): unknown {
    const isVague = isErrorCode(error, 'ENGINE_LOAD_FAILED') || isErrorCode(error, 'ENGINE_OUT_OF_MEMORY')
    return isVague && this.#trouble ? new EspalierError(error.code, this.#trouble, { cause: error }) : error
  }

  #request<O extends EngineOp>(
    op: O,
    input: EngineInput<O>,
    onProgress?: (fraction: number) => void,
  ): Promise<EngineOutput<O>> {
    return this.#ask(op, (id) => ({ id, op, input }), onProgress)
  }

  #ask<O extends EngineOp>(
    op: O,
    message: (id: number) => Parameters<EngineProcess['send']>[0],
    onProgress?: (fraction: number) => void,
  ): Promise<EngineOutput<O>> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (this.#isGone) {
        reject(new EspalierError('ENGINE_GONE'))
        return
      }
      this.#pending.set(id, { op, resolve, reject, onProgress })
      try {
        this.#process.send(message(id))
      } catch (error) {
        this.#pending.delete(id)
        reject(new EspalierError('ENGINE_GONE', messageOf(error), { cause: error }))
      }
    })
  }

  #onReply(message: unknown): void {
    this.#signs++
    if (message instanceof Uint8Array) {
      const result = decodeRunResult(message)
      const waiting = result ? this.#pending.get(result.id) : undefined
      if (!result || waiting?.op !== 'run') return
      this.#pending.delete(result.id)
      waiting.resolve(result.value as never)
      return
    }
    const reply = ReplySchema.safeParse(message)
    if (!reply.success) return
    const pending = this.#pending.get(reply.data.id)
    if (!pending) return
    if ('progress' in reply.data) {
      pending.onProgress?.(reply.data.progress)
      return
    }
    this.#pending.delete(reply.data.id)
    if ('error' in reply.data) {
      pending.reject(errorFromWire(reply.data.error))
      return
    }
    const value = ENGINE_OPS[pending.op].output.safeParse(reply.data.value)
    if (value.success) pending.resolve(value.data as never)
    else {
      const [issue] = value.error.issues
      const what = issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'not valid'
      pending.reject(new EspalierError('INTERNAL', `the engine's answer to ${pending.op}: ${what}`))
    }
  }
}

function goneError({ code, signal }: ChildExit, trouble: string | null): EspalierError {
  const how = signal ? `signal ${signal}` : `exit code ${code}`
  return new EspalierError('ENGINE_GONE', trouble ? `${how}, after "${trouble}"` : how)
}
