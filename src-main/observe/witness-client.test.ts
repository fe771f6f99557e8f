import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Peer, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import type { Host } from '../network/host'
import { mayWitness, pickWitnesses } from './witness-client'
import { WITNESS_PROTOCOL } from './witness-wire'

const newPeer = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const [self, a, b, c] = await Promise.all([newPeer(), newPeer(), newPeer(), newPeer()])
const last = () => 0.999

/** A peer store that has met these peers, and heard what they speak. */
function hostThatKnows(protocols: ReadonlyMap<PeerId, readonly string[]>): Pick<Host, 'peerStore'> {
  const get = async (peer: PeerId): Promise<Peer> => {
    const known = protocols.get(peer)
    if (!known) throw new Error('never met')
    return { id: peer, addresses: [], protocols: [...known], metadata: new Map(), tags: new Map() }
  }
  return { peerStore: { get } as Host['peerStore'] }
}

it('M-17: peers of other families are not asked to be witnesses, strangers are', async () => {
  const host = hostThatKnows(
    new Map([
      [a, ['/ipfs/id/1.0.0', 'DHTProtocol.rpc_find']],
      [b, ['/ipfs/id/1.0.0', WITNESS_PROTOCOL]],
    ]),
  )
  expect(await mayWitness(host, [a, b, c])).toEqual([b, c])
})

it('M-17: witnesses are a bootstrap and a peer of the walk; without such a bootstrap, two of the walk; never the same twice', () => {
  expect(pickWitnesses(self, [self, a], [a, b, self], last)).toEqual([a, b])
  expect(pickWitnesses(self, [], [self, a, b], last)).toEqual([b, a])
  expect(pickWitnesses(self, [a], [a], last)).toEqual([a])
  expect(pickWitnesses(self, [], [], last)).toEqual([])
})
