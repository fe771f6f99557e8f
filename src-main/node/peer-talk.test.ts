import { expect, it } from 'vitest'
import { MAX_TALKS } from '../../src-shared/readiness'
import type { SentCommand } from '../shards/commands/command-service'
import { createPeerTalk, type PeerTalkNow } from './peer-talk'

const PEERS = Array.from({ length: 7 }, (_, index) => `peer ${index}`)

const answered = (peer: string, change: Partial<SentCommand> = {}): SentCommand => ({
  ...{ peer, type: 'ASK_VIEW', at: 1_000, roundTripMs: 12, outcome: 'view' },
  ...change,
})
const now = (change: Partial<PeerTalkNow> = {}): PeerTalkNow => ({
  peers: PEERS,
  sent: PEERS.map((peer) => answered(peer)),
  views: PEERS.map((peer) => ({ peer, seesUs: true, at: 1_000 })),
  isConnected: () => true,
  ...change,
})
const cut = (peer: string) => (other: string) =>
  answered(other, other === peer ? { roundTripMs: null, outcome: 'PEER_UNREACHABLE' } : {})

it('S-44: of eight nodes one link is cut: exactly its line says so, first, with the reason and what to do', () => {
  const talks = createPeerTalk()(now({ sent: PEERS.map(cut('peer 4')), isConnected: (peer) => peer !== 'peer 4' }))
  expect(talks).toHaveLength(7)
  const [first, ...others] = talks
  expect(first).toMatchObject({ peer: 'peer 4', isConnected: false, command: { type: 'ASK_VIEW', roundTripMs: null } })
  expect(first?.command?.failure).toMatchObject({ code: 'PEER_UNREACHABLE', action: expect.stringMatching(/./) })
  for (const { isConnected, command } of others) {
    expect([isConnected, command]).toEqual([true, { type: 'ASK_VIEW', at: 1_000, roundTripMs: 12, failure: null }])
  }
})

it('S-44: a refusal is an answer: its time and its reason; what was never sent is nothing', () => {
  const sent = [answered('peer 0', { outcome: 'MODEL_NOT_SERVED' })]
  const talks = createPeerTalk()(now({ sent }))
  expect(talks[0]?.command).toMatchObject({ roundTripMs: 12, failure: { code: 'MODEL_NOT_SERVED' } })
  expect(talks.slice(1).map(({ command }) => command)).toEqual(Array(6).fill(null))
})

it('S-44: a command under way leaves what the last one found, until it ends or the node is gone', () => {
  const talk = createPeerTalk()
  const only = { peers: ['peer 0'] }
  const underWay = [answered('peer 0', { at: 2_000, roundTripMs: null, outcome: null })]
  const failures = (change: Partial<PeerTalkNow>) => talk(now(change)).map(({ command }) => command?.failure?.code)
  expect(failures({ ...only, sent: [cut('peer 0')('peer 0')] })).toEqual(['PEER_UNREACHABLE'])
  expect(failures({ ...only, sent: underWay })).toEqual(['PEER_UNREACHABLE'])
  expect(failures({ ...only, sent: underWay })).toEqual(['PEER_UNREACHABLE'])
  expect(failures({ ...only, sent: [answered('peer 0', { at: 2_000 })] })).toEqual([undefined])
  expect(failures({ ...only, sent: [cut('peer 0')('peer 0')] })).toEqual(['PEER_UNREACHABLE'])
  expect(failures({ peers: [] })).toEqual([])
  expect(talk(now({ ...only, sent: underWay }))[0]?.command).toMatchObject({ at: 2_000, failure: null })
})

it('S-17: who does not know what is loaded here comes before those who do, and after links that are cut', () => {
  const views = PEERS.map((peer) => ({
    peer,
    seesUs: peer === 'peer 5' ? false : peer === 'peer 6' ? null : true,
    at: 0,
  }))
  const talks = createPeerTalk()(now({ views, sent: PEERS.map(cut('peer 6')) }))
  expect(talks.map(({ peer, seesUs }) => [peer, seesUs]).slice(0, 3)).toEqual([
    ['peer 6', null],
    ['peer 5', false],
    ['peer 0', true],
  ])
})

it('S-44: of a large network as many lines as the page takes, and none with trouble is missing', () => {
  const peers = Array.from({ length: 200 }, (_, index) => `peer ${index}`)
  const talks = createPeerTalk()(now({ peers, sent: peers.map(cut('peer 99')) }))
  expect(talks).toHaveLength(MAX_TALKS)
  expect(talks[0]?.peer).toBe('peer 99')
})
