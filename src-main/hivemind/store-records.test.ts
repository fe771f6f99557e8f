import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { dhtIdKey } from './dht-id'
import type { DhtRpc } from './dht-rpc'
import { type DhtRecord, prepare, storeRecords } from './store-records'

const REPLICAS = 5
const peers: PeerId[] = []
beforeAll(async () => {
  for (let i = 0; i < 12; i++) peers.push(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))
})

const RECORDS: DhtRecord[] = [0, 1, 2, 3, 4, 5].map((block) => ({
  key: `M.${block}`,
  subkey: 'a',
  value: block,
  expirationS: 1,
}))
const prepared = RECORDS.map(prepare)
const keyOf = (index: number) => dhtIdKey(prepared[index]!.item.key)

/** Around the first record lie the peers 0, 1, 2, …, around the second 1, 2, 3, …, around the last they begin at 5. */
const nearestTo = (index: number) => peers.map((_, i) => (index + i) % peers.length)

/** Stores everything and notes what each peer was asked to keep, in how many calls. */
async function storeAll(alsoTo: readonly number[], answer: (peer: number, key: string) => boolean | 'fails') {
  const asked: string[] = []
  const calls = peers.map(() => 0)
  const rpc: Pick<DhtRpc, 'store'> = {
    async store(peer, items) {
      const index = peers.indexOf(peer)
      calls[index]!++
      for (const { key } of items) asked.push(`${dhtIdKey(key)} at ${index}`)
      const answers = items.map(({ key }) => answer(index, dhtIdKey(key)))
      if (answers.includes('fails')) throw new EspalierError('PEER_UNREACHABLE')
      return answers.map((one) => one === true)
    },
  }
  const report = await storeRecords({
    records: prepared,
    nearest: (key) => nearestTo(prepared.findIndex(({ item }) => item.key === key)).map((i) => peers[i]!),
    alsoTo: alsoTo.map((i) => peers[i]!),
    replicas: REPLICAS,
    rpc: rpc as DhtRpc,
    signal: undefined,
  })
  return { report, asked: asked.sort(), calls }
}

const wanted = (of: (index: number) => number[]) =>
  prepared.flatMap((_, index) => of(index).map((peer) => `${keyOf(index)} at ${peer}`)).sort()

it('M-30: every record goes to its five nearest and to every bootstrap, once, and all of one peer in one call', async () => {
  const bootstraps = [2, 11]
  const { report, asked, calls } = await storeAll(bootstraps, () => true)
  expect(asked).toEqual(wanted((i) => [...new Set([...nearestTo(i).slice(0, REPLICAS), ...bootstraps])]))
  expect(Math.max(...calls)).toBe(1)
  expect(report.map(({ record }) => record)).toEqual(RECORDS)
  for (const { ackedBy } of report) expect(ackedBy.length).toBeGreaterThanOrEqual(REPLICAS + 1)
})

it('M-30: where one fails and one refuses the next nearest keep it, and no bootstrap is asked twice', async () => {
  // The first record's sixth nearest, peer 5, is a bootstrap: it has it already.
  const { report, asked } = await storeAll([5], (peer, key) => (peer === 0 ? 'fails' : peer !== 1 || key !== keyOf(0)))
  expect(asked.filter((one) => one.startsWith(keyOf(0)))).toEqual(
    [0, 1, 2, 3, 4, 5, 6].map((peer) => `${keyOf(0)} at ${peer}`).sort(),
  )
  const [first] = report
  expect(first?.ackedBy.map((peer) => peers.indexOf(peer)).sort()).toEqual([2, 3, 4, 5, 6])
  expect(first?.refusedBy).toEqual([peers[1]])
  expect(first?.failed).toMatchObject([{ peer: peers[0], error: { code: 'PEER_UNREACHABLE' } }])
})
