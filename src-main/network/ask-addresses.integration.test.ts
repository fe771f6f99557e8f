import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { askForAddresses } from './ask-addresses'
import { reachPeer, routingReady } from './find-peer'
import type { Host } from './host'
import { PROFILES } from './profiles'

const hosts: Host[] = []
let router: Host
let asker: Host
let peers: Host[]

async function start(listens = true): Promise<Host> {
  const host = await loopbackHost({ listens })
  hosts.push(host)
  return host
}

beforeAll(async () => {
  router = await start()
  peers = [await start(), await start(), await start()]
  for (const peer of peers) await connect(peer, router)
  const isKnown = (peer: Host) =>
    router.peerStore.get(peer.peerId).then(
      ({ addresses }) => addresses.length > 0,
      () => false,
    )
  for (const peer of peers) while (!(await isKnown(peer))) await systemClock.sleep(20)
  asker = await start(false)
  await connect(asker, router)
  await routingReady(asker, within())
})
afterAll(() => Promise.all(hosts.map((host) => host.stop())))

const within = () => AbortSignal.timeout(20_000)
const asked = () =>
  router.services.calls.figures().protocols.find(({ protocol }) => protocol === PROFILES.local.kadProtocol)?.admitted ??
  0

it('M-17: a router is asked for many peers over one stream, and again after it ended that stream', async () => {
  const desk = askForAddresses({ host: asker, routers: [router.peerId], clock: systemClock })
  const before = asked()
  for (const peer of [...peers, ...peers]) {
    const addresses = await desk.addressesOf(peer.peerId, within())
    expect(addresses.map(String)).toContain(peer.getMultiaddrs()[0]?.toString().replace(`/p2p/${peer.peerId}`, ''))
  }
  expect(asked() - before).toBe(1)
  const nobody = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  expect(await desk.addressesOf(nobody, within())).toEqual([])

  const kad = router
    .getConnections(asker.peerId)
    .flatMap(({ streams }) => streams)
    .filter(({ protocol }) => protocol === PROFILES.local.kadProtocol)
  for (const stream of kad) stream.abort(new Error('idle for too long'))
  expect(await desk.addressesOf(peers[0]!.peerId, within())).not.toEqual([])
  // At once, they get a stream each.
  const answers = await Promise.all(peers.map((peer) => desk.addressesOf(peer.peerId, within())))
  expect(answers.every((addresses) => addresses.length > 0)).toBe(true)
  desk.close()
  await expect.poll(() => asker.getConnections().flatMap(({ streams }) => streams), { timeout: 10_000 }).toEqual([])
})

it('M-17: a peer is reached with what the routers say, and without them as ever', async () => {
  const desk = askForAddresses({ host: asker, routers: [router.peerId], clock: systemClock })
  const [known, other] = [peers[0]!, peers[1]!]
  await reachPeer(asker, known.peerId, within(), desk)
  expect(asker.getConnections(known.peerId)).toHaveLength(1)
  const silent = { addressesOf: async () => [], close: () => undefined }
  await reachPeer(asker, other.peerId, within(), silent)
  expect(asker.getConnections(other.peerId)).toHaveLength(1)
  desk.close()
})
