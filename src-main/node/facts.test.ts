import { describe, expect, it } from 'vitest'
import { NodeStatusSchema, type PeerSummary } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { PROFILES } from '../network/profiles'
import type { NodeConfig } from './config'
import { MAX_PEERS_SHOWN, noFacts, shownPeers, statusOf } from './facts'
import { createSteps } from './steps'

const peer = (index: number, changes: Partial<PeerSummary> = {}): PeerSummary => ({
  peerId: `12D3KooW${String(index).padStart(44, 'x')}`,
  publicName: `node ${index} ${'n'.repeat(40)}`,
  blocks: { start: 40, end: 48 },
  state: 'online',
  roundTripMs: 12.345,
  isSelf: false,
  seenAt: 1_700_000_000_000,
  ...changes,
})

describe('the peers in a status', () => {
  it('1,000 peers stay far below the limit of a message, and those left out are counted', () => {
    const clock = new FakeClock()
    const facts = noFacts()
    facts.view = { ...facts.view, peers: Array.from({ length: 1_000 }, (_, index) => peer(index)) }
    const config = { profile: PROFILES.local, publicName: 'x', coordinatorUrl: null } as NodeConfig
    const status = statusOf(
      config,
      facts,
      createSteps(clock, () => undefined),
      1,
      1,
    )
    expect(NodeStatusSchema.parse(status).peersLeftOut).toBe(1_000 - MAX_PEERS_SHOWN)
    expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(100_000)
  })

  it('ourselves and who serves next to us are never the ones left out', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => peer(index))
    const self = peer(1_001, { isSelf: true, state: 'joining' })
    const neighbour = peer(1_002, { blocks: { start: 8, end: 16 } })
    const { peers, peersLeftOut } = shownPeers([...many, self, neighbour], { start: 0, end: 8 })
    expect(peers).toHaveLength(MAX_PEERS_SHOWN)
    expect(peersLeftOut).toBe(702)
    expect(peers).toEqual(expect.arrayContaining([self, neighbour]))
  })

  it('those that are online come before those that are not, and the order stays', () => {
    const away = Array.from({ length: MAX_PEERS_SHOWN }, (_, index) =>
      peer(index, { state: 'unreachable', blocks: null }),
    )
    const online = [peer(900, { blocks: null }), peer(901, { blocks: null })]
    const { peers, peersLeftOut } = shownPeers([...away, ...online], { start: 0, end: 8 })
    expect(peers.slice(-2)).toEqual(online)
    expect([peers[0], peersLeftOut]).toEqual([away[0], 2])
  })

  it('all are listed where they fit', () => {
    const most = Array.from({ length: MAX_PEERS_SHOWN }, (_, index) => peer(index))
    expect(shownPeers(most, null)).toEqual({ peers: most })
    expect(shownPeers([peer(1), peer(2)], null)).toEqual({ peers: [peer(1), peer(2)] })
  })
})
