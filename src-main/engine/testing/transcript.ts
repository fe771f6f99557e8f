import { highest } from '../stage'
import { maxDifference, type Runner } from './slice-chain'

export interface Transcript {
  logits: Float32Array[]
  tokens: number[]
}

/**
 * A conversation that shows every way rows can be mixed up: prompts of several lengths, one of them in two chunks,
 * greedy steps of two sequences in turn and, every third time, both in one batch in falling order.
 */
export async function converse(run: Runner, prompts: readonly Int32Array[], steps: number): Promise<Transcript> {
  const transcript: Transcript = { logits: [], tokens: [] }
  const lengths: number[] = []
  const next: number[] = []
  const note = (sequence: number, logits: Float32Array | undefined) => {
    if (!logits) throw new Error('a step without an answer')
    transcript.logits.push(logits)
    next[sequence] = highest(logits)
    transcript.tokens.push(next[sequence])
  }
  const stepOf = (sequence: number) => {
    const position = lengths[sequence] ?? 0
    lengths[sequence] = position + 1
    return { sequence, position, tokens: Int32Array.of(next[sequence] ?? 0) }
  }
  for (const [sequence, prompt] of prompts.entries()) {
    const chunk = Math.min(prompt.length, 48)
    for (let position = 0; position < prompt.length; position += chunk) {
      const tokens = prompt.slice(position, position + chunk)
      const [logits] = await run([{ sequence, position, tokens }])
      if (position + chunk >= prompt.length) note(sequence, logits)
    }
    lengths[sequence] = prompt.length
  }
  const sequences = prompts.map((_, sequence) => sequence)
  for (let step = 0; step < steps; step++) {
    if (step % 3 === 2) {
      const order = sequences.toReversed()
      const rows = await run(order.map(stepOf))
      for (const [index, sequence] of order.entries()) note(sequence, rows[index])
      continue
    }
    for (const sequence of sequences) {
      const [logits] = await run([stepOf(sequence)])
      note(sequence, logits)
    }
  }
  return transcript
}

/** The largest difference between two transcripts' logits; infinite when they are not of the same length. */
export function transcriptDifference(a: Transcript, b: Transcript): number {
  if (a.logits.length !== b.logits.length) return Number.POSITIVE_INFINITY
  return Math.max(...a.logits.map((logits, index) => maxDifference(logits, b.logits[index] ?? new Float32Array())))
}

/** Token ids that repeat in no short period; the first is 0, a model's usual BOS. */
export function testPrompt(length: number, vocabSize: number, seed: number): Int32Array {
  return Int32Array.from({ length }, (_, index) =>
    index === 0 ? 0 : (seed + index * index * 31 + index * 7) % vocabSize,
  )
}
