import { describe, expect, it } from 'vitest'
import { judgeVisibility } from './visibility'
import type { WitnessAnswer } from './witness-client'
import type { FormFindings, Verdict } from './witness-wire'

const RANGE = { start: 3, end: 6 }
const no = { ok: false as const, cause: 'nothing there' }

const HIVEMIND: FormFindings = {
  form: 'hivemind',
  records: { ok: true, readFrom: 'third', found: 3, asked: 3, expiresAt: 2 },
  call: { ok: true, version: '1.0' },
}
const KADEMLIA: FormFindings = { ...HIVEMIND, form: 'kademlia' }

function answer(witness: string, change: Partial<Verdict> = {}): WitnessAnswer {
  const verdict: Verdict = {
    v: 1,
    witness,
    subject: 'me',
    nonce: new Uint8Array(16),
    at: 1,
    forms: [HIVEMIND],
    dialBack: { ok: true, address: '/ip4/10.0.0.5/tcp/31338/p2p/me', roundTripMs: 12.4, addressFrom: 'third' },
    pipeline: { ok: true, ...RANGE, root: 'root' },
    ...change,
  }
  return { witness, verdict, error: null }
}
const judge = (...answers: WitnessAnswer[]) => judgeVisibility(answers, RANGE, 'root', 1_000)

describe('judgeVisibility', () => {
  it('needs two different witnesses', () => {
    expect(judge(answer('a'), answer('b'))).toMatchObject({ visible: true, blocker: null })
    expect(judge(answer('a'), answer('a')).visible).toBe(false)
    expect(judge(answer('a'))).toMatchObject({ visible: false, blocker: { code: 'NO_WITNESS' } })
    expect(judge()).toMatchObject({ visible: false, evidence: [], serving: [], servingBlocker: { code: 'NO_WITNESS' } })
  })

  it('says what was seen, and by whom', () => {
    expect(judge(answer('a'), answer('b')).evidence[0]).toEqual({
      kind: 'peer',
      by: 'a',
      at: 1,
      value: 'dialled back at 10.0.0.5:31338 in 12 ms; 3 of 3 hivemind records read from third; rpc_info 1.0',
    })
  })

  it('believes no witness whose evidence is from tomorrow', () => {
    const { evidence, serving } = judge(answer('a', { at: 8e15 }), answer('b'))
    expect(evidence.map(({ at }) => at)).toEqual([1_000, 1])
    expect(serving[0]?.at).toBe(1_000)
  })

  const broken: [string, Partial<Verdict>, string][] = [
    ['no records', { forms: [{ ...HIVEMIND, records: no }] }, 'NOT_READ_BACK'],
    [
      'some records missing',
      { forms: [{ ...HIVEMIND, records: { ok: true, readFrom: 'x', found: 2, asked: 3, expiresAt: 2 } }] },
      'NOT_READ_BACK',
    ],
    ['no dial-back', { dialBack: no }, 'NOT_DIALLED_BACK'],
    ['no rpc_info', { forms: [{ ...HIVEMIND, call: no }] }, 'REMOTE_ERROR'],
    ['one of two forms missing', { forms: [HIVEMIND, { ...KADEMLIA, records: no }] }, 'NOT_READ_BACK'],
    ['no info call in the second form', { forms: [HIVEMIND, { ...KADEMLIA, call: no }] }, 'REMOTE_ERROR'],
  ]
  for (const [what, change, code] of broken) {
    it(`names the step: ${what}`, () => {
      const verdict = judge(answer('a'), answer('b', change))
      expect(verdict.visible).toBe(false)
      expect(verdict.blocker?.code).toBe(code)
      expect(verdict.blocker?.cause).toContain('b')
    })
  }

  it('one witness is enough to know that nobody can dial us, and one that reached us that somebody can', () => {
    const relayed = {
      ok: true as const,
      address: '/ip4/1.2.3.4/tcp/1/p2p/r/p2p-circuit/p2p/me',
      roundTripMs: 9,
      addressFrom: 'r',
    }
    expect(judge(answer('a', { dialBack: no })).isDialable).toBe(false)
    expect(judge(answer('a', { dialBack: relayed })).isDialable).toBe(false)
    expect(judge(answer('a', { dialBack: no }), answer('b')).isDialable).toBe(true)
    expect(judge().isDialable).toBe(null)
  })

  it('names the most upstream cause when several steps fail', () => {
    const verdict = judge(answer('a', { dialBack: no, forms: [{ form: 'hivemind', records: no, call: no }] }))
    expect(verdict.blocker?.code).toBe('NOT_READ_BACK')
  })

  it('tells a silent witness from one that saw nothing', () => {
    const silent: WitnessAnswer = {
      witness: 'b',
      verdict: null,
      error: { code: 'PEER_UNREACHABLE', cause: 'gone', action: '' },
    }
    expect(judge(answer('a'), silent).blocker).toMatchObject({
      code: 'NO_WITNESS',
      cause: expect.stringContaining('b (gone)'),
    })
  })

  it('does not take another slice for ours', () => {
    for (const pipeline of [
      no,
      { ok: true as const, start: 0, end: 3, root: 'root' },
      { ok: true as const, ...RANGE, root: 'other' },
    ]) {
      const verdict = judge(answer('a', { pipeline }), answer('b', { pipeline }))
      expect(verdict.serving).toEqual([])
      expect(verdict.servingBlocker?.code).toBe('NOT_DIALLED_BACK')
    }
  })
})
