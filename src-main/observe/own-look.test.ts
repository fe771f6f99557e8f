import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import type { LookName } from '../../src-shared/status'
import type { FoundValue } from '../hivemind/found-value'
import { encodeModelInfo, encodeServerInfo, MODELS_KEY, NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import { fiveSteps, lookThrough } from './own-look'
import type { WitnessAnswer } from './witness-client'
import type { Verdict } from './witness-wire'

const self = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const intended = { dhtPrefix: 'm', blockCount: 8, range: { start: 0, end: 8 }, publicName: 'oak' }
const RULES = { allowNullRepository: true }
const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 0,
  endBlock: 8,
  publicName: 'oak',
  version: '1',
  ...NO_DETAILS,
}
const dictionary = (subkey: string, value: Uint8Array): FoundValue => ({
  kind: 'dictionary',
  entries: new Map([[subkey, { value, expirationS: 10 }]]),
  expirationS: 10,
})
const FINE: WitnessAnswer = {
  witness: 'w',
  error: null,
  verdict: {
    witness: 'w',
    dialBack: { ok: true, address: '/ip4/127.0.0.1/tcp/1', roundTripMs: 1, addressFrom: 'x' },
    forms: [{ form: 'hivemind', call: { ok: true, version: '1' } }],
  } as Verdict,
}
const UNANSWERED = { ...FINE, verdict: { ...FINE.verdict, dialBack: { ok: false, cause: 'refused' } } } as WitnessAnswer

/** What a peer stores about us, with one thing changed. */
function storeWith(change: { index?: Uint8Array | null; value?: Uint8Array; blocks?: number } = {}) {
  const store = new Map<string, FoundValue>()
  const index = change.index === undefined ? encodeModelInfo({ repository: null, numBlocks: 8 }, RULES) : change.index
  if (index) store.set(MODELS_KEY, dictionary('m', index))
  for (let block = 0; block < (change.blocks ?? 8); block++) {
    store.set(`m.${block}`, dictionary(self.toString(), change.value ?? encodeServerInfo(INFO)))
  }
  return store
}

async function stepsOf(store: Map<string, FoundValue>, answers = [FINE]) {
  const dht = { findAt: async () => store }
  return fiveSteps([await lookThrough(dht, peer, self, intended, AbortSignal.timeout(1_000))], answers, intended, 0)
    .steps
}

describe('as others see you', () => {
  it('M-17: all five steps pass, by somebody else', async () => {
    const steps = await stepsOf(storeWith())
    expect(steps.map(({ state }) => state)).toEqual(['pass', 'pass', 'pass', 'pass', 'pass'])
    expect(steps.every(({ by }) => by.length > 0 && !by.includes(self.toString()))).toBe(true)
  })

  it.each<[LookName, Map<string, FoundValue>, WitnessAnswer[]]>([
    ['index', storeWith({ index: null }), [FINE]],
    ['index', storeWith({ index: encodeModelInfo({ repository: null, numBlocks: 4 }, RULES) }), [FINE]],
    ['records', storeWith({ blocks: 5 }), [FINE]],
    ['call', storeWith(), [UNANSWERED]],
    ['read', storeWith({ value: Uint8Array.of(0xc1) }), [FINE]],
  ])('M-17: the broken step is named, and no other: %s', async (name, store, answers) => {
    const failed = (await stepsOf(store, answers)).filter(({ state }) => state === 'fail')
    expect(failed.map((step) => step.name)).toEqual([name])
  })

  it('M-17: a row that the monitor’s rules do not make is named', () => {
    const look = {
      ...{ peer: 'p', error: null, indexBlocks: 8, found: 8, asked: 8, info: INFO, expirationS: 10 },
      row: { start: 0, end: 4 },
    }
    const failed = fiveSteps([look], [FINE], intended, 0).steps.filter(({ state }) => state === 'fail')
    expect(failed.map(({ name }) => name)).toEqual(['row'])
  })

  it.each<[string, Partial<ServerInfo>, string]>([
    ['span', { endBlock: 4 }, 'others see blocks 0–3, you serve 0–7'],
    ['name', { publicName: 'elm' }, 'others see the name “elm”, yours is “oak”'],
    ['state', { state: 'joining' }, 'others see the state joining'],
  ])('M-38: another %s than ours is said in words', async (_what, change, words) => {
    const steps = await stepsOf(storeWith({ value: encodeServerInfo({ ...INFO, ...change }) }))
    expect(steps.find(({ name }) => name === 'read')).toMatchObject({ state: 'fail', value: words })
  })

  it('M-17: nobody there to ask is unknown, not a failure', async () => {
    const dht = { findAt: () => Promise.reject(new Error('gone')) }
    const look = await lookThrough(dht, peer, self, intended, AbortSignal.timeout(1_000))
    const { steps } = fiveSteps([look], [], intended, 0)
    expect(steps.every(({ state }) => state === 'unknown')).toBe(true)
  })
})
