import { expect, it } from 'vitest'
import type { RunItem, RunItemResult } from './protocol'
import { decodeRun, decodeRunResult, encodeRun, encodeRunResult } from './run-wire'

const ITEMS: RunItem[] = [
  { sequence: 3, position: 17, wantLogits: 'none', hidden: new Float32Array([1.5, -2, Number.MIN_VALUE]) },
  { sequence: 0, position: 0, wantLogits: 'last', tokens: Int32Array.of(5, 0, 2_000_000) },
  { sequence: 255, position: 1_000_000, wantLogits: 'greedy', hidden: new Float32Array([9, 8, 7]).subarray(1) },
  { sequence: 1, position: 4, wantLogits: 'sampled', hidden: new Float32Array([1]) },
]
const RESULTS: RunItemResult[] = [
  { hidden: new Float32Array([0.25, 3]), logits: null, token: null },
  { hidden: null, logits: new Float32Array([1, 2, 3]), token: null },
  { hidden: null, logits: null, token: 0 },
  { hidden: null, logits: null, token: null },
]

/** The same bytes at an address where no typed array may begin. */
function shifted(bytes: Uint8Array): Uint8Array {
  const room = new Uint8Array(bytes.length + 1)
  room.set(bytes, 1)
  return room.subarray(1)
}

it.each(ITEMS)('a batch of one sequence comes back as it was: $wantLogits', (item) => {
  const bytes = encodeRun(42, { items: [item] })!
  for (const given of [bytes, shifted(bytes)]) {
    expect(decodeRun(given)).toEqual({ id: 42, batch: { items: [item] } })
  }
})

it.each(RESULTS)('so does its result', (item) => {
  const bytes = encodeRunResult(9, { items: [item], computeMs: 1.5 })!
  for (const given of [bytes, shifted(bytes)]) {
    expect(decodeRunResult(given)).toEqual({ id: 9, value: { items: [item], computeMs: 1.5 } })
  }
})

it('what has several items, or wants every row’s logits, is left to objects', () => {
  const [item] = ITEMS as [RunItem]
  expect(encodeRun(0, { items: [item, { ...item, sequence: 4 }] })).toBeNull()
  expect(encodeRun(0, { items: [{ ...item, wantLogits: 'all' }] })).toBeNull()
  expect(encodeRunResult(0, { items: [], computeMs: 0 })).toBeNull()
})

it('what the form cannot hold is left to objects, whose check names it', () => {
  const [item] = ITEMS as [RunItem]
  const wrong = [{ position: -1 }, { sequence: 2 ** 31 }, { position: 0.5 }, { hidden: new Float64Array(2) }]
  for (const changes of wrong) {
    expect(encodeRun(0, { items: [{ ...item, ...changes } as RunItem] })).toBeNull()
  }
  expect(encodeRun(2 ** 31, { items: [item] })).toBeNull()
})

it('bytes that are no batch or result are refused', () => {
  const batch = encodeRun(1, { items: [ITEMS[0]!] })!
  const result = encodeRunResult(1, { items: [RESULTS[0]!], computeMs: 0 })!
  const withWord = (bytes: Uint8Array, word: number, value: number) => {
    const words = new Int32Array(bytes.slice().buffer)
    words[word] = value
    return new Uint8Array(words.buffer)
  }
  for (const bad of [batch.subarray(0, 16), batch.subarray(0, batch.length - 1), new Uint8Array()]) {
    expect(decodeRun(bad)).toBeNull()
  }
  for (const [word, value] of [
    [0, -1],
    [1, -1],
    [2, -1],
    [3, 4],
    [3, -1],
    [4, 2],
  ] as const) {
    expect(decodeRun(withWord(batch, word, value))).toBeNull()
  }
  for (const [word, value] of [
    [0, -1],
    [1, 3],
    [1, -1],
    [2, -2],
  ] as const) {
    expect(decodeRunResult(withWord(result, word, value))).toBeNull()
  }
  expect(decodeRunResult(result.subarray(0, 12))).toBeNull()
})
