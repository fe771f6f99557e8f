import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { evictGonePeers } from './evict-gone'
import type { Host } from './host-services'

const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

/** A host of which a peer has left; `connections` with others, and whether the peer answers when it is dialled. */
function setUp({ connections = 1, answers = false, isBack = false } = {}) {
  const clock = new FakeClock()
  const events = new EventTarget()
  const done: string[] = []
  const host = Object.assign(events, {
    status: 'started',
    getConnections: (who?: PeerId) => Array(who ? Number(isBack) : connections).fill({}),
    dial: async () => {
      done.push('dialled')
      if (!answers) throw new Error('nobody there')
    },
    services: { dht: { routingTable: { remove: async () => void done.push('removed') } } },
  }) as unknown as Host
  const stop = evictGonePeers(host, clock)
  const leave = () => events.dispatchEvent(new CustomEvent('peer:disconnect', { detail: peer }))
  return { clock, done, leave, stop }
}

it('a peer whose connection ended is dialled once, and taken out when it does not answer', async () => {
  const { clock, done, leave } = setUp()
  leave()
  leave()
  await clock.advance(2_000)
  expect(done).toEqual(['dialled', 'removed'])
  const there = setUp({ answers: true })
  there.leave()
  await there.clock.advance(2_000)
  expect(there.done).toEqual(['dialled'])
})

it('one that has come by another way meanwhile stays', async () => {
  const { clock, done, leave } = setUp({ isBack: true })
  leave()
  await clock.advance(2_000)
  expect(done).toEqual(['dialled'])
})

it('with more than 100 connections the library closes some itself, and nobody is dialled for that', async () => {
  for (const [connections, dials] of [
    [100, 1],
    [101, 0],
  ] as const) {
    const { clock, done, leave } = setUp({ connections, answers: true })
    leave()
    await clock.advance(2_000)
    expect(done, `${connections}`).toHaveLength(dials)
  }
})

it('after the end nobody is dialled, and nothing waits', async () => {
  const { clock, done, leave, stop } = setUp()
  leave()
  stop()
  expect(clock.pending).toBe(0)
  leave()
  await clock.advance(2_000)
  expect(done).toEqual([])
})
