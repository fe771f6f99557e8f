/**
 * What is wrong with logits that came over the wire; null where a model could have given them.
 * @param vocabularySize how many there have to be; absent where it is not known
 */
export function whatIsWrongWithLogits(logits: Float32Array | null, vocabularySize?: number): string | null {
  if (!logits || logits.length === 0) return 'an answer without its logits'
  if (vocabularySize !== undefined && logits.length !== vocabularySize)
    return `${logits.length} logits for a vocabulary of ${vocabularySize}`
  return areFinite(logits) ? null : 'logits that hold NaN or infinity'
}

/** In one pass without a branch: hidden states and logits are looked at with every row. */
export function areFinite(values: Float32Array): boolean {
  let sum = 0
  for (const value of values) sum += value * 0
  return sum === 0
}
