import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { type BootstrapOutcome, keepBootstrapsConnected } from './bootstrap'
import type { Host } from './host'

it('D-T04: bootstraps that are away for a day are dialled at most once a minute each, and noticed within a minute', async () => {
  const clock = new FakeClock()
  const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const address = multiaddr('/ip4/127.0.0.1/tcp/1')
  let isBack = false
  const host = { getConnections: () => (isBack ? [{ status: 'open' }] : []) } as unknown as Host
  const dials: number[] = []
  const back: number[] = []
  const stop = keepBootstrapsConnected(
    host,
    () => [{ peerId, multiaddrs: [address] }],
    clock,
    (outcomes) => {
      if (outcomes.some(({ error }) => error === null)) back.push(clock.now())
    },
    async (_, peers): Promise<BootstrapOutcome[]> => {
      dials.push(clock.now())
      const error = isBack ? null : new EspalierError('PEER_UNREACHABLE').report()
      const roundTripMs = isBack ? 1 : null
      return peers.map(() => ({
        peerId: peerId.toString(),
        address: address.toString(),
        at: clock.now(),
        roundTripMs,
        error,
      }))
    },
  )
  const begin = clock.now()
  await clock.advance(24 * 3_600_000)
  // The first few come sooner: most losses are short.
  const later = dials.filter((at) => at > begin + 3 * 60_000)
  for (const [i, at] of later.entries()) if (i > 0) expect(at - later[i - 1]!).toBeGreaterThanOrEqual(60_000)
  expect(dials.length).toBeLessThanOrEqual(24 * 60 + 10)
  expect(dials.length).toBeGreaterThan(24 * 50)
  isBack = true
  const returnedAt = clock.now()
  await clock.advance(61_000)
  expect(back[0]! - returnedAt).toBeLessThanOrEqual(60_000)
  stop()
  expect(clock.pending).toBe(0)
})

it('what a dial ends with after the stop is nobody’s news, and nothing is dialled again', async () => {
  const clock = new FakeClock()
  const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const host = { getConnections: () => [] } as unknown as Host
  const { promise, resolve } = Promise.withResolvers<BootstrapOutcome[]>()
  const heard: unknown[] = []
  let dials = 0
  const stop = keepBootstrapsConnected(
    host,
    () => [{ peerId, multiaddrs: [] }],
    clock,
    (outcomes) => void heard.push(outcomes),
    () => {
      dials++
      return promise
    },
  )
  await clock.advance(2_000)
  stop()
  resolve([])
  await clock.advance(120_000)
  expect({ dials, heard, pending: clock.pending }).toEqual({ dials: 1, heard: [], pending: 0 })
})
