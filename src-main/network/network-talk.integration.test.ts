import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { createEventLog } from '../storage/event-log'
import { createHost, type Host } from './host'
import { PROFILES } from './profiles'
import { createProtocolCounters } from './protocol-counters'
import { createVerboseLog } from './verbose-log'

const log = createEventLog(systemClock, null)
const lines: string[] = []
log.subscribe(({ code, message }) => void (code === 'libp2p' && lines.push(message)))
const verbose = createVerboseLog({ clock: systemClock, log })
const counters = createProtocolCounters()
const { kadProtocol } = PROFILES.local
let ours: Host
let other: Host

beforeAll(async () => {
  other = await loopbackHost()
  ours = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: 0,
    kadMode: 'server',
    metrics: counters.metrics,
    logger: verbose.logger,
  })
  await connect(ours, other)
})
afterAll(async () => {
  verbose.dispose()
  await ours?.stop()
  await other?.stop()
})

const countOf = (protocol: string) => counters.list().find((one) => one.protocol === protocol)

async function lookUp(from: Host): Promise<void> {
  for await (const _ of from.services.dht.getClosestPeers(new Uint8Array(32), { signal: AbortSignal.timeout(20_000) }));
}

async function until(holds: () => boolean): Promise<void> {
  const endsAt = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > endsAt) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('M-34: streams are counted by protocol, by who opened them, and as long as they are open', async () => {
  await until(() => ours.services.dht.getMode() === 'server' && other.getPeers().length > 0)
  const before = countOf(kadProtocol)?.opened ?? 0
  await until(() => (countOf('/ipfs/id/1.0.0')?.opened ?? 0) > 0)
  await lookUp(ours)
  await until(() => (countOf(kadProtocol)?.opened ?? 0) > before)
  const accepted = countOf(kadProtocol)?.accepted ?? 0
  await lookUp(other)
  await until(() => (countOf(kadProtocol)?.accepted ?? 0) > accepted)
  await until(() => countOf('/ipfs/id/1.0.0')?.open === 0)
})

it('M-34: the toggle makes lines of Kademlia in the log, and none before or after', async () => {
  expect(lines).toEqual([])
  verbose.set(true)
  await lookUp(ours)
  await until(() => lines.some((line) => line.startsWith('libp2p:kad-dht') && line.includes('getClosestPeers')))
  verbose.set(false)
  const { length } = lines
  await lookUp(ours)
  expect(lines).toHaveLength(length)
})
