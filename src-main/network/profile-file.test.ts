import { describe, expect, it } from 'vitest'
import { parsePeerAddresses } from './peer-addresses'
import { parseProfile } from './profile-file'
import { IPFS_KAD_PROTOCOL, keepsRecordsAlive, PROFILES } from './profiles'

describe('the shipped profiles', () => {
  it.each(Object.values(PROFILES))(
    'X-05: $name keeps records alive over two lost rounds, and its bootstraps can be dialled',
    (profile) => {
      expect(keepsRecordsAlive(profile.timings)).toBe(true)
      expect(parsePeerAddresses(profile.bootstraps).invalid).toEqual([])
      expect(profile.servesKad && profile.kadProtocol === IPFS_KAD_PROTOCOL).toBe(false)
    },
  )

  it('public maps’ networks take no null repository and keep a model’s entry as it is', () => {
    for (const { allowsNullRepository, guardsModelEntry } of [PROFILES.kwaai, PROFILES.petals]) {
      expect({ allowsNullRepository, guardsModelEntry }).toEqual({
        allowsNullRepository: false,
        guardsModelEntry: true,
      })
    }
    expect(PROFILES.kwaai).toMatchObject({ kadProtocol: '/kwaai/kad/1.0.0', serversKey: '_kwaai.inference.nodes' })
  })
})

describe('a profile of one’s own', () => {
  it('changes what may be changed', () => {
    const profile = parseProfile({
      base: 'kwaai',
      bootstraps: [PROFILES.kwaai.bootstraps[1]],
      announce: { intervalSeconds: 300, expirySeconds: 900 },
    })
    expect(profile).toMatchObject({
      name: 'kwaai',
      bootstraps: [PROFILES.kwaai.bootstraps[1]],
      kadProtocol: '/kwaai/kad/1.0.0',
      allowsNullRepository: false,
      timings: { announceIntervalMs: 300_000, recordLifetimeMs: 900_000, heartbeatIntervalMs: 30_000 },
    })
  })

  it('M-26: says how many peers keep each record, in both forms, and says nothing else by that', () => {
    const profile = parseProfile({ base: 'espalier', replicas: 12 })
    expect(profile).toEqual({ ...PROFILES.espalier, replicas: { hivemind: 12, kademlia: 12 } })
    expect(keepsRecordsAlive(profile.timings)).toBe(true)
  })

  it.each([
    ['M-26: records that one peer keeps', { replicas: 2 }, /at least 3/],
    ['M-26: records that everybody keeps', { replicas: 21 }, /at most 20/],
    ['M-26: half a peer', { replicas: 4.5 }, /replicas/],
    [
      'M-26, X-05: more peers for fewer rounds',
      { replicas: 20, announce: { intervalSeconds: 120, expirySeconds: 240 } },
      /three intervals/,
    ],
    ['M-25: an interval of 10 s', { announce: { intervalSeconds: 10, expirySeconds: 60 } }, /at least 30 s/],
    ['M-25: an interval of an hour', { announce: { intervalSeconds: 3600, expirySeconds: 20_000 } }, /at most 600 s/],
    ['X-05: an expiry of two intervals', { announce: { intervalSeconds: 120, expirySeconds: 240 } }, /three intervals/],
    [
      'X-05: records that others forget sooner',
      { base: 'espalier', announce: { intervalSeconds: 600, expirySeconds: 7200 } },
      /announce\.expirySeconds.*3540/,
    ],
    [
      'X-05: Kademlia records that nobody takes',
      { announceKademlia: { intervalSeconds: 600, expirySeconds: 7200 } },
      /announceKademlia\.expirySeconds.*3600/,
    ],
    ['serving IPFS’s kad', { kadProtocol: IPFS_KAD_PROTOCOL }, /public IPFS/],
    ['a form that nobody reads there', { recordForms: ['kademlia'] }, /hivemind form only/],
    ['M-42: the address of a web page as a bootstrap', { bootstraps: ['https://example.org:8000'] }, /bootstraps/],
    ['a null repository by the back door', { allowsNullRepository: true }, /allowsNullRepository/],
    ['a network that does not exist', { base: 'ipfs' }, /base/],
  ])('refuses %s and says why', (_, change, reason) => {
    expect(() => parseProfile({ base: 'kwaai', ...change })).toThrow(reason)
  })
})

it('O-07, M-11: the documents’ heartbeat of 240 s is one constant, and the hivemind form’s 120 s another', () => {
  for (const { timings } of Object.values(PROFILES)) {
    expect(timings.kademlia).toEqual({ announceIntervalMs: 240_000, recordLifetimeMs: 720_000 })
    expect([timings.announceIntervalMs, timings.recordLifetimeMs]).toEqual([120_000, 360_000])
    expect(timings.kademlia).toBe(PROFILES.local.timings.kademlia)
  }
})
