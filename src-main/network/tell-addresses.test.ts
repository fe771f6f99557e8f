import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { Host } from './host-services'
import { IDENTIFY_PUSH, tellAddresses } from './tell-addresses'

/** A host that is nothing but its addresses and events, and peers that count what they are told. */
function start() {
  const events = new EventTarget()
  const clock = new FakeClock()
  const told: string[] = []
  let addresses: Multiaddr[] = []
  let refused = 0
  let asks = 0
  let reading: Promise<void> | null = null
  const getMultiaddrs = () => {
    asks++
    return addresses
  }
  const host = Object.assign(events, { getMultiaddrs }) as unknown as Host
  const stop = tellAddresses(host, clock, async (to) => {
    if (refused-- > 0) throw new Error('not now')
    told.push(`${to.id} ${addresses.join(' ')}`)
    await reading
  })
  const emit = (type: string, detail?: unknown) => events.dispatchEvent(new CustomEvent(type, { detail }))
  const connectionOf = (id: string) => ({ id }) as Connection
  return {
    ...{ clock, told, stop },
    meet(id: string): Connection {
      const connection = connectionOf(id)
      emit('connection:open', connection)
      return connection
    },
    identified: (connection: Connection, protocols = [IDENTIFY_PUSH]) =>
      emit('peer:identify', { connection, protocols }),
    leave: (connection: Connection) => emit('connection:close', connection),
    beAt(...at: string[]) {
      addresses = at.map((text) => multiaddr(text))
      emit('self:peer:update')
    },
    refuse(times: number) {
      refused = times
    },
    /** Who is told from now on takes its time, until what it returns is called. */
    readSlowly() {
      const { promise, resolve } = Promise.withResolvers<void>()
      reading = promise
      return resolve
    },
    asks: () => asks,
  }
}

const RELAYED = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5/p2p-circuit'
const OWN = '/ip4/127.0.0.1/tcp/2'

it('whoever was met before an address was there is told of it, once, and nobody of nothing', async () => {
  const { clock, told, meet, identified, beAt } = start()
  identified(meet('early'))
  await clock.advance(60_000)
  expect(told).toEqual([])
  beAt(RELAYED)
  beAt(RELAYED)
  await clock.advance(60_000)
  expect(told).toEqual([`early ${RELAYED}`])
  // Who comes now is answered so.
  identified(meet('late'))
  await clock.advance(60_000)
  expect(told).toHaveLength(1)
  // Two changes within moments are one, and that there is none any more cannot be said.
  beAt(RELAYED, OWN)
  beAt(OWN)
  await clock.advance(60_000)
  beAt()
  await clock.advance(60_000)
  expect(told.slice(1)).toEqual([`early ${OWN}`, `late ${OWN}`])
  expect(clock.pending).toBe(0)
})

it('who has not said yet what it speaks is told when it has, and does not keep others from hearing it', async () => {
  const { clock, told, meet, identified, beAt } = start()
  const slow = meet('slow')
  const mute = meet('mute')
  identified(meet('quick'))
  identified(mute, ['/ipfs/id/1.0.0'])
  beAt(RELAYED)
  await clock.advance(60_000)
  expect(told).toEqual([`quick ${RELAYED}`])
  identified(slow)
  await clock.advance(1_000)
  expect(told.slice(1)).toEqual([`slow ${RELAYED}`])
  expect(clock.pending).toBe(0)
})

it('who did not take it is told again, at growing intervals, until it has or is gone', async () => {
  const { clock, told, meet, identified, beAt, leave, refuse, stop } = start()
  const peer = meet('peer')
  identified(peer)
  refuse(3)
  beAt(RELAYED)
  await clock.advance(14_000)
  expect(told).toEqual([])
  await clock.advance(1_000)
  expect(told).toEqual([`peer ${RELAYED}`])
  refuse(1_000)
  beAt(OWN)
  await clock.advance(300_000)
  expect(clock.pending).toBe(1)
  leave(peer)
  await clock.advance(60_000)
  expect(clock.pending).toBe(0)
  identified(meet('another'))
  beAt(RELAYED)
  stop()
  expect(clock.pending).toBe(0)
})

it('who is still reading is told nothing twice, and what changed meanwhile after that', async () => {
  const { clock, told, meet, identified, beAt, readSlowly } = start()
  const peer = meet('peer')
  identified(peer)
  const hasRead = readSlowly()
  beAt(RELAYED)
  await clock.advance(1_000)
  beAt(OWN)
  await clock.advance(60_000)
  expect(told).toEqual([`peer ${RELAYED}`])
  hasRead()
  await clock.advance(1_000)
  expect(told.slice(1)).toEqual([`peer ${OWN}`])
  expect(clock.pending).toBe(0)
})

it('news is not kept back by the pauses that older news had come to', async () => {
  const { clock, told, meet, identified, beAt, refuse } = start()
  identified(meet('peer'))
  refuse(1_000)
  beAt(RELAYED)
  await clock.advance(600_000)
  refuse(1)
  beAt(OWN)
  await clock.advance(3_000)
  expect(told).toEqual([`peer ${OWN}`])
})

it('after the end nothing is looked at any more', async () => {
  const { beAt, asks, stop } = start()
  beAt(OWN)
  const before = asks()
  stop()
  beAt(RELAYED)
  expect(asks()).toBe(before)
})
