import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '../../test/models/random'
import { JSON_GRAMMAR, openConstraint } from '../node/constraint'
import type { EngineClient } from './engine'
import type { EntryReport } from './protocol'
import { PLAIN_SAMPLING } from './sampling'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL } from './testing/test-engine'

// The vocabulary alone: which logits come is for the test to say.
let factory: EngineFactory
let engine: EngineClient
let entry: EntryReport
let pieces: string[]
beforeAll(async () => {
  factory = await createEngineFactory()
  engine = await factory.start()
  entry = await engine.loadEntry(SAMPLE_MODEL)
  const all = Int32Array.from({ length: entry.vocabSize }, (_, token) => token)
  pieces = (await engine.pieces(all)).map((piece) => Buffer.from(piece).toString('latin1'))
})
afterAll(() => factory.close())

/** Chance, with a liking for what brings a text to its end. */
function logitsFrom(random: () => number): Float32Array {
  return Float32Array.from(pieces, (piece) => 6 * random() + (/^[}\]":\d]$/.test(piece) ? 6 : 0))
}

async function write(seed: number): Promise<{ text: string; isWhole: boolean }> {
  const random = seededRandom(seed)
  const choice = seed % 2 === 0 ? undefined : { ...PLAIN_SAMPLING, seed }
  const constraint = await openConstraint(engine, JSON_GRAMMAR, choice, Int32Array.of(1))
  const bytes: Buffer[] = []
  try {
    for (let position = 0; position < 300; position++) {
      const token = await constraint.choose(logitsFrom(random), position)
      if (entry.endTokens.includes(token)) return { text: Buffer.concat(bytes).toString('utf8'), isWhole: true }
      bytes.push(Buffer.from(pieces[token] ?? '', 'latin1'))
    }
    return { text: Buffer.concat(bytes).toString('utf8'), isWhole: false }
  } finally {
    await constraint.close()
  }
}

it('whatever the model likes, what is written to its end is one JSON object', async () => {
  const texts: string[] = []
  for (let seed = 1; seed <= 24; seed++) {
    const { text, isWhole } = await write(seed)
    if (!isWhole) continue
    texts.push(text)
    expect(JSON.parse(text), text).toBeTypeOf('object')
    expect(text.trim().startsWith('{'), text).toBe(true)
  }
  expect(texts.length).toBeGreaterThan(12)
  expect(new Set(texts).size).toBeGreaterThan(3)
})

it('refuses a grammar that is none, tokens that may not come, and logits of another vocabulary; the engine lives on', async () => {
  await expect(engine.openGrammar('root ::= (')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  const grammar = await engine.openGrammar(JSON_GRAMMAR)
  const logits = new Float32Array(entry.vocabSize)
  await expect(engine.maskLogits(grammar, 5, logits)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  const masked = await engine.maskLogits(grammar, null, logits)
  const letter = pieces.indexOf('a')
  expect(masked[letter]).toBe(Number.NEGATIVE_INFINITY)
  await expect(engine.maskLogits(grammar, letter, logits)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await expect(engine.maskLogits(grammar, null, new Float32Array(7))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await engine.closeGrammar(grammar)
  await expect(engine.maskLogits(grammar, null, logits)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  const opened: number[] = []
  for (let i = 0; i < 64; i++) opened.push(await engine.openGrammar(JSON_GRAMMAR))
  await expect(engine.openGrammar(JSON_GRAMMAR)).rejects.toMatchObject({ code: 'SESSION_LIMIT' })
  for (const one of opened) await engine.closeGrammar(one)
})
