import koffi from 'koffi'
import { EspalierError } from '../../src-shared/errors'
import type { Pointer } from './abi'
import { type LlamaApi, withLog } from './api'

/** What tokens may come next by a grammar (GBNF), as llama.cpp reads it. One text each. `free` once. */
export interface Grammar {
  /** The logits with those of tokens that may not come at minus infinity; `accepted` is what came before them. */
  mask(accepted: number | null, logits: Float32Array): Float32Array
  free(): void
}

/** llama_token_data: id, logit, p. llama_token_data_array: data, size, selected, sorted. */
const TOKEN_DATA_BYTES = 12
const ARRAY_BYTES = 32

/** Throws BAD_ARGUMENT for a grammar that llama.cpp does not understand. */
export function openGrammar(api: LlamaApi, vocab: Pointer, vocabSize: number, grammar: string): Grammar {
  const sampler = withLog(api, () => api.samplerGrammar(vocab, grammar, 'root'))
  if (!sampler) throw new EspalierError('BAD_ARGUMENT', 'llama.cpp does not understand the grammar')
  const data: Pointer = koffi.alloc('uint8_t', vocabSize * TOKEN_DATA_BYTES)
  const array: Pointer = koffi.alloc('uint8_t', ARRAY_BYTES)
  const rows = Buffer.alloc(vocabSize * TOKEN_DATA_BYTES)
  const head = Buffer.alloc(ARRAY_BYTES)

  /** Whether a token may come next. llama.cpp ends the process when it is told of one that may not. */
  const isAllowed = (logits: Float32Array, token: number) =>
    (logits[token] ?? Number.NEGATIVE_INFINITY) > Number.NEGATIVE_INFINITY
  let allowed: Float32Array | null = null

  return {
    mask(accepted, logits) {
      if (logits.length !== vocabSize)
        throw new EspalierError('BAD_ARGUMENT', `${logits.length} logits of ${vocabSize}`)
      if (accepted !== null) {
        if (!allowed || !isAllowed(allowed, accepted))
          throw new EspalierError('BAD_ARGUMENT', `token ${accepted} may not come here`)
        api.samplerAccept(sampler, accepted)
      }
      for (let token = 0; token < vocabSize; token++) {
        rows.writeInt32LE(token, token * TOKEN_DATA_BYTES)
        rows.writeFloatLE(logits[token] ?? 0, token * TOKEN_DATA_BYTES + 4)
      }
      head.writeBigUInt64LE(data, 0)
      head.writeBigUInt64LE(BigInt(vocabSize), 8)
      head.writeBigInt64LE(-1n, 16)
      api.memcpy(data, rows, rows.length)
      api.memcpy(array, head, head.length)
      api.samplerApply(sampler, array)
      api.memcpy(rows, data, rows.length)
      const masked = new Float32Array(vocabSize).fill(Number.NEGATIVE_INFINITY)
      for (let row = 0; row < vocabSize; row++) {
        masked[rows.readInt32LE(row * TOKEN_DATA_BYTES)] = rows.readFloatLE(row * TOKEN_DATA_BYTES + 4)
      }
      allowed = masked
      return masked
    },
    free() {
      api.samplerFree(sampler)
      koffi.free(data)
      koffi.free(array)
    },
  }
}
