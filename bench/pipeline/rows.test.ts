import { describe, expect, it } from 'vitest'
import { tableOf } from '../report'
import type { ChainRun } from './chain'
import type { Measured } from './measure'
import { evenRanges, fixedTokens } from './models'
import { decodeRows, hopRow } from './rows'
import type { DecodeRun } from './settings'
import { hopSizes } from './wire-sizes'

const decode = (tokenMs: number, answer = [7, 8, 9, 10, 11]): DecodeRun => {
  return { answer, tokenMs, elapsedMs: tokenMs * (answer.length - 1) }
}
const chain = (tokenMs: number, computeMs: number[], answer?: number[]): ChainRun => {
  return { ...decode(tokenMs, answer), computeMs, channelMs: computeMs.map(() => 0.25) }
}

function measured(last: ChainRun[]): Measured {
  return {
    model: { name: 'a model', path: '', manifest: {} as never, prompt: new Int32Array(1) },
    tokens: 4,
    warmUpTokens: 2000,
    lengths: [1, 2, 3],
    whole: [decode(10), decode(9.5), decode(10.5)],
    engine: [decode(11)],
    nodeLlamaCpp: [decode(11)],
    chains: [[chain(10.5, [10])], [chain(10.8, [5, 5])], last],
    bareHopMs: [0.1, 0.2, 0.3],
    pausedHopMs: [0.2],
  }
}

describe('rows of the pipeline bench', () => {
  const three = [chain(10.8, [3, 3, 3]), chain(10.7, [3, 3, 3]), chain(20, [3, 3, 3])]

  it('compares medians, and puts a target on three nodes only', () => {
    const rows = decodeRows(measured(three), { prefix: '', hasTarget: true })
    expect(rows.map(({ name, target }) => [name, target])).toEqual([
      ['decode-1-node', null],
      ['decode-2-nodes', null],
      ['decode-3-nodes', 0.92],
    ])
    expect(rows[2]?.reference).toBeCloseTo(100)
    expect(rows[2]?.ours).toBeCloseTo(1000 / 10.8)
    expect(rows[2]?.ratio).toBeCloseTo(10 / 10.8)
    expect(rows[2]?.ok).toBe(true)
  })

  it('says when the target is missed', () => {
    const rows = decodeRows(measured([chain(12, [3, 3, 3])]), { prefix: '', hasTarget: true })
    expect(rows[2]?.ok).toBe(false)
    const [sample] = decodeRows(measured(three), { prefix: 'sample-', hasTarget: false })
    expect(sample).toMatchObject({ name: 'sample-decode-1-node', target: null, ok: true })
  })

  it('accepts no speed of other tokens than the reference’s', () => {
    const rows = decodeRows(measured([chain(10, [3, 3, 3]), chain(10, [3, 3, 3], [7, 8, 9, 10, 12])]), {
      prefix: '',
      hasTarget: true,
    })
    expect(rows[2]).toMatchObject({ ok: false, detail: expect.stringContaining('DIFFERENT') })
    expect(rows[1]).toMatchObject({ ok: true, detail: expect.stringContaining('identical') })
  })

  it('takes no ratio for a result while others compute too', () => {
    const noisy = { ...measured(three), whole: [decode(10), decode(30), decode(9), decode(10), decode(20)] }
    const rows = decodeRows(noisy, { prefix: '', hasTarget: true })
    expect(rows[2]?.ratio).toBeGreaterThan(0.9)
    expect(rows[2]).toMatchObject({ ok: false, detail: expect.stringContaining('NOT A RESULT') })
  })

  it('divides what is not computing by the four messages of a token', () => {
    const row = hopRow(measured(three))
    expect(row.ours).toBeCloseTo((10.8 - 9) / 4)
    expect(row.reference).toBeCloseTo(0.2)
    expect(row).toMatchObject({ better: 'lower', target: null, ok: true })
    expect(hopRow(measured([chain(12, [3, 3, 3])])).ok).toBe(false)
  })

  it('shows a row as a line', () => {
    const machine = { processor: 'P', cores: 2, memoryBytes: 1, system: 's', node: 'v', loadBefore: 0, loadAfter: 0 }
    const rows = decodeRows(measured([chain(12, [3, 3, 3])]), { prefix: '', hasTarget: true })
    const table = tableOf({ bench: 'pipeline', machine, rows })
    expect(table).toMatch(/decode-3-nodes +83\.33 +100 +tokens\/s +0\.833 +≥ 0\.92 +MISSED/)
  })
})

describe('what the pipeline bench is made of', () => {
  it('cuts evenly and without gaps', () => {
    expect(evenRanges(24, 3)).toEqual([
      { start: 0, end: 8 },
      { start: 8, end: 16 },
      { start: 16, end: 24 },
    ])
    expect(evenRanges(8, 3).map(({ end }) => end)).toEqual([3, 5, 8])
  })

  it('takes prompt tokens from the vocabulary, without the special ones', () => {
    for (const vocabSize of [300, 512, 32_000]) {
      const tokens = fixedTokens(16, vocabSize)
      expect(Math.min(...tokens)).toBeGreaterThan(2)
      expect(Math.max(...tokens)).toBeLessThan(vocabSize)
    }
    expect(fixedTokens(16, 32_000)).toEqual(fixedTokens(16, 32_000))
  })

  it('knows the messages of a token: ids, hidden rows, the answer', () => {
    const [first = 0, second = 0, third = 0, last = 0] = hopSizes(3, 1024)
    expect(first).toBe(36)
    // One more compute time in each.
    expect(third - second).toBe(4)
    expect(second).toBe(first + 4 + 4096 - 4)
    expect(last).toBeLessThan(100)
  })
})
