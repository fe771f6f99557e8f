import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, expect, it } from 'vitest'
import { type FloodPeer, startFloodPeer } from '../../bench/flood/flood-peer'
import { RPC_INFO } from '../../src-main/hivemind/protocols'
import { serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { CALL_LIMITS, type CallLimits } from '../../src-main/network/call-limits/limits'
import { createHost, type Host } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { systemClock } from '../../src-shared/clock'

const PEERS = 50
/** Calls of each, and how many of them at once: more would wait in this process, and not at the server. */
const CALLS_EACH = 24
const AT_ONCE = 2
const PATIENCE_MS = 30_000
/** Small, so that a test on one processor can go far beyond them. */
const STREAMS = {
  peer: { perSecond: 5, burst: 12 },
  own: { perSecond: 0.2, burst: 6 },
  shared: { perSecond: 5, burst: 60 },
}

const toStop: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(toStop.splice(0).map((stop) => stop()))
})

async function server(callLimits: Partial<CallLimits>): Promise<Host> {
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: 0,
    kadMode: 'server',
    callLimits: { ...CALL_LIMITS, ...callLimits },
  })
  toStop.push(async () => host.stop())
  await serveRpcInfo(host, {
    clock: systemClock,
    info: () => ({ version: '1.2.3', dhtClientMode: false, cacheTokensAvailable: 7 }),
    serves: () => true,
  })
  return host
}

async function peerOf(host: Host): Promise<FloodPeer> {
  const [address] = host.getMultiaddrs()
  const peer = await startFloodPeer(address!)
  toStop.push(() => peer.stop())
  return peer
}

const callsOf = (host: Host) => host.services.calls.figures().protocols.find(({ protocol }) => protocol === RPC_INFO)!

it('D-T15, O-05: fifty peers that ask without end get what the limits give, and an honest one gets every answer', {
  timeout: 4 * PATIENCE_MS,
}, async () => {
  const host = await server({ streams: STREAMS })
  const startedAtMs = performance.now()
  const flooding: FloodPeer[] = []
  for (let i = 0; i < PEERS; i++) flooding.push(await peerOf(host))
  const honest = await peerOf(host)
  let isOver = false
  let answered = 0
  const flood = async (peer: FloodPeer) => {
    for (let i = 0; i < CALLS_EACH; i += AT_ONCE) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => peer.call(PATIENCE_MS)))
      answered += answers.filter(Boolean).length
    }
  }
  const floods = Promise.all(flooding.map(flood)).then(() => {
    isOver = true
  })
  // Its own part is worth six streams at once, of which identify takes two at most.
  for (let i = 0; i < 3 && !isOver; i++) expect(await honest.call(PATIENCE_MS)).toBe(true)
  await floods
  const seconds = (performance.now() - startedAtMs) / 1000
  const { admitted } = callsOf(host)
  const { refusedEarly, cut } = host.services.calls.figures()
  // What the budget gives in that time; identify's streams come out of it, too.
  const most =
    STREAMS.shared.burst +
    seconds * STREAMS.shared.perSecond +
    PEERS * (STREAMS.own.burst + seconds * STREAMS.own.perSecond)
  expect(answered).toBeLessThanOrEqual(most)
  expect(answered).toBeLessThanOrEqual(admitted)
  expect(answered).toBeGreaterThan(PEERS)
  // Each call was either answered or counted as refused; none waits somewhere for its turn.
  expect(refusedEarly).toBeGreaterThanOrEqual(PEERS * CALLS_EACH - admitted)
  expect(cut).toBe(0)
  await expect.poll(() => host.getConnections().flatMap(({ streams }) => streams).length).toBe(0)
})

it('O-05: a protocol has limits of its own, and what is refused is counted by protocol', async () => {
  const rates = { peer: { perSecond: 0.01, burst: 3 } }
  const host = await server({ protocols: { [RPC_INFO]: rates } })
  const peer = await peerOf(host)
  const answers = await Promise.all(Array.from({ length: 10 }, () => peer.call(PATIENCE_MS)))
  expect(answers.filter(Boolean)).toHaveLength(3)
  expect(callsOf(host)).toEqual({ protocol: RPC_INFO, admitted: 3, refused: 7 })
  // Others are not counted in.
  expect(await (await peerOf(host)).call(PATIENCE_MS)).toBe(true)
})

it('D-T14: one that goes on however often it is refused is cut off, and has to stay away for a while', async () => {
  const host = await server({
    streams: { ...STREAMS, peer: { perSecond: 0.01, burst: 10 } },
    patience: { perSecond: 0.01, burst: 20 },
  })
  const peer = await peerOf(host)
  await Promise.all(Array.from({ length: 60 }, () => peer.call(PATIENCE_MS)))
  await expect.poll(() => peer.connection.status, { timeout: PATIENCE_MS }).not.toBe('open')
  expect(host.services.calls.figures().cut).toBe(1)
  expect(await peer.call(2_000)).toBe(false)
  expect(host.getConnections()).toEqual([])
})
