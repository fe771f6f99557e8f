import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { DhtRecord, FoundValue, HivemindDht } from '../hivemind/dht'
import { NO_DETAILS, type ServerInfo } from '../hivemind/server-info'
import { PROFILES } from '../network/profiles'
import { createHivemindWriter } from './hivemind-writer'
import type { WriteReport } from './record-writer'

const INFO: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 0,
  endBlock: 8,
  publicName: 'pear',
  version: '1',
  ...NO_DETAILS,
}
const WHAT = {
  model: { dhtPrefix: 'M', blockCount: 8, repository: null },
  range: { start: 0, end: 8 },
  info: () => INFO,
}
const newPeer = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const [self, near, bootstrap] = [await newPeer(), await newPeer(), await newPeer()]

it('X-02: reads back from the peer that keeps the most, and asks nobody for what it never kept', async () => {
  const kept = new Map<string, DhtRecord[]>()
  const asked: string[] = []
  const dht: Pick<HivemindDht, 'store' | 'findAt'> = {
    async store(records) {
      // One of the nearest answers first, for the two records that lie near it.
      kept.set(near.toString(), records.slice(0, 2))
      kept.set(bootstrap.toString(), [...records])
      return records.map((record, i) => ({
        record,
        ackedBy: i < 2 ? [near, bootstrap] : [bootstrap],
        refusedBy: [],
        failed: [],
      }))
    },
    async findAt(peer: PeerId, keys) {
      asked.push(peer.toString())
      const found = new Map<string, FoundValue>()
      for (const { key, value, expirationS } of kept.get(peer.toString()) ?? []) {
        if (!keys.includes(key)) continue
        const entries = new Map([[self.toString(), { value: value as Uint8Array, expirationS }]])
        found.set(key, { kind: 'dictionary', entries, expirationS })
      }
      return found
    },
  }
  const writer = createHivemindWriter({
    ...{ dht: dht as HivemindDht, self, bootstraps: () => [bootstrap] },
    ...{ profile: PROFILES.local, clock: new FakeClock() },
  })
  const report: WriteReport = { acknowledged: 0, total: 0, ackedBy: [], readBack: null }
  await writer.write(WHAT, INFO, report, { signal: new AbortController().signal, speaksForNode: true })
  expect(report.readBack).toEqual({ by: bootstrap.toString(), found: 8, asked: 8 })
  expect(report.ackedBy).toEqual([bootstrap.toString(), near.toString()])
  expect(asked).toEqual([bootstrap.toString()])
})
