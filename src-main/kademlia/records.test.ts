import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { Host } from '../network/host'
import { sealRecord } from './envelope'
import { recordKey } from './keys'
import { createKademliaRecords, isToldByOthers } from './records'

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

describe('X-07: what counts is what others say, not what this node has itself', async () => {
  const [privateKey, ...others] = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
  if (!privateKey) throw new Error('a key')
  const self = peerIdFromPrivateKey(privateKey)
  const [one, two] = others.map(peerIdFromPrivateKey)
  if (!one || !two) throw new Error('two others')
  const clock = new FakeClock()
  const signal = new AbortController().signal
  const response = (from: PeerId, messageName: string, more: object = {}) => ({
    ...{ name: 'PEER_RESPONSE', messageName, from, closer: [], providers: [] },
    ...more,
  })
  /** Records over a library that tells of these events, whatever it is asked. */
  function over(events: (asked: Uint8Array) => readonly object[]) {
    const query = async function* (_key: Uint8Array, value?: unknown) {
      yield* events(value instanceof Uint8Array ? value : new Uint8Array())
    }
    const dht = { put: query, get: query, provide: query, findProviders: query }
    const host = { peerId: self, services: { dht } } as unknown as Host
    return createKademliaRecords({ host, clock, privateKey: privateKey ?? null })
  }
  const record = (content: number, writtenAt = clock.now()) => ({
    ...{ content: Uint8Array.of(content), writtenAt, expiresAt: clock.now() + 60_000 },
  })

  it('a value is kept by whoever sends this very value back, ourselves left out', async () => {
    const records = over((value) => [
      response(self, 'PUT_VALUE', { record: { value } }),
      response(one, 'PUT_VALUE', { record: { value: Uint8Array.of(1) } }),
      response(one, 'PUT_VALUE'),
      response(one, 'GET_VALUE', { record: { value } }),
      response(two, 'PUT_VALUE', { record: { value } }),
    ])
    expect((await records.put('M.0', record(1), signal)).ackedBy).toEqual([two])
  })

  it('a record that only this node holds is not found', async () => {
    const name = recordKey('M.0', self)
    const [old, fresh] = await Promise.all(
      [record(1, clock.now() - 1_000), record(2)].map((each) => sealRecord(name, each, privateKey)),
    )
    const found = (events: readonly object[]) => over(() => events).find('M.0', self, signal)
    const holds = (from: PeerId, value: unknown) => response(from, 'GET_VALUE', { record: { value } })
    expect(await found([holds(self, fresh)])).toBeNull()
    expect(await found([holds(self, fresh), holds(one, old)])).toMatchObject({
      from: [one],
      record: record(1, clock.now() - 1_000),
    })
    for (const events of [
      [holds(one, old), holds(two, fresh)],
      [holds(two, fresh), holds(one, old)],
    ])
      expect(await found(events)).toEqual({ from: [two], record: record(2) })
  })

  it('providers are whom others name, at most a thousand', async () => {
    const many = await Promise.all(Array.from({ length: 1_001 }, () => generateKeyPair('Ed25519')))
    const providers = many.map((key) => ({ id: peerIdFromPrivateKey(key), multiaddrs: [] }))
    const said = over(() => [
      response(self, 'GET_PROVIDERS', { providers: [{ id: two, multiaddrs: [] }] }),
      response(one, 'GET_PROVIDERS', { providers }),
    ])
    const found = await said.findProviders('M', signal)
    expect(found).toHaveLength(1_000)
    expect(found.some(({ peer }) => peer.equals(two))).toBe(false)
  })
})
