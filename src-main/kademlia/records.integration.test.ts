import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { routingReady } from '../network/find-peer'
import type { Host } from '../network/host'
import { decodeExpertDescription, type ExpertDescription, encodeExpertDescription } from './expert-info'
import { callExpertInfo, EXPERT_PROTOCOL, serveExpertInfo } from './expert-rpc'
import { recordKey } from './keys'
import { createKademliaRecords, isToldByOthers, type KademliaRecords } from './records'

const INFO: ExpertDescription = {
  state: 'online',
  startBlock: 0,
  endBlock: 4,
  publicName: 'pear',
  version: '1.0.0',
  dhtClientMode: false,
  cacheTokensAvailable: 2048,
  torchDtype: 'float32',
  quantType: 'Q8_0',
  throughput: 12,
  inferenceRps: 3.5,
}
const NAMES = [
  'Llama-3.3-70B-Instruct.0',
  'meta-llama/Llama-3.3-70B.79',
  '_petals.models.Llama-3.3-70B-Instruct',
  'a key with spaces.0',
  'schlüssel-钥匙.7',
  'percent%2F.1',
]

let hosts: Host[] = []
let writer: { host: Host; records: KademliaRecords }
let reader: { host: Host; records: KademliaRecords }
const signal = () => AbortSignal.timeout(20_000)

beforeAll(async () => {
  const privateKey = await generateKeyPair('Ed25519')
  hosts = [await loopbackHost({ privateKey })]
  for (let i = 0; i < 4; i++) hosts.push(await loopbackHost())
  const [first, ...others] = hosts as [Host, ...Host[]]
  for (const other of others) await connect(other, first)
  for (const host of hosts) await routingReady(host, signal())
  writer = { host: first, records: createKademliaRecords({ host: first, clock: systemClock, privateKey }) }
  const last = hosts.at(-1)!
  reader = { host: last, records: createKademliaRecords({ host: last, clock: systemClock, privateKey: null }) }
})
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()))
})

function sealed(lifetimeMs = 60_000) {
  const writtenAt = Date.now()
  return { content: encodeExpertDescription(INFO), writtenAt, expiresAt: writtenAt + lifetimeMs }
}

describe('records in Kademlia, between real hosts', () => {
  it.each(NAMES)('M-03, M-04: “%s” is kept by others, who say so, and read back byte for byte', async (key) => {
    const record = sealed()
    const { ackedBy } = await writer.records.put(key, record, signal())
    expect(ackedBy.length).toBeGreaterThan(0)
    expect(ackedBy.some((peer) => peer.equals(writer.host.peerId))).toBe(false)
    const found = await reader.records.find(key, writer.host.peerId, signal())
    expect(found?.record).toEqual({ ...record, content: new Uint8Array(record.content) })
    expect(decodeExpertDescription(found!.record.content)).toEqual(INFO)
  })

  it('keeps what two writers say under one key side by side', async () => {
    const otherKey = await generateKeyPair('Ed25519')
    const other = await loopbackHost({ privateKey: otherKey })
    try {
      await connect(other, writer.host)
      await routingReady(other, signal())
      const records = createKademliaRecords({ host: other, clock: systemClock, privateKey: otherKey })
      await records.put('Shared.0', sealed(), signal())
      await writer.records.put('Shared.0', sealed(), signal())
      for (const peer of [other.peerId, writer.host.peerId]) {
        expect(await reader.records.find('Shared.0', peer, signal())).not.toBeNull()
      }
    } finally {
      await other.stop()
    }
  })

  it('the newest value of a writer wins, also over peers that kept an older one', async () => {
    await writer.records.put('Newer.0', sealed(30_000), signal())
    const later = { ...sealed(40_000), writtenAt: Date.now() + 5 }
    await writer.records.put('Newer.0', later, signal())
    const found = await reader.records.find('Newer.0', writer.host.peerId, signal())
    expect(found?.record.writtenAt).toBe(later.writtenAt)
  })

  it('nobody keeps a value that has expired, that somebody else signed, or that lies under a bare key', async () => {
    const expired = { ...sealed(), writtenAt: Date.now() - 10_000, expiresAt: Date.now() - 1 }
    const put = await writer.records.put('Expired.0', expired, signal())
    expect(put.ackedBy).toEqual([])
    expect(put.failures.length).toBeGreaterThan(0)

    const forged = recordKey('Forged.0', reader.host.peerId)
    const value = Buffer.from('not a record')
    const acks: string[] = []
    for await (const event of writer.host.services.dht.put(forged, value, { signal: signal() })) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') acks.push(event.from.toString())
    }
    expect(acks).toEqual([])
    expect(await reader.records.find('Forged.0', reader.host.peerId, signal())).toBeNull()
  })

  it('D-T05: a record that has expired since is no longer found', async () => {
    await writer.records.put('Short.0', sealed(1_500), signal())
    expect(await reader.records.find('Short.0', writer.host.peerId, signal())).not.toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 1_700))
    expect(await reader.records.find('Short.0', writer.host.peerId, signal())).toBeNull()
  })

  it('M-05: providers of a key are told to others and found there', async () => {
    await writer.records.provide('Provided.0', signal())
    const found = await reader.records.findProviders('Provided.0', signal())
    expect(found.map(({ peer }) => peer.toString())).toEqual([writer.host.peerId.toString()])
    expect(isToldByOthers(found, writer.host.peerId)).toBe(true)
    expect(await reader.records.findProviders('Provided.1', signal())).toEqual([])
  })
})

describe('M-13: the call of this form', () => {
  it('answers about the server as a whole and about its blocks, and refuses others with a reason', async () => {
    const stop = await serveExpertInfo(writer.host, {
      clock: systemClock,
      describe: (uid) => (uid === '' || uid === 'M.3' ? INFO : null),
    })
    expect(await callExpertInfo(reader.host, writer.host.peerId, '', { signal: signal() })).toEqual(INFO)
    expect(await callExpertInfo(reader.host, writer.host.peerId, 'M.3', { signal: signal() })).toEqual(INFO)
    await expect(callExpertInfo(reader.host, writer.host.peerId, 'M.4', { signal: signal() })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
    })
    await stop()
    await expect(callExpertInfo(reader.host, writer.host.peerId, '', { signal: signal() })).rejects.toMatchObject({
      code: 'PROTOCOL_UNSUPPORTED',
    })
  })

  it('M-41: identify lists both protocols', async () => {
    const stop = await serveExpertInfo(writer.host, { clock: systemClock, describe: () => INFO })
    const [connection] = reader.host.getConnections(writer.host.peerId)
    const { protocols } = await reader.host.services.identify.identify(
      connection ?? (await reader.host.dial(writer.host.getMultiaddrs())),
    )
    expect(protocols).toEqual(expect.arrayContaining([EXPERT_PROTOCOL, '/espalier/kad/1.0.0']))
    await stop()
  })

  it('survives 300 malformed requests and still answers', async () => {
    const stop = await serveExpertInfo(writer.host, { clock: systemClock, describe: () => INFO })
    let seed = 7
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed / 2 ** 32
    }
    for (let i = 0; i < 300; i++) {
      const stream = await reader.host.dialProtocol(writer.host.peerId, EXPERT_PROTOCOL, { signal: signal() })
      stream.send(Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 256)))
      stream.abort(new Error('gone'))
    }
    expect(await callExpertInfo(reader.host, writer.host.peerId, '', { signal: signal() })).toEqual(INFO)
    await stop()
  })
})
