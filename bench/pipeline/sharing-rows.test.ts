import { describe, expect, it } from 'vitest'
import type { Sharing, TimedAnswers, TimedPrefill } from './sharing'
import { overlapRow, sessionsRow } from './sharing-rows'

const prefill = (elapsedMs: number, token = 7): TimedPrefill => ({ elapsedMs, token })
const answers = (tokensPerSecond: number, sessions: number): TimedAnswers => ({
  tokensPerSecond,
  answers: Array.from({ length: sessions }, () => [1, 2, 3]),
})

function measured(change: Partial<Sharing> = {}): Sharing {
  return {
    model: { name: 'a model', path: '', manifest: {} as never, prompt: new Int32Array(1) },
    chunkTokens: 64,
    overlapped: [prefill(5000), prefill(5120), prefill(6000)],
    oneByOne: [prefill(8000), prefill(8192), prefill(8500)],
    largeOneByOne: [prefill(8000)],
    alone: [answers(20, 1), answers(21, 1), answers(20.5, 1)],
    together: [answers(40, 4), answers(41, 4), answers(36, 4)],
    ...change,
  }
}

describe('rows about sharing two nodes', () => {
  it('compare medians with the same chain that waits, and with one session', () => {
    expect(overlapRow(measured())).toMatchObject({
      name: 'prefill-overlap',
      ours: 100,
      ratio: 1.6,
      target: 1.5,
      ok: true,
    })
    const row = sessionsRow(measured())
    expect(row).toMatchObject({ name: 'batch-4-sessions', ours: 40, reference: 20.5, target: 1.6, ok: true })
    expect(row.detail).toContain('said the same in 3 of 3')
  })

  it('say when a target is missed', () => {
    expect(overlapRow(measured({ overlapped: [prefill(7000)] })).ok).toBe(false)
    expect(sessionsRow(measured({ together: [answers(30, 4)] })).ok).toBe(false)
  })

  it('accept no speed of another answer, nor of fewer sessions', () => {
    const row = overlapRow(measured({ overlapped: [prefill(5000, 8)] }))
    expect(row).toMatchObject({ ok: false, detail: expect.stringContaining('ANOTHER') })
    expect(sessionsRow(measured({ together: [answers(40, 3)] })).ok).toBe(false)
  })

  it('take no ratio for a result while others compute too', () => {
    const oneByOne = [prefill(3000), prefill(8000), prefill(12_000)]
    expect(overlapRow(measured({ oneByOne }))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('NOT A RESULT'),
    })
  })
})
