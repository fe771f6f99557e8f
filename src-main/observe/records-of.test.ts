import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { FoundValue } from '../hivemind/dht'
import { recordsOf } from './records-of'

const newPeer = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const [subject, self, a, b, c] = await Promise.all([newPeer(), newPeer(), newPeer(), newPeer(), newPeer()])
const KEYS = ['m.0', 'm.1', 'm.2', 'm.3']

/** Who keeps the subject's record of which keys; somebody who is not there cannot be asked. */
function look(kept: ReadonlyMap<PeerId, readonly string[]>, thirds: readonly PeerId[], nearest: readonly PeerId[]) {
  const clock = new FakeClock()
  const asked: PeerId[] = []
  const expirationS = clock.now() / 1000 + 60
  const valuesAt = (peer: PeerId, keys: readonly string[]) => {
    const value: FoundValue = {
      kind: 'dictionary',
      entries: new Map([[subject.toString(), { value: new Uint8Array(), expirationS }]]),
      expirationS,
    }
    return new Map(keys.filter((key) => kept.get(peer)?.includes(key)).map((key) => [key, value]))
  }
  const dht = {
    async findAt(peer: PeerId, keys: readonly string[]) {
      asked.push(peer)
      if (!kept.has(peer)) throw new EspalierError('PEER_UNREACHABLE', 'gone')
      return valuesAt(peer, keys)
    },
    readLocal: (keys: readonly string[]) => valuesAt(self, keys),
    nearest: async () => [...nearest],
  }
  const signal = new AbortController().signal
  return { asked, found: recordsOf({ dht, subject, self, keys: KEYS, thirds, clock, signal }) }
}

it('M-17: one peer that has all is enough', async () => {
  const { asked, found } = look(new Map([[a, KEYS]]), [a, b], [c])
  expect(await found).toMatchObject({ ok: true, readFrom: a.toString(), found: 4, asked: 4 })
  expect(asked).toEqual([a])
})

it('M-17: records that lie at different peers count, also at those that only a look-up finds', async () => {
  const kept = new Map([
    [a, ['m.0']],
    [b, []],
    [c, ['m.1', 'm.2', 'm.3']],
  ])
  const { asked, found } = look(kept, [a, b], [b, subject, self, c])
  expect(await found).toMatchObject({ ok: true, readFrom: c.toString(), found: 4, asked: 4 })
  expect(asked).toEqual([a, b, c])
})

it('M-17: what nobody has is missing, the subject’s own word does not count, ours does where there is nobody else', async () => {
  const alone = new Map([
    [subject, KEYS],
    [self, ['m.0']],
  ])
  expect(await look(alone, [a], [subject]).found).toMatchObject({ ok: true, readFrom: self.toString(), found: 1 })
  expect(await look(new Map([[subject, KEYS]]), [a], [subject]).found).toMatchObject({ ok: false })
  const some = new Map([
    [a, ['m.3']],
    [self, KEYS],
  ])
  expect(await look(some, [a], []).found).toMatchObject({ ok: true, readFrom: a.toString(), found: 1, asked: 4 })
})
