import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import type { Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { dialBack } from '../../src-main/observe/dial-back'
import { askWitness } from '../../src-main/observe/witness-client'
import { createWitnessService } from '../../src-main/observe/witness-service'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../loopback-host'

// What a witness learns from others, who know only a part, are about to leave, or have just come.

const THIRDS = 5
/** Between so many hosts of one process they starve, and with them the connections. */
const NO_PINGS = { pingIntervalMs: 3_600_000 }
const profile = PROFILES.local
const stops: (() => unknown)[] = []
const keyOf = (index: number) => `Some-model.${index}`

async function member(): Promise<{ host: Host; dht: HivemindDht }> {
  const host = await loopbackHost(NO_PINGS)
  stops.push(() => host.stop())
  const dht = createHivemindDht({ libp2p: host, clock: systemClock, mode: 'server' })
  await dht.start()
  stops.push(() => dht.stop())
  return { host, dht }
}

let subject: Awaited<ReturnType<typeof member>>
let witness: Host
let thirds: Awaited<ReturnType<typeof member>>[]
beforeAll(async () => {
  const privateKey = await generateKeyPair('Ed25519')
  witness = await loopbackHost({ privateKey, ...NO_PINGS })
  stops.push(() => witness.stop())
  const dht = createHivemindDht({ libp2p: witness, clock: systemClock, mode: 'server' })
  await dht.start()
  stops.push(() => dht.stop())
  subject = await member()
  thirds = await Promise.all(Array.from({ length: THIRDS }, member))
  for (const { host } of [subject, ...thirds]) await connect(witness, host)
  for (const third of thirds) await connect(subject.host, third.host)
  await dht.bootstrap([subject, ...thirds].map(({ host }) => host.peerId))
  const service = createWitnessService({
    ...{ host: witness, dht, privateKey, profile, clock: systemClock },
    log: createEventLog(systemClock, null),
  })
  await service.start()
  stops.push(() => service.stop())
})
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

describe('a network in which nobody has everything', () => {
  it('M-17: each record counts that somebody else keeps, and none that only the subject does', async () => {
    const expirationS = systemClock.now() / 1000 + 60
    const value = new Uint8Array([0xc0])
    const record = (index: number) => ({
      key: keyOf(index),
      subkey: subject.host.peerId.toString(),
      value,
      expirationS,
    })
    for (const [index, { host }] of thirds.entries())
      expect(await subject.dht.storeAt(host.peerId, [record(index)])).toEqual([true])
    expect(await thirds[0]!.dht.storeAt(subject.host.peerId, [record(THIRDS)])).toEqual([true])
    const keys = Array.from({ length: THIRDS + 1 }, (_, index) => keyOf(index))
    const { verdict } = await askWitness(subject.host, witness.peerId, { keys, forms: ['hivemind'] })
    expect(verdict?.forms[0]?.records).toMatchObject({ ok: true, found: THIRDS, asked: THIRDS + 1 })
    const readers = thirds.map(({ host }) => host.peerId.toString())
    expect(readers).toContain(verdict?.forms[0]?.records.ok && verdict.forms[0].records.readFrom)
  })
})

describe('a dial-back through others', () => {
  const viaOf = ({ host }: { host: Host }) => ({ peerId: host.peerId, addresses: host.getMultiaddrs() })
  const look = (vias: ReturnType<typeof viaOf>[], own: ReturnType<typeof viaOf>, timeoutMs = 20_000) =>
    dialBack({
      ...{ subject: subject.host.peerId, vias, own, timeoutMs, forms: [], profile, clock: systemClock },
      signal: AbortSignal.timeout(60_000),
    })

  it('one that has left says nothing: the next one is asked, or the witness itself', async () => {
    const leaving = await loopbackHost()
    const gone = viaOf({ host: leaving })
    await leaving.stop()
    const [third] = thirds.map(viaOf)
    const through = (peer: { peerId: Host['peerId'] }) => ({ ok: true, addressFrom: peer.peerId.toString() })
    expect((await look([gone, third!], gone)).dialBack).toMatchObject(through(third!))
    expect((await look([gone], third!)).dialBack).toMatchObject(through(third!))
    expect((await look([gone], gone)).dialBack).toMatchObject({ ok: false })
  })

  it('one that is there and does not know the subject counts, unless another does', async () => {
    const stranger = await loopbackHost()
    stops.push(() => stranger.stop())
    const [third] = thirds.map(viaOf)
    const found = await look([viaOf({ host: stranger }), third!], third!, 6_000)
    expect(found.dialBack).toMatchObject({ ok: true, addressFrom: third!.peerId.toString() })
    expect((await look([viaOf({ host: stranger })], third!, 1_500)).dialBack).toMatchObject({ ok: false })
  })
})
