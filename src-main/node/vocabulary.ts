import { EspalierError } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { EntryReport } from '../engine/protocol'
import type { Vocabulary } from '../pipeline/generate'

/** A few megabytes; the texts of a language use a part of a vocabulary again and again. */
const MAX_PIECES = 20_000

/**
 * The tokenizer of an engine that has a model's vocabulary loaded. It remembers what tokens spell: an engine that is
 * asked answers after the step that it computes, and the words would wait for that.
 */
export function engineVocabulary(
  engine: Pick<EngineClient, 'tokenize' | 'pieces'>,
  entry: Pick<EntryReport, 'endTokens'> & Partial<Pick<EntryReport, 'vocabSize'>>,
): Vocabulary {
  const known = new Map<number, Uint8Array>()
  return {
    tokenize: (text) => engine.tokenize(text),
    async piece(token) {
      const before = known.get(token)
      if (before) return before
      const [piece] = await engine.pieces(Int32Array.of(token))
      if (!piece) throw new EspalierError('INTERNAL', `no text for token ${token}`)
      if (known.size >= MAX_PIECES) known.clear()
      known.set(token, piece)
      return piece
    },
    ...(entry.vocabSize !== undefined && { size: entry.vocabSize }),
    endOfText: new Set(entry.endTokens),
  }
}
