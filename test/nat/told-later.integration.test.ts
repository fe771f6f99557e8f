import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, expect, it } from 'vitest'
import { findAddresses } from '../../src-main/network/find-peer'
import { createHost, type Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { isRelayed, keepRelayPlaces } from '../../src-main/network/relay-place'
import { systemClock } from '../../src-shared/clock'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function host(what: { isRelay?: boolean; listens?: boolean } = {}): Promise<Host> {
  const { isRelay = false, listens = true } = what
  const made = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: listens ? 0 : null,
    kadMode: listens ? 'server' : 'client',
    isRelay,
  })
  ends.push(() => made.stop())
  return made
}

it('a node that is met first and has its place at a relay later is found by strangers, through those whom it met', async () => {
  const [relay, friend, closed] = [await host({ isRelay: true }), await host(), await host({ listens: false })]
  const named = new Promise<void>((resolve) =>
    friend.addEventListener('peer:identify', ({ detail }) => detail.peerId.equals(closed.peerId) && resolve()),
  )
  await closed.dial(friend.getMultiaddrs())
  await named
  const known = async () =>
    (await friend.peerStore.get(closed.peerId)).addresses.map(({ multiaddr }) => multiaddr).filter(isRelayed)
  expect(await known()).toEqual([])
  const place = new Promise<string | null>((resolve) => {
    ends.push(
      keepRelayPlaces({
        host: closed,
        relays: () => [{ peerId: relay.peerId, multiaddrs: relay.getMultiaddrs() }],
        clock: systemClock,
        onPlace: (_, error) => resolve(error),
      }),
    )
  })
  expect(await place).toBe(null)
  await expect.poll(known, { timeout: 15_000 }).not.toEqual([])
  // It hears of the relay from the friend alone.
  const stranger = await host({ listens: false })
  await stranger.dial(friend.getMultiaddrs())
  const found = await findAddresses(stranger, closed.peerId, systemClock, AbortSignal.timeout(15_000))
  const { remotePeer, limits } = await stranger.dial(found, { signal: AbortSignal.timeout(15_000) })
  expect([remotePeer.toString(), limits === undefined]).toEqual([closed.peerId.toString(), false])
})
