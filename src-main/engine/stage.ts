import { EspalierError } from '../../src-shared/errors'
import { copyFloats, type LlamaApi } from './api'
import { BatchMemory } from './batch-memory'
import { areFinite, type Context, checkDecoded, createContext, readTensor } from './context'
import type { LoadedModel } from './model'
import type { RunBatch, RunItem, RunItemResult } from './protocol'
import { createSampler, type Sampler } from './sampler'
import type { Sampling } from './sampling'

export interface StageOptions {
  wholeModel: boolean
  isLast: boolean
  /** KV cells of each sequence. */
  sequenceTokens: number
  maxBatchTokens: number
  sequences: number
  threads: number
  /** Turns tokens into first hidden rows; null when this engine has no embedding. */
  embed: ((tokens: Int32Array) => Float32Array) | null
}

interface Rows {
  item: RunItem
  /** The item's place in the batch. */
  index: number
  input: Int32Array | Float32Array
  count: number
  /** Index of the item's first row within its call of llama.cpp. */
  start: number
}

/** Some blocks of a model with their KV cache. Synchronous: one call computes one batch. */
export class Stage {
  readonly #api: LlamaApi
  readonly #model: LoadedModel
  readonly #options: StageOptions
  readonly #context: Context
  readonly #batch: BatchMemory
  readonly #samplers = new Map<number, Sampler>()
  #captured: Float32Array | null = null

