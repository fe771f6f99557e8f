import type { Libp2p, Peer, PeerData, PeerId, PeerUpdate } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { type HostWithPeerStore, leanPeerStore } from './lean-peer-store'

const SELF = 'self'
const PEER = '12D3KooWCLqUSzeX9vfUi3sGRRPw34h6HdaV9dkyt1jcYBnk8ZXz'
const HERE = multiaddr('/ip4/127.0.0.1/tcp/4001')
const THERE = multiaddr('/ip4/127.0.0.1/tcp/4002')

/** A peer store that counts what is read and written, and tells of changes as libp2p does: before the write returns. */
function store() {
  const clock = new FakeClock()
  const events = new EventTarget()
  const peers = new Map<string, PeerData>()
  /** Addresses whose hour is over: kept with the time when they were first told, and given to nobody. */
  const expired = new Set<string>()
  const written: string[] = []
  const read: string[] = []
  /** Held back until the test lets it go on. */
  const gate = { read: Promise.resolve(), write: Promise.resolve() }
  const id = (name: string) => name as unknown as PeerId
  const peerOf = (name: string) => {
    const { protocols = [], multiaddrs = [] } = peers.get(name) ?? {}
    return {
      id: id(name),
      protocols: [...protocols],
      addresses: multiaddrs
        .filter((address) => !expired.has(address.toString()))
        .map((address) => ({ multiaddr: address, isCertified: false })),
    } as unknown as Peer
  }
  const set = (name: string, data: PeerData) => {
    peers.set(name, data)
    const event = name === SELF ? 'self:peer:update' : 'peer:update'
    events.dispatchEvent(new CustomEvent<PeerUpdate>(event, { detail: { peer: peerOf(name) } }))
  }
  const write = async (kind: string, to: PeerId, data: PeerData, merged: PeerData) => {
    written.push(`${kind} ${to} ${Object.keys(data).join()}`)
    await gate.write
    set(to.toString(), merged)
    return peerOf(to.toString())
  }
  const peerStore: HostWithPeerStore['peerStore'] = {
    async get(of) {
      read.push(of.toString())
      const peer = peerOf(of.toString())
      await gate.read
      if (!peers.has(of.toString())) throw new Error('not found')
      return peer
    },
    merge(to, data) {
      const before = peers.get(to.toString()) ?? {}
      const multiaddrs = (before.multiaddrs ?? []).filter((address) => !expired.has(address.toString()))
      // What is written without an expired address has forgotten when that was told.
      if (!data.multiaddrs) expired.clear()
      for (const told of data.multiaddrs ?? []) if (!multiaddrs.some((kept) => kept.equals(told))) multiaddrs.push(told)
      const protocols = [...new Set([...(before.protocols ?? []), ...(data.protocols ?? [])])]
      return write('merge', to, data, { protocols, multiaddrs })
    },
    patch: (to, data) => write('patch', to, data, { ...peers.get(to.toString()), ...data }),
    save: (to, data) => write('save', to, data, data),
    async delete(of) {
      peers.delete(of.toString())
    },
  }
  const host = { peerId: id(SELF), peerStore, addEventListener: events.addEventListener.bind(events) }
  leanPeerStore(host as typeof host & Pick<Libp2p, 'addEventListener'>, clock)
  const merge = (name: string, data: PeerData) => peerStore.merge(id(name), data)
  const get = (name: string) => peerStore.get(id(name))
  return { clock, peerStore, id, merge, get, written, read, set, gate, expired }
}

it('O-05: that a peer speaks a protocol is noted once a minute, and not with every call', async () => {
  const { clock, merge, written } = store()
  for (let call = 0; call < 50; call++) {
    expect((await merge('a', { protocols: ['info'] })).protocols).toEqual(['info'])
    await merge('b', { protocols: ['info'] })
  }
  expect(written).toEqual(['merge a protocols', 'merge b protocols'])
  // Another protocol, and everything that is not about protocols and addresses, is written at once.
  expect((await merge('a', { protocols: ['ping'] })).protocols).toEqual(['info', 'ping'])
  await merge('a', { protocols: ['ping'], metadata: {} })
  await merge('a', { tags: {} })
  expect(written).toHaveLength(5)
  await merge('a', { protocols: ['info', 'ping'] })
  expect(written).toHaveLength(5)
  await clock.advance(60_000)
  await merge('a', { protocols: ['info'] })
  expect(written).toHaveLength(6)
})

