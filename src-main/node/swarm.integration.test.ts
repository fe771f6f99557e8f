import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src-shared/clock'
import { SAMPLE_MANIFEST } from '../../test/live-network'
import { connect, loopbackHost } from '../../test/loopback-host'
import { type CommandHandlers, createCommandService } from '../shards/commands/command-service'
import type { ShardCommand } from '../shards/commands/command-wire'
import { readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import type { LoadedShard } from './shard-loader'
import { createSwarm } from './swarm'

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function peer() {
  const key = await generateKeyPair('Ed25519')
  const host = await loopbackHost({ privateKey: key })
  stops.push(() => host.stop())
  return { key, host, log: createEventLog(systemClock, null) }
}

/** What is done every so often, with how often: the test runs it instead of waiting. */
function steppedClock() {
  const timers: { intervalMs: number; run: () => void }[] = []
  const clock: Clock = {
    ...systemClock,
    every(intervalMs, run) {
      const timer = { intervalMs, run }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
  }
  return { clock, timers }
}

it('S-17: a peer with an old view of us is shown, and told again within 30 s until it has the new one', async () => {
  const [us, other] = [await peer(), await peer()]
  await connect(us.host, other.host)
  const self = us.host.peerId.toString()
  const told: ShardCommand[] = []
  let knowsUs = false
  const accept = () => ({ status: 'accepted' }) as const
  const handlers: CommandHandlers = {
    LOAD_SHARD: accept,
    CANCEL: accept,
    PROVE_SHARD: accept,
    ASK_CAPABILITIES: accept,
    ASK_VIEW: () => ({ status: 'view', loaded: knowsUs ? [{ peer: self, start: 0, end: 4 }] : [] }),
    SHARD_LOADED(command) {
      told.push(command)
      return { status: 'accepted' }
    },
  }
  const service = createCommandService({ ...other, privateKey: other.key, clock: systemClock, handlers })
  await service.start()
  stops.push(() => service.stop())

  const target = { manifest: await readManifest(SAMPLE_MANIFEST), range: { start: 0, end: 4 }, modelPath: null }
  const loaded = { target } as LoadedShard
  const { clock, timers } = steppedClock()
  const swarm = createSwarm({
    ...{ host: us.host, privateKey: us.key, clock, log: us.log },
    isIssuer: () => false,
    shard: () => loaded,
    level: () => 'L6',
    sessions: () => ({ active: 0, most: 1 }),
    node: { fetching: () => null, load: () => undefined, cancel: () => undefined, onUnknownBlocks: () => undefined },
    onChange: () => undefined,
  })
  await swarm.start()
  stops.push(() => swarm.stop())
  for (const { intervalMs } of timers) expect(intervalMs).toBeLessThanOrEqual(30_000)
  expect(timers.length).toBeGreaterThan(0)
  const compare = timers.slice()
  swarm.setTarget(target)
  swarm.onSpans([{ peer: other.host.peerId, start: 4, end: 8, info: { state: 'joining' } } as never])

  for (const { run } of compare) run()
  await expect.poll(() => swarm.crossViews(), { timeout: 20_000 }).toMatchObject([{ seesUs: false }])
  expect(told).toMatchObject([{ type: 'SHARD_LOADED', start: 0, end: 4, isLoaded: true, level: 'L6' }])

  // It did not believe it, or lost it again.
  for (const { run } of compare) run()
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(2)

  knowsUs = true
  for (const { run } of compare) run()
  await expect.poll(() => swarm.crossViews(), { timeout: 20_000 }).toMatchObject([{ seesUs: true }])
  expect(told).toHaveLength(2)
})
