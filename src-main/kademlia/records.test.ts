import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { isToldByOthers } from './records'

it('X-07: a peer that only names itself as a provider is not believed', async () => {
  const [peer, other, third] = await Promise.all(
    [1, 2, 3].map(async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))),
  )
  if (!peer || !other || !third) throw new Error('three ids')
  expect(isToldByOthers([{ peer, toldBy: [peer] }], peer)).toBe(false)
  expect(isToldByOthers([{ peer: other, toldBy: [third] }], peer)).toBe(false)
  expect(isToldByOthers([{ peer, toldBy: [] }], peer)).toBe(false)
  expect(isToldByOthers([{ peer, toldBy: [peer, other] }], peer)).toBe(true)
})
