import { EspalierError } from '../../src-shared/errors'
import { type LlamaApi, withLog } from './api'
import { type Grammar, openGrammar } from './grammar'
import { MAX_ROWS } from './protocol'

/** llama.cpp's tokenizer of one model. Only the vocabulary is in memory. */
export interface Vocabulary {
  readonly size: number
  /** -1 where the model has none. */
  readonly bosToken: number
  readonly eosToken: number
  readonly addsBos: boolean
  /** The model's own Jinja template of a chat; null where the file has none. */
  readonly chatTemplate: string | null
  /** All tokens that end an answer. */
  readonly endTokens: Int32Array
  /** `addSpecial` adds BOS and the like as the model asks; `parseSpecial` reads `<|…|>` in the text as tokens. */
  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Int32Array
  /** What may come next by a grammar in GBNF. Throws BAD_ARGUMENT. */
  openGrammar(grammar: string): Grammar
  /** Bytes of each token. A character may span several tokens, so decode the bytes as one stream. */
  pieces(tokens: Int32Array, special: boolean): Uint8Array[]
  close(): void
}

const VOCAB_TYPE_NONE = 0
const PIECE_BYTES = 256

/** Loads the tokenizer of an entry file, a whole model, or a file with nothing else. Throws ENGINE_LOAD_FAILED, GGUF_INVALID. */
export function openVocabulary(api: LlamaApi, path: string): Vocabulary {
  const params = api.modelDefaultParams()
  params.vocab_only = true
  const model = withLog(api, () => api.modelLoad(path, params))
  if (!model) throw new EspalierError('ENGINE_LOAD_FAILED', `no vocabulary in ${path}`)
  const vocab = api.modelVocab(model)
  // Tokenizing without a tokenizer aborts the process.
  if (api.vocabType(vocab) === VOCAB_TYPE_NONE) {
    api.modelFree(model)
    throw new EspalierError('GGUF_INVALID', `${path} has no tokenizer`)
  }
  const size = api.vocabSize(vocab)
  const endTokens = Int32Array.from({ length: size }, (_, token) => token).filter((token) =>
    api.vocabIsEnd(vocab, token),
  )

  function tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Int32Array {
    const bytes = new TextEncoder().encode(text)
    // One more byte: an empty array has no address to pass.
    const source = new Uint8Array(bytes.length + 1)
    source.set(bytes)
    const into = (target: Int32Array) =>
      api.tokenize(vocab, source, bytes.length, target, target.length, options.addSpecial, options.parseSpecial)
    let tokens = new Int32Array(bytes.length + 8)
    let count = into(tokens)
    if (count < 0) {
      tokens = new Int32Array(-count)
      count = into(tokens)
    }
    if (count < 0) throw new EspalierError('INTERNAL', `the tokenizer returned ${count}`)
    // The answer could not be sent: no batch takes more.
    if (count > MAX_ROWS) throw new EspalierError('PROMPT_TOO_LONG', `${count} tokens, ${MAX_ROWS} are the most`)
    return tokens.slice(0, count)
  }

  function piece(token: number, special: boolean): Uint8Array {
    if (token < 0 || token >= size) throw new EspalierError('BAD_ARGUMENT', `token ${token} of a vocabulary of ${size}`)
    let bytes = new Uint8Array(PIECE_BYTES)
    let count = api.tokenPiece(vocab, token, bytes, bytes.length, 0, special)
    if (count < 0) {
      bytes = new Uint8Array(-count)
      count = api.tokenPiece(vocab, token, bytes, bytes.length, 0, special)
    }
    return bytes.slice(0, count)
  }

  return {
    size,
    bosToken: api.vocabBos(vocab),
    eosToken: api.vocabEos(vocab),
    addsBos: api.vocabAddBos(vocab),
    endTokens,
    chatTemplate: api.chatTemplate(model, null),
    tokenize,
    openGrammar: (grammar) => openGrammar(api, vocab, size, grammar),
    pieces: (tokens, special) => Array.from(tokens, (token) => piece(token, special)),
    close: () => api.modelFree(model),
  }
}