it('O-05: where a peer lives is noted once a minute, and not with every answer that names it', async () => {
  const { clock, merge, get, written, read } = store()
  for (let answer = 0; answer < 50; answer++) await merge(PEER, { multiaddrs: [HERE] })
  await merge(PEER, { multiaddrs: [HERE.encapsulate(`/p2p/${PEER}`)] })
  expect(written).toEqual([`merge ${PEER} multiaddrs`])
  await merge(PEER, { multiaddrs: [HERE, THERE] })
  expect(written).toHaveLength(2)
  expect((await get(PEER)).addresses.map(({ multiaddr: address }) => address.toString())).toEqual([
    `${HERE}`,
    `${THERE}`,
  ])
  expect(read).toEqual([])
  await clock.advance(60_000)
  await merge(PEER, { multiaddrs: [HERE] })
  expect(written).toHaveLength(3)
})

it('M-30: an address whose hour is over counts again as soon as it is told again', async () => {
  const { clock, merge, get, expired } = store()
  const addressesOf = async () => (await get(PEER)).addresses.map(({ multiaddr: address }) => address.toString())
  await merge(PEER, { multiaddrs: [HERE], protocols: ['info'] })
  expired.add(HERE.toString())
  await clock.advance(60_000)
  expect(await addressesOf()).toEqual([])
  await merge(PEER, { multiaddrs: [HERE] })
  expect(await addressesOf()).toEqual([HERE.toString()])
})

it('O-05: a peer is read once a minute, and every change is known from the news of it', async () => {
  const { clock, get, set, read, written, peerStore, id } = store()
  set('a', { protocols: ['info'] })
  await clock.advance(60_000)
  for (let question = 0; question < 50; question++) expect((await get('a')).protocols).toEqual(['info'])
  expect(read).toEqual(['a'])
  set('a', { protocols: ['ping'] })
  expect((await get('a')).protocols).toEqual(['ping'])
  await peerStore.patch(id('a'), { protocols: ['patched'] })
  expect((await get('a')).protocols).toEqual(['patched'])
  await peerStore.save(id('a'), { protocols: ['saved'] })
  expect((await get('a')).protocols).toEqual(['saved'])
  expect(read).toEqual(['a'])
  await clock.advance(60_000)
  expect((await get('a')).protocols).toEqual(['saved'])
  expect(read).toEqual(['a', 'a'])
  // To be read is not to be noted.
  const before = written.length
  await peerStore.merge(id('a'), { protocols: ['saved'] })
  expect(written).toHaveLength(before + 1)
})

it('a peer that was deleted is unknown at once, and noted again', async () => {
  const { merge, get, written, peerStore, id } = store()
  await merge('a', { protocols: ['info'] })
  await peerStore.delete(id('a'))
  await expect(get('a')).rejects.toThrow('not found')
  await merge('a', { protocols: ['info'] })
  expect(written).toHaveLength(2)
})

it('what was read before a change that came in between is not remembered', async () => {
  const { get, set, gate } = store()
  set('a', { protocols: ['old'] })
  let go: () => void = () => undefined
  gate.read = new Promise((resolve) => {
    go = resolve
  })
  const reading = get('a')
  set('a', { protocols: ['new'] })
  go()
  await reading
  expect((await get('a')).protocols).toEqual(['new'])
})

it('of two writes about one peer that overlap, the first to end is not remembered', async () => {
  const { merge, get, gate } = store()
  let go: () => void = () => undefined
  gate.write = new Promise((resolve) => {
    go = resolve
  })
  const first = merge('a', { protocols: ['one'] })
  gate.write = Promise.resolve()
  const second = merge('a', { protocols: ['two'] })
  await second
  go()
  await first
  // The last write to arrive made this of it; memory must not say anything else.
  expect((await get('a')).protocols).toEqual(['one'])
})

it('O-05: when a peer says anew what it speaks, the next call is noted again', async () => {
  const { merge, written, set } = store()
  await merge('a', { protocols: ['info'] })
  set('a', { protocols: ['identify'] })
  expect((await merge('a', { protocols: ['info'] })).protocols).toEqual(['identify', 'info'])
  expect(written).toHaveLength(2)
})

it('M-41: what we serve again after a pause is told to others again', async () => {
  const { merge, set } = store()
  await merge(SELF, { protocols: ['info'] })
  // Of ourselves libp2p tells under another name of event.
  set(SELF, { protocols: [] })
  await merge(SELF, { protocols: ['info'] })
  expect((await merge(SELF, { protocols: ['ping'] })).protocols).toEqual(['info', 'ping'])
})
