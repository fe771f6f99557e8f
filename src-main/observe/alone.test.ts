import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { asFirstNode, isAlone } from './alone'
import type { VisibilityVerdict } from './visibility'
import type { WitnessAnswer } from './witness-client'

const peer = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const no = { ok: false as const, cause: 'no' }
const UNSEEN: VisibilityVerdict = {
  ...{ visible: false, evidence: [], serving: [], servingBlocker: null, isDialable: true, byForeign: false },
  blocker: new EspalierError('NOT_READ_BACK', 'no other peer has it').report(),
}

function answer(parts: { dialBack?: boolean; call?: boolean }): WitnessAnswer {
  const { dialBack = true, call = true } = parts
  const form = { form: 'hivemind', records: no, call: call ? { ok: true, version: '1' } : no }
  const verdict = { forms: [form], dialBack: dialBack ? { ok: true } : no } as unknown as WitnessAnswer['verdict']
  return { witness: 'w', verdict, error: null }
}

it('a node is alone while nobody is named but itself and the bootstrap peers', async () => {
  const [self, bootstrap, other] = await Promise.all([peer(), peer(), peer()])
  expect(isAlone(self, [bootstrap], [])).toBe(true)
  expect(isAlone(self, [bootstrap], [self, bootstrap])).toBe(true)
  expect(isAlone(self, [bootstrap], [bootstrap, other])).toBe(false)
})

it('the first node of a network is told that it is alone, unless somebody found fault with it', () => {
  expect(asFirstNode(UNSEEN, [answer({})]).blocker?.code).toBe('ALONE')
  expect(asFirstNode(UNSEEN, []).blocker?.code).toBe('ALONE')
  expect(asFirstNode(UNSEEN, [answer({}), answer({ dialBack: false })])).toBe(UNSEEN)
  expect(asFirstNode(UNSEEN, [answer({ call: false })])).toBe(UNSEEN)
  const seen = { ...UNSEEN, visible: true, blocker: null }
  expect(asFirstNode(seen, [])).toBe(seen)
})
