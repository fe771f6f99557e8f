import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { IPFS_KAD_PROTOCOL } from '../../src-main/network/profiles'
import { REAL_ROOMS } from '../../src-main/node/rooms'
import type { NodeStatus } from '../../src-shared/status'
import { type ForeignPeer, startForeignPeer } from '../foreign-peer'
import { type LiveNetwork, type LiveNode, PATIENCE_MS, startLiveNetwork, stepOf, until } from '../live-network'

// One node of ours in a network in which all others speak hivemind's wire and Petals' rpc_check, and nothing of ours.

let network: LiveNetwork
let peers: ForeignPeer[] = []
let node: LiveNode
/** Ends the node's own answers to rpc_info and rpc_check. */
const ends: Partial<Record<'info' | 'check', () => Promise<void>>> = {}

const isSeen = (status: NodeStatus) => stepOf(status, 'visible').state === 'done'
const blockedBy = (code: string) => (status: NodeStatus) => stepOf(status, 'visible').blocker?.code === code
const isAnnounced = (status: NodeStatus) => stepOf(status, 'announce').state === 'done'

beforeAll(async () => {
  const first = await startForeignPeer()
  peers = [first, await startForeignPeer(...first.addresses()), await startForeignPeer(...first.addresses())]
  for (const { dht } of peers) await dht.bootstrap([first.peerId])
  network = await startLiveNetwork({
    kadProtocol: IPFS_KAD_PROTOCOL,
    profile: { ownsEntries: false },
    bootstrapPeers: () => peers.flatMap((peer) => peer.addresses()),
  })
  node = await network.join({
    rooms: {
      async serveRpcInfo(...args) {
        ends.info = await REAL_ROOMS.serveRpcInfo(...args)
        return ends.info
      },
      async serveRpcCheck(...args) {
        ends.check = await REAL_ROOMS.serveRpcCheck(...args)
        return ends.check
      },
    },
  })
})
afterAll(async () => {
  await network?.close()
  await Promise.all(peers.map((peer) => peer.stop()))
})
afterEach(async () => {
  for (const peer of peers) {
    peer.probe = 'honest'
    await peer.dht.setMode('server')
  }
})

describe('a node alone among peers of another family', () => {
  it('M-17: is visible by what two of them do, and waits for work', async () => {
    const status = await until(node, 'visible', isSeen, PATIENCE_MS)
    const { evidence } = stepOf(status, 'visible')
    const came = evidence.filter(({ value }) => value.startsWith('dialled back on a new connection from 127.0.0.1'))
    expect(new Set(came.map(({ by }) => by)).size).toBe(2)
    for (const { by, value } of evidence) {
      expect(peers.map(({ peerId }) => peerId.toString())).toContain(by)
      expect(value).toContain('(p2pd/0.1, not signed)')
    }
    await until(node, 'waiting', ({ shape }) => shape === 'waiting')
    expect(node.node.status()).toMatchObject({ headline: 'Visible, waiting for work' })
    expect(node.node.status().othersSee?.steps.map(({ state }) => state)).toEqual(Array(5).fill('pass'))
    expect(node.node.status().othersSee?.foreign?.filter(({ reach }) => reach === 'fresh')).toHaveLength(2)
  })

  it('D-T17: each look is shown by new connections', async () => {
    const asked = () => peers.reduce((sum, peer) => sum + peer.asked.length, 0)
    const before = asked()
    await until(node, 'looked at twice more', () => asked() >= before + 4)
    await until(node, 'visible', isSeen)
  })

  it('asks about itself alone', () => {
    const self = node.node.status().peerId
    expect(new Set(peers.flatMap(({ asked }) => asked.map(String)))).toEqual(new Set([self]))
  })

  it('tells a peer that asks whether it can be reached, and nobody about others', async () => {
    const [first, second] = peers
    const subject = await subjectPeer()
    if (!first || !second || !subject) throw new Error('no peers')
    expect(await first.checks(subject, first.peerId)).toBe(true)
    await expect(first.checks(subject, second.peerId)).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
  })

  it('those whose probers come back by themselves count by when they came', async () => {
    for (const peer of peers) peer.probe = 'eager'
    const called = ({ othersSee }: NodeStatus) => othersSee?.foreign?.filter(({ reach }) => reach === 'called') ?? []
    const status = await until(node, 'called', (one) => called(one).length === 2 && isSeen(one))
    const { evidence } = stepOf(status, 'visible')
    expect(evidence.some(({ value }) => value.startsWith('dialled back with a call'))).toBe(true)
  })

  it.each([
    ['says yes to everything', 'lying'],
    ['says so over the connection that is there', 'cached'],
  ] as const)('false green: not while all but one of them %s', async (_, probe) => {
    await until(node, 'visible', isSeen)
    for (const peer of peers.slice(1)) peer.probe = probe
    const { blocker } = stepOf(await until(node, 'doubted', blockedBy('NOT_DIALLED_BACK')), 'visible')
    expect(blocker?.cause).toContain('opened no new connection')
  })

  it('false green: not while only one of them returns the records', async () => {
    await until(node, 'visible', isSeen)
    for (const { dht } of peers.slice(1)) await dht.setMode('client')
    const isFound = (status: NodeStatus) =>
      isAnnounced(status) && /1 returned the records/.test(stepOf(status, 'visible').blocker?.cause ?? '')
    await until(node, 'announced and doubted', isFound)
  })

  it('false green: not without an answer to rpc_info', async () => {
    await until(node, 'visible', isSeen)
    await ends.info?.()
    await until(node, 'doubted', blockedBy('REMOTE_ERROR'))
  })

  it('false green: not without an answer to rpc_check', async () => {
    await ends.check?.()
    const cannot = (status: NodeStatus) => stepOf(status, 'visible').blocker?.cause.includes('cannot reach') ?? false
    await until(node, 'not reached', (status) => blockedBy('NOT_DIALLED_BACK')(status) && cannot(status))
  })

  async function subjectPeer() {
    const self = node.node.status().peerId
    const [first] = peers
    return first?.dht.knownPeers().find((peer) => peer.toString() === self)
  }
})
