import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { PROFILES } from '../network/profiles'
import { dhtIdOf } from './dht-id'
import { MODELS_KEY } from './model-index'
import { createStoreGate, OPEN_RULES, storeRulesOf } from './store-rules'

const keys = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
const [owner, neighbour] = keys.map((key) => peerIdFromPrivateKey(key)) as [
  ReturnType<typeof peerIdFromPrivateKey>,
  ReturnType<typeof peerIdFromPrivateKey>,
]
const clock = { now: () => 1_000_000_000 }
const nowS = 1_000_000
const rules = storeRulesOf(PROFILES.espalier)
const gate = createStoreGate(rules, clock)

describe('what a node keeps for others in our own networks', () => {
  it('an entry under a peer id from that peer, however long it lives', () => {
    expect(gate.takesEntry(owner.toString(), owner, nowS + 80_000, false)).toBe(true)
    expect(gate.takesEntry(owner.toString(), neighbour, nowS + 10, false)).toBe(false)
  })

  it('from a neighbour that hands it over, no longer than it could have been written for', () => {
    const longestS = PROFILES.espalier.timings.recordLifetimeMs / 1000 + 60
    expect(gate.takesEntry(owner.toString(), neighbour, nowS + longestS, true)).toBe(true)
    expect(gate.takesEntry(owner.toString(), neighbour, nowS + longestS + 1, true)).toBe(false)
  })

  it('entries under other words from everybody: nobody owns them', () => {
    expect(gate.takesEntry('a-model', neighbour, nowS + 80_000, false)).toBe(true)
  })

  it('no regular value where many write', () => {
    const { serversKey } = PROFILES.espalier
    for (const key of [MODELS_KEY, ...(serversKey === null ? [] : [serversKey])])
      expect(gate.takesRegular(dhtIdOf(key))).toBe(false)
    expect(gate.takesRegular(dhtIdOf('anything'))).toBe(true)
    expect(
      createStoreGate(storeRulesOf({ ...PROFILES.espalier, serversKey: 'servers' }), clock).takesRegular(
        dhtIdOf('servers'),
      ),
    ).toBe(false)
  })
})

it('a network of other programs need not keep to that', () => {
  const open = createStoreGate(storeRulesOf(PROFILES.petals), clock)
  expect(open.takesEntry(owner.toString(), neighbour, nowS + 80_000, false)).toBe(true)
  expect(createStoreGate(OPEN_RULES, clock).takesRegular(dhtIdOf(MODELS_KEY))).toBe(false)
})

it('records are kept three lifetimes, and an hour at least', () => {
  const withLifetime = (recordLifetimeMs: number) =>
    storeRulesOf({ ...PROFILES.espalier, timings: { ...PROFILES.espalier.timings, recordLifetimeMs } }).keptLifetimeMs
  expect(withLifetime(6_000)).toBe(3_600_000)
  expect(withLifetime(7_200_000)).toBe(21_600_000)
})
