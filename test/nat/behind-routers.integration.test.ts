import { createServer } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, it } from 'vitest'
import type { Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { dialBack } from '../../src-main/observe/dial-back'
import { systemClock } from '../../src-shared/clock'
import { loopbackHost } from '../loopback-host'

const ends: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function host(): Promise<Host> {
  const made = await loopbackHost()
  ends.push(() => made.stop())
  return made
}

it('M-17: a third peer is met at any of its addresses, and one that no stranger gets to says nothing about the subject', async () => {
  const [subject, third] = [await host(), await host()]
  await subject.dial(third.getMultiaddrs())
  await expect
    .poll(() =>
      third.peerStore.get(subject.peerId).then(
        ({ addresses }) => addresses.length,
        () => 0,
      ),
    )
    .toBeGreaterThan(0)
  type Via = { peerId: Host['peerId']; addresses: string[] }
  const look = (...vias: Via[]) =>
    dialBack({
      subject: subject.peerId,
      vias: vias.map(({ peerId, addresses }) => ({ peerId, addresses: addresses.map((text) => multiaddr(text)) })),
      // A stranger to the subject: what is found is not found here.
      own: { peerId: subject.peerId, addresses: [] },
      timeoutMs: 10_000,
      forms: [],
      profile: PROFILES.local,
      clock: systemClock,
      signal: AbortSignal.timeout(60_000),
    })
  // As peers tell them of themselves: without their own id, but with that of a relay.
  const relay = await host()
  const own = third.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/.*/, ''))
  const known: Via = { peerId: third.peerId, addresses: [`${relay.getMultiaddrs()[0]}/p2p-circuit`, ...own] }
  expect((await look(known)).dialBack).toMatchObject({ ok: true, addressFrom: third.peerId.toString() })
  // Takes connections, and never says a word: what a dial into somebody else's home network may meet.
  const mute = createServer()
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  ends.push(() => mute.close())
  const address = mute.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { publicKey } = await generateKeyPair('Ed25519')
  const absent = peerIdFromPublicKey(publicKey)
  const atHome: Via = { peerId: absent, addresses: [`/ip4/127.0.0.1/tcp/${port}`] }
  expect((await look(atHome, known)).dialBack).toMatchObject({ ok: true, addressFrom: third.peerId.toString() })
})
