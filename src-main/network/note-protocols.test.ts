import type { Libp2p, Peer, PeerData, PeerId, PeerUpdate } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { noteProtocolsOnce } from './note-protocols'

const SELF = 'self'

/** A peer store that counts what is written, and tells of changes as libp2p does: before the write returns. */
function store() {
  const clock = new FakeClock()
  const events = new EventTarget()
  const peers = new Map<string, string[]>()
  const written: string[] = []
  const peerOf = (id: PeerId) => ({ id, protocols: peers.get(id.toString()) ?? [] }) as unknown as Peer
  const set = (id: PeerId, protocols: string[]) => {
    const isNew = peers.get(id.toString())?.join() !== protocols.join()
    peers.set(id.toString(), protocols)
    const name = `${id}` === SELF ? 'self:peer:update' : 'peer:update'
    if (isNew) events.dispatchEvent(new CustomEvent<PeerUpdate>(name, { detail: { peer: peerOf(id) } }))
  }
  const peerStore = {
    async merge(id: PeerId, data: PeerData) {
      written.push(`${id} ${Object.keys(data).join()}`)
      set(id, [...new Set([...(peers.get(id.toString()) ?? []), ...(data.protocols ?? [])])])
      return peerOf(id)
    },
  }
  const host = {
    peerId: SELF as unknown as PeerId,
    peerStore,
    addEventListener: events.addEventListener.bind(events),
  }
  noteProtocolsOnce(host as typeof host & Pick<Libp2p, 'addEventListener'>, clock)
  return { clock, merge: (id: string, data: PeerData) => peerStore.merge(id as unknown as PeerId, data), written, set }
}

it('O-05: that a peer speaks a protocol is noted once a minute, and not with every call', async () => {
  const { clock, merge, written } = store()
  for (let call = 0; call < 50; call++) {
    expect((await merge('a', { protocols: ['info'] })).protocols).toEqual(['info'])
    await merge('b', { protocols: ['info'] })
  }
  expect(written).toEqual(['a protocols', 'b protocols'])
  // Another protocol, and everything that is not about protocols, is written at once.
  expect((await merge('a', { protocols: ['ping'] })).protocols).toEqual(['info', 'ping'])
  await merge('a', { protocols: ['ping'], metadata: {} })
  await merge('a', { multiaddrs: [] })
  expect(written).toHaveLength(5)
  await merge('a', { protocols: ['info', 'ping'] })
  expect(written).toHaveLength(5)
  await clock.advance(60_000)
  await merge('a', { protocols: ['info'] })
  expect(written).toHaveLength(6)
})

it('O-05: when a peer says anew what it speaks, the next call is noted again', async () => {
  const { merge, written, set } = store()
  await merge('a', { protocols: ['info'] })
  set('a' as unknown as PeerId, ['identify'])
  expect((await merge('a', { protocols: ['info'] })).protocols).toEqual(['identify', 'info'])
  expect(written).toHaveLength(2)
})

it('M-41: what we serve again after a pause is told to others again', async () => {
  const { merge, set } = store()
  await merge(SELF, { protocols: ['info'] })
  // Of ourselves libp2p tells under another name of event.
  set(SELF as unknown as PeerId, [])
  await merge(SELF, { protocols: ['info'] })
  expect((await merge(SELF, { protocols: ['ping'] })).protocols).toEqual(['info', 'ping'])
})