  constructor(api: LlamaApi, model: LoadedModel, options: StageOptions) {
    this.#api = api
    this.#model = model
    this.#options = options
    const lastBlock = `l_out-${model.blockCount - 1}`
    this.#context = createContext(api, model, {
      ...options,
      ...(options.isLast
        ? {}
        : {
            wantsTensor: (name) => name === lastBlock,
            // The residual stream is read before the final norm; false skips that norm and the stub head.
            onTensor: (_, tensor) => {
              this.#captured = readTensor(api, tensor)
              return false
            },
          }),
    })
    this.#batch = new BatchMemory(api, this.#context.maxBatchTokens, model.embeddingLength)
  }

  get sequenceTokens(): number {
    return this.#context.sequenceTokens
  }

  get maxBatchTokens(): number {
    return this.#context.maxBatchTokens
  }

  /**
   * Computes one batch: items that llama.cpp keeps in order in one call, the others in calls of their own. After an
   * error the rows of its sequences are as they were before; samplers of calls that had succeeded keep their choice.
   * Throws BAD_ARGUMENT for a batch that does not fit this stage, ENGINE_DECODE_FAILED for what llama.cpp refuses.
   */
  run(batch: RunBatch): RunItemResult[] {
    const rows = this.#check(batch)
    try {
      if (rows.length === 1) return this.#compute(rows)
      const results = inOrder(rows).flatMap((group) =>
        this.#compute(group).map((result, i) => ({ result, index: group[i]?.index ?? 0 })),
      )
      return results.toSorted((a, b) => a.index - b.index).map(({ result }) => result)
    } catch (error) {
      for (const { item } of rows) this.#cut(item.sequence, item.position)
      throw error
    }
  }

  #compute(rows: readonly Rows[]): RunItemResult[] {
    this.#batch.clear()
    let start = 0
    for (const row of rows) {
      row.start = start
      start += row.count
      const { item, input } = row
      const needsLogits = this.#logitsRule(item, row.count)
      if (input instanceof Int32Array) this.#batch.addTokens(input, item.sequence, item.position, needsLogits)
      else this.#batch.addHidden(input, item.sequence, item.position, needsLogits)
    }
    this.#captured = null
    checkDecoded(this.#api.decode(this.#context.pointer, this.#batch.toNative()))
    if (!this.#options.isLast) return this.#hiddenOf(rows)
    // All are looked at before the first token is chosen: a choice can't be taken back.
    const logits = rows.map((row) => this.#logitsOf(row))
    return rows.map((row, index) => this.#answerOf(row, logits[index] ?? null))
  }

  /** How a sequence's tokens are chosen from now on. Throws BAD_ARGUMENT. */
  setSampler(sequence: number, sampling: Sampling): void {
    const { isLast, sequences } = this.#options
    if (!isLast) throw new EspalierError('BAD_ARGUMENT', 'only a last stage chooses tokens')
    if (sequence >= sequences) throw new EspalierError('BAD_ARGUMENT', `sequence ${sequence} of ${sequences}`)
    const sampler = createSampler(this.#api, sampling, this.#model.vocabSize)
    this.#samplers.get(sequence)?.free()
    this.#samplers.set(sequence, sampler)
  }

  /**
   * Forgets a sequence's rows from `position` on, and with all of them its sampler.
   * Throws ENGINE_DECODE_FAILED when the model cannot.
   */
  trim(sequence: number, position: number): void {
    this.#cut(sequence, position)
    if (position > 0) return
    this.#samplers.get(sequence)?.free()
    this.#samplers.delete(sequence)
  }

  free(): void {
    for (const sampler of this.#samplers.values()) sampler.free()
    this.#samplers.clear()
    this.#batch.free()
    this.#context.free()
    this.#model.free()
  }

  #cut(sequence: number, position: number): void {
    if (sequence >= this.#options.sequences) throw new EspalierError('BAD_ARGUMENT', `sequence ${sequence}`)
    if (!this.#api.memorySeqRemove(this.#context.memory, sequence, position, -1)) {
      throw new EspalierError('ENGINE_DECODE_FAILED', `sequence ${sequence} cannot be cut at ${position}`)
    }
  }

  #check({ items }: RunBatch): Rows[] {
    const rows = items.map((item, index): Rows => {
      const input = this.#inputOf(item)
      return { item, index, input, count: this.#rowCount(input), start: 0 }
    })
    const total = rows.reduce((sum, { count }) => sum + count, 0)
    // llama.cpp ends the process when a batch is larger than the context's limit.
    if (total > this.maxBatchTokens) {
      throw new EspalierError('BAD_ARGUMENT', `${total} rows, at most ${this.maxBatchTokens} fit a batch`)
    }
    const seen = new Set<number>()
    for (const item of items) this.#checkPlace(item, seen)
    return rows
  }

  /** What goes into llama.cpp for an item: token ids for a whole model, hidden rows otherwise. */
  #inputOf(item: RunItem): Int32Array | Float32Array {
    const { wholeModel, embed } = this.#options
    if ('tokens' in item) {
      if (item.tokens.length === 0) throw new EspalierError('BAD_ARGUMENT', 'no rows')
      if (wholeModel) return this.#checkTokens(item.tokens)
      if (!embed) throw new EspalierError('BAD_ARGUMENT', 'this stage has no embedding and takes hidden states only')
      return embed(item.tokens)
    }
    if (wholeModel) throw new EspalierError('BAD_ARGUMENT', 'a whole model takes tokens only')
    const { embeddingLength } = this.#model
    if (item.hidden.length === 0 || item.hidden.length % embeddingLength !== 0) {
      throw new EspalierError('BAD_ARGUMENT', `${item.hidden.length} values are not rows of ${embeddingLength}`)
    }
    // Checked before they can enter the KV cache, where they would spoil every later token.
    if (!areFinite(item.hidden)) throw new EspalierError('ENGINE_DECODE_FAILED', 'the input holds NaN or infinity')
    return item.hidden
  }

  #rowCount(input: Int32Array | Float32Array): number {
    return input instanceof Int32Array ? input.length : input.length / this.#model.embeddingLength
  }

  #checkTokens(tokens: Int32Array): Int32Array {
    const bad = tokens.find((token) => token < 0 || token >= this.#model.vocabSize)
    if (bad !== undefined) throw new EspalierError('BAD_ARGUMENT', `token ${bad} is not in the vocabulary`)
    return tokens
  }

  #checkPlace({ sequence, position, wantLogits }: RunItem, seen: Set<number>): void {
    const { isLast, sequences } = this.#options
    if (sequence >= sequences) throw new EspalierError('BAD_ARGUMENT', `sequence ${sequence} of ${sequences}`)
    if (seen.has(sequence)) throw new EspalierError('BAD_ARGUMENT', `sequence ${sequence} twice in a batch`)
    seen.add(sequence)
    if (!isLast && wantLogits !== 'none') throw new EspalierError('BAD_ARGUMENT', 'only a last stage has logits')
    if (wantLogits === 'sampled' && !this.#samplers.has(sequence))
      throw new EspalierError('BAD_ARGUMENT', `sequence ${sequence} has no sampler`)
    const expected = this.#api.memorySeqLast(this.#context.memory, sequence) + 1
    if (position !== expected) {
      throw new EspalierError('ENGINE_DECODE_FAILED', `position ${position} given, ${expected} comes next`)
    }
  }

  #logitsRule({ wantLogits }: RunItem, count: number): (row: number) => boolean {
    // A last block computes only rows with the flag, so a stage that passes on all rows sets it on all.
    if (!this.#options.isLast || wantLogits === 'all') return () => true
    if (wantLogits === 'none') return () => false
    return (row) => row === count - 1
  }

  #hiddenOf(rows: readonly Rows[]): RunItemResult[] {
    const { embeddingLength } = this.#model
    const total = rows.reduce((sum, { count }) => sum + count, 0)
    const captured = this.#captured
    if (!captured || captured.length !== total * embeddingLength) {
      throw new EspalierError('ENGINE_DECODE_FAILED', `${captured?.length ?? 0} output values for ${total} rows`)
    }
    if (!areFinite(captured)) throw notFinite()
    return rows.map(({ start, count }) => ({
      hidden: captured.subarray(start * embeddingLength, (start + count) * embeddingLength),
      logits: null,
      token: null,
    }))
  }

  #logitsOf({ item: { wantLogits }, start, count }: Rows): Float32Array | null {
    if (wantLogits === 'none') return null
    const first = wantLogits === 'all' ? start : start + count - 1
    const { vocabSize } = this.#model
    // Rows with the flag lie one after the other, in the order of the batch.
    const source = this.#api.logitsOfRow(this.#context.pointer, first)
    if (!source) throw new EspalierError('ENGINE_DECODE_FAILED', `no logits for row ${first}`)
    const logits = copyFloats(this.#api, source, (wantLogits === 'all' ? count : 1) * vocabSize)
    if (!areFinite(logits)) throw notFinite()
    return logits
  }

  #answerOf({ item, start, count }: Rows, logits: Float32Array | null): RunItemResult {
    const { wantLogits, sequence, position } = item
    if (wantLogits === 'sampled') {
      const row = start + count - 1
      const token = this.#samplers.get(sequence)?.sample(this.#context.pointer, row, position + count - 1) ?? null
      return { hidden: null, logits: null, token }
    }
    return wantLogits === 'greedy' && logits
      ? { hidden: null, logits: null, token: highest(logits) }
      : { hidden: null, logits, token: null }
  }
}

/**
 * Splits a batch where llama.cpp would, so that no call comes back in another order than it went in: with a cache per
 * sequence it computes neighbouring sequences with equally many rows together, in the order of their numbers.
 */
function inOrder(rows: readonly Rows[]): Rows[][] {
  const groups: Rows[][] = []
  let before: Rows | null = null
  for (const row of rows.toSorted((a, b) => a.item.sequence - b.item.sequence)) {
    const follows = before && row.item.sequence === before.item.sequence + 1 && row.count === before.count
    if (follows) groups.at(-1)?.push(row)
    else groups.push([row])
    before = row
  }
  return groups
}

/** Index of the highest value; the lowest index on ties, so that every machine picks the same. */
export function highest(values: Float32Array): number {
  let best = 0
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index
  }
  return best
}

function notFinite(): EspalierError {
  return new EspalierError('ENGINE_DECODE_FAILED', 'the output holds NaN or infinity')
}
