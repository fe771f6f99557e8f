import { EspalierError } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { EntryReport } from '../engine/protocol'
import type { Vocabulary } from '../pipeline/generate'

/** The tokenizer of an engine that has a model's vocabulary loaded. */
export function engineVocabulary(engine: EngineClient, entry: EntryReport): Vocabulary {
  return {
    tokenize: (text) => engine.tokenize(text),
    async piece(token) {
      const [piece] = await engine.pieces(Int32Array.of(token))
      if (!piece) throw new EspalierError('INTERNAL', `no text for token ${token}`)
      return piece
    },
    endOfText: new Set(entry.endTokens),
  }
}
