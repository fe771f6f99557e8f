import { describe, expect, it } from 'vitest'
import { type ForeignFinding, foreignNeeded, withForeign } from './foreign-verdict'
import { judgeVisibility } from './visibility'
import type { WitnessAnswer } from './witness-client'
import type { Verdict } from './witness-wire'

const RANGE = { start: 0, end: 4 }
const NOBODY = judgeVisibility([], RANGE, 'root', 1_000)

/** A peer that did everything, in a place of its own. */
function finding(peer: string, change: Partial<ForeignFinding> = {}): ForeignFinding {
  return {
    peer,
    agent: 'p2pd/0.1',
    at: 900,
    ...{ found: 4, asked: 4, isCurrent: true },
    ...{ reach: 'fresh', from: `host-of-${peer}`, caller: `prober-of-${peer}`, cameAt: 900, isDirect: true },
    place: `place-of-${peer}`,
    ...change,
  }
}
const judge = (findings: ForeignFinding[], infoFailure: string | null = null, own = NOBODY) =>
  withForeign(own, { findings, infoFailure })

function witness(change: Partial<Verdict> = {}): WitnessAnswer {
  const verdict: Verdict = {
    ...{ v: 1, witness: 'ours', subject: 'me', nonce: new Uint8Array(16), at: 1 },
    forms: [
      {
        form: 'hivemind',
        records: { ok: true, readFrom: 'third', found: 4, asked: 4, expiresAt: 2 },
        call: { ok: true, version: '1' },
      },
    ],
    dialBack: { ok: true, address: '/ip4/10.0.0.5/tcp/1/p2p/me', roundTripMs: 1, addressFrom: 'third' },
    pipeline: { ok: true, ...RANGE, root: 'root' },
    ...change,
  }
  return { witness: 'ours', verdict, error: null }
}

describe('visible by the word of peers of other families', () => {
  it('M-17: two of different places, who read and came', () => {
    const verdict = judge([finding('a'), finding('b')])
    expect(verdict).toMatchObject({ visible: true, byForeign: true, blocker: null, isDialable: true, serving: [] })
    expect(verdict.evidence).toEqual([
      {
        ...{ kind: 'peer', by: 'a', at: 900 },
        value: 'dialled back on a new connection from host-of-a; 4 of 4 hivemind records (p2pd/0.1, not signed)',
      },
      expect.objectContaining({ by: 'b' }),
    ])
  })

  it('who read need not be who came', () => {
    const came = (peer: string) => finding(peer, { found: 0, asked: 0, isCurrent: false, reach: 'called', at: 65_900 })
    const read = (peer: string) => finding(peer, { reach: 'not_asked', from: null, caller: null })
    const verdict = judge([came('a'), came('b'), read('c'), read('d')])
    expect(verdict.visible).toBe(true)
    expect(verdict.evidence.map(({ value }) => value)).toEqual([
      'dialled back with a call, on a connection of its own, 65 s old, from host-of-a (p2pd/0.1, not signed)',
      'dialled back with a call, on a connection of its own, 65 s old, from host-of-b (p2pd/0.1, not signed)',
      '4 of 4 hivemind records (p2pd/0.1, not signed)',
      '4 of 4 hivemind records (p2pd/0.1, not signed)',
    ])
  })

  const off: [string, ForeignFinding[], string, RegExp][] = [
    ['one peer', [finding('a')], 'NO_WITNESS', /1 returned the records, 1 reached/],
    [
      'two of one place',
      [finding('a', { place: 'x' }), finding('b', { place: 'x' })],
      'NOT_READ_BACK',
      /b counts for one/,
    ],
    ['a place that is not known', [finding('a'), finding('b', { place: null })], 'NOT_READ_BACK', /./],
    ['records that one has not', [finding('a'), finding('b', { found: 0 })], 'NOT_READ_BACK', /b has 0 of 4/],
    ['old records', [finding('a'), finding('b', { isCurrent: false })], 'NOT_READ_BACK', /b has old records/],
    [
      'a connection that was there already',
      [finding('a'), finding('b', { reach: 'held', caller: null })],
      'NOT_DIALLED_BACK',
      /b says yes, but opened no new connection/,
    ],
    ['one that cannot reach us', [finding('a'), finding('b', { reach: 'no' })], 'NOT_DIALLED_BACK', /b cannot/],
    ['one that is silent', [finding('a'), finding('b', { reach: 'silent' })], 'NOT_DIALLED_BACK', /b did not/],
    [
      'one caller for two',
      [finding('a', { caller: 'x' }), finding('b', { caller: 'x' })],
      'NOT_DIALLED_BACK',
      /b counts for one/,
    ],
    ['nobody asked to come', [finding('a'), finding('b', { reach: 'not_asked' })], 'NO_WITNESS', /1 reached/],
  ]
  it.each(off)('false green: not by %s', (_, findings, code, cause) => {
    const verdict = judge(findings)
    expect(verdict).toMatchObject({ visible: false, byForeign: false, blocker: { code } })
    expect(verdict.blocker?.cause).toMatch(cause)
  })

  it('false green: not while rpc_info does not answer', () => {
    const verdict = judge([finding('a'), finding('b')], 'no such protocol')
    expect(verdict).toMatchObject({ visible: false, blocker: { code: 'REMOTE_ERROR' } })
  })

  it('a witness counts first, and one other peer is enough beside it', () => {
    const own = judgeVisibility([witness()], RANGE, 'root', 1_000)
    expect([foreignNeeded(NOBODY), foreignNeeded(own)]).toEqual([2, 1])
    const verdict = judge([finding('a')], null, own)
    expect(verdict.visible).toBe(true)
    expect(verdict.evidence.map(({ by }) => by)).toEqual(['ours', 'a'])
    expect(verdict.serving).toHaveLength(1)
    expect(judge([finding('a', { reach: 'no' })], null, own).visible).toBe(false)
  })

  it('what a witness has against us is not outweighed', () => {
    const own = judgeVisibility([witness({ dialBack: { ok: false, cause: 'no way in' } })], RANGE, 'root', 1_000)
    expect(judge([finding('a'), finding('b'), finding('c')], null, own)).toBe(own)
  })

  it('two that cannot reach us say that nobody can dial us; one may have its own trouble', () => {
    const miss = (peer: string) => finding(peer, { reach: 'no', caller: null })
    expect(judge([miss('a'), miss('b')]).isDialable).toBe(false)
    expect(judge([miss('a')]).isDialable).toBeNull()
    expect(judge([miss('a'), miss('b'), finding('c')]).isDialable).toBe(true)
    // Through a relay we are reached, and not dialled.
    expect(judge([finding('a', { isDirect: false })]).isDialable).toBeNull()
  })

  it('where nobody is, the witnesses’ own words stand', () => {
    expect(judge([]).blocker).toEqual(NOBODY.blocker)
  })
})
