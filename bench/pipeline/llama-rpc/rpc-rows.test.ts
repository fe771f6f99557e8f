import { describe, expect, it } from 'vitest'
import { reportOf, tableOf } from '../../report'
import type { AgainstRpc } from './measure-rpc'
import { rpcRows } from './rpc-rows'

/** `share` of a process that decodes 4 tokens in 4 s and takes a long prompt in 4 s. */
const runs = (share: number, answer = [1, 2, 3, 4, 5]) => ({
  decode: [1, 2, 3].map(() => ({ answer, elapsedMs: 4_000 / share, tokenMs: 1_000 / share })),
  prefill: [1, 2, 3].map(() => ({ elapsedMs: 4_000 / share, token: 7 })),
})

function measured(change: Partial<AgainstRpc> = {}): AgainstRpc {
  return {
    model: { name: 'a model', path: '', manifest: {} as never, prompt: new Int32Array(1) },
    ...{ tokens: 4, whole: runs(1), plain: runs(0.8), ours: runs(0.95), theirs: runs(0.72) },
    ...change,
  }
}

describe('rows beside llama.cpp’s RPC', () => {
  it('compare shares of one and the same process, and theirs with one like its workers', () => {
    const [decode, ownLayout, prefill, last] = rpcRows(measured())
    expect(decode).toMatchObject({ name: 'vs-llama-rpc', target: 1, ok: true })
    expect(decode?.ours).toBeCloseTo(0.95)
    expect(decode?.reference).toBeCloseTo(0.72)
    expect(ownLayout).toMatchObject({ name: 'vs-llama-rpc-own-layout', target: null })
    expect(ownLayout?.ours).toBeCloseTo(0.95)
    expect(ownLayout?.reference).toBeCloseTo(0.9)
    expect(prefill).toMatchObject({ name: 'vs-llama-rpc-prefill', ok: true })
    expect(last?.name).toBe('vs-llama-rpc-prefill-own-layout')
    expect(rpcRows(measured({ plain: runs(1.1) }))[1]?.reference).toBeCloseTo(0.72)
  })

  it('are missed where theirs keeps more, or our tokens are others', () => {
    expect(rpcRows(measured({ theirs: runs(0.96) }))[0]?.ok).toBe(false)
    const other = rpcRows(measured({ ours: runs(2, [1, 2, 3, 4, 6]) }))
    expect(other[0]).toMatchObject({ ok: false, detail: expect.stringContaining('DIFFERENT') })
  })

  it('are no result while others compute too', () => {
    const { decode, prefill } = runs(1)
    const noisy = decode.map((run, i) => ({ ...run, elapsedMs: run.elapsedMs * (i + 1) }))
    const [row] = rpcRows(measured({ whole: { decode: noisy, prefill }, plain: { decode: noisy, prefill } }))
    expect(row).toMatchObject({ ok: false, detail: expect.stringContaining('NOT A RESULT') })
  })
})

describe('a row that cannot be measured here', () => {
  it('stands with its reason in both forms of the report', () => {
    const machine = { processor: 'P', cores: 2, memoryBytes: 1, system: 's', node: 'v', loadBefore: 0, loadAfter: 0 }
    const skipped = [{ name: 'vs-llama-rpc', why: 'there is no C++ compiler' }]
    const report = reportOf('pipeline', machine, { rows: [], skipped })
    expect(JSON.parse(JSON.stringify(report)).skipped).toEqual(skipped)
    expect(tableOf(report)).toContain('vs-llama-rpc: skipped: there is no C++ compiler')
  })
})
