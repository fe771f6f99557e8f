import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Peer, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../test/models/random'
import type { Host } from '../network/host'
import { askInTurn, mayWitness, pickWitnesses, type WitnessAnswer, whatIsWrong } from './witness-client'
import { type Verdict, WITNESS_PROTOCOL } from './witness-wire'

let self: PeerId
let bootstraps: PeerId[]
let walked: PeerId[]
beforeAll(async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => generateKeyPair('Ed25519')))
  const peers = keys.map((key) => peerIdFromPrivateKey(key))
  self = peers[0]!
  bootstraps = peers.slice(1, 3)
  walked = peers.slice(3)
})
const names = (peers: readonly PeerId[]) => peers.map(String)

describe('who is asked to look', () => {
  it('first one bootstrap and one that was walked to, then others; nobody twice, and not ourselves', () => {
    const random = seededRandom(5)
    for (let turn = 0; turn < 50; turn++) {
      const order = pickWitnesses(self, [...bootstraps, self], [self, ...walked, bootstraps[0]!], [], random)
      expect(names(bootstraps)).toContain(String(order[0]))
      expect(names([...walked, ...bootstraps])).toContain(String(order[1]))
      expect(new Set(names(order)).size).toBe(4)
      expect(names(order)).not.toContain(String(self))
    }
  })

  it('M-17: nobody who has said to be of another family', async () => {
    const [dumb, other, witness, stranger] = walked
    const said = new Map<PeerId | undefined, string[]>([
      [other, ['/ipfs/id/1.0.0', 'DHTProtocol.rpc_find']],
      [witness, ['/ipfs/id/1.0.0', WITNESS_PROTOCOL]],
      // A stream to it was opened, and it has not said yet what else it speaks.
      [dumb, ['DHTProtocol.rpc_find']],
    ])
    const get = async (peer: PeerId): Promise<Peer> => {
      const protocols = said.get(peer)
      if (!protocols) throw new Error('never met')
      return { id: peer, addresses: [], protocols, metadata: new Map(), tags: new Map() }
    }
    const host = { peerStore: { get } as Host['peerStore'] }
    expect(await mayWitness(host, [dumb!, other!, witness!, stranger!])).toEqual([dumb, witness, stranger])
  })

  it('those that records name, where a walk leads to nobody: nodes behind routers are on none', () => {
    const [bootstrap] = bootstraps
    const order = pickWitnesses(self, [bootstrap!], [bootstrap!, self], [self, walked[2]!], () => 0)
    expect(names(order)).toEqual(names([bootstrap!, walked[2]!]))
  })

  it('whoever is there, where there are few', () => {
    expect(pickWitnesses(self, [], [], [], Math.random)).toEqual([])
    expect(names(pickWitnesses(self, bootstraps.slice(0, 1), [bootstraps[0]!, self], [], Math.random))).toEqual(
      names(bootstraps.slice(0, 1)),
    )
  })
})

describe('witnesses that are asked in turn', () => {
  const says = (peer: PeerId): WitnessAnswer => ({ witness: String(peer), verdict: {} as Verdict, error: null })
  const silent = (peer: PeerId): WitnessAnswer => ({ witness: String(peer), verdict: null, error: null })

  it('two that answer are enough', async () => {
    const answers = await askInTurn(walked, 2, async (peer) => says(peer))
    expect(answers.map(({ witness }) => witness)).toEqual(names(walked.slice(0, 2)))
  })

  it('for one that has left the next one is asked, while the other still looks', async () => {
    const slow = Promise.withResolvers<void>()
    const asked: string[] = []
    const answering = askInTurn(walked, 2, async (peer) => {
      asked.push(String(peer))
      if (peer === walked[0]) await slow.promise
      return peer === walked[1] || peer === walked[2] ? silent(peer) : says(peer)
    })
    await expect.poll(() => asked).toEqual(names(walked.slice(0, 4)))
    slow.resolve()
    const answers = await answering
    expect(answers.map(({ witness }) => witness)).toEqual(names(walked.slice(0, 4)))
    expect(answers.filter(({ verdict }) => verdict).map(({ witness }) => witness)).toEqual(
      names([walked[0]!, walked[3]!]),
    )
  })

  it('when nobody answers, each was asked once', async () => {
    const answers = await askInTurn(walked.slice(0, 3), 2, async (peer) => silent(peer))
    expect(answers).toEqual(walked.slice(0, 3).map(silent))
  })
})

describe('a verdict that is well signed', () => {
  const nonce = new Uint8Array(16).fill(7)
  const asked = { witness: 'w', subject: 'me', nonce, keyCount: 3, forms: ['hivemind', 'kademlia'] as const }
  const records = { ok: true as const, readFrom: 'third', found: 3, asked: 3, expiresAt: 2 }
  const call = { ok: true as const, version: '1' }
  const good: Verdict = {
    v: 1,
    witness: 'w',
    subject: 'me',
    nonce,
    at: 1,
    forms: [
      { form: 'hivemind', records, call },
      { form: 'kademlia', records: { ...records, found: 1, asked: 1 }, call },
    ],
    dialBack: { ok: true, address: '/ip4/10.0.0.5/tcp/1/p2p/me', roundTripMs: 1, addressFrom: 'third' },
    pipeline: { ok: false, cause: 'no' },
  }
  const hivemind = (change: Partial<typeof records>): Verdict => ({
    ...good,
    forms: [{ form: 'hivemind', records: { ...records, ...change }, call }, good.forms[1]!],
  })

  it('is taken when it answers what was asked', () => {
    expect(whatIsWrong(good, asked)).toBeNull()
    expect(whatIsWrong({ ...good, dialBack: { ok: false, cause: 'no way' } }, asked)).toBeNull()
  })

  it.each<[string, Verdict]>([
    ['of somebody else', { ...good, subject: 'you' }],
    ['for another question', { ...good, nonce: new Uint8Array(16) }],
    ['silent about a form', { ...good, forms: [good.forms[0]!] }],
    ['about one record of three', hivemind({ found: 1, asked: 1 })],
    ['with more found than asked for', hivemind({ found: 4 })],
    ['read from the node itself', hivemind({ readFrom: 'me' })],
    ['with an address from the node itself', { ...good, dialBack: { ...good.dialBack, addressFrom: 'me' } as never }],
  ])('is no evidence when it is %s', (_, verdict) => {
    expect(whatIsWrong(verdict, asked)).not.toBeNull()
  })
})
