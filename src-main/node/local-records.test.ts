import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { dhtTimeS } from '../hivemind/expiration'
import type { FoundValue } from '../hivemind/found-value'
import { blockKey, encodeServerInfo, NO_DETAILS, type ServerState } from '../hivemind/server-info'
import { localSpans } from './local-records'

const MODEL = { dhtPrefix: 'M', blockCount: 2 }
const KEY = blockKey('M', 0)

async function setUp() {
  const clock = new FakeClock()
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  const record = (state: ServerState, livesS: number): FoundValue => {
    const info = { state, throughput: 1, startBlock: 0, endBlock: 1, publicName: 'pear', version: '1', ...NO_DETAILS }
    const expirationS = dhtTimeS(clock) + livesS
    return {
      kind: 'dictionary',
      entries: new Map([[peer, { value: encodeServerInfo(info), expirationS }]]),
      expirationS,
    }
  }
  const states = (kept: FoundValue | null, found: FoundValue | null) => {
    const mapOf = (value: FoundValue | null) => new Map(value ? [[KEY, value]] : [])
    return localSpans({ readLocal: () => mapOf(kept) }, MODEL, mapOf(found), clock).map(({ info }) => info.state)
  }
  return { clock, record, states }
}

it('of what is kept here and what was found, what was written later counts, on either side', async () => {
  const { record, states } = await setUp()
  expect(states(record('online', 60), record('joining', 50))).toEqual(['online'])
  expect(states(record('joining', 50), record('online', 60))).toEqual(['online'])
  expect(states(record('offline', 70), record('online', 60))).toEqual(['offline'])
  expect(states(null, record('online', 60))).toEqual(['online'])
  expect(states(record('online', 60), null)).toEqual(['online'])
})

it('what was found and has expired since is gone', async () => {
  const { clock, record, states } = await setUp()
  const found = record('online', 60)
  await clock.advance(59_000)
  expect(states(null, found)).toEqual(['online'])
  await clock.advance(2_000)
  expect(states(null, found)).toEqual([])
})
