import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { SAMPLE_MANIFEST } from '../../test/live-network'
import { connect, loopbackHost } from '../../test/loopback-host'
import type { Host } from '../network/host'
import { type CommandHandlers, createCommandService } from '../shards/commands/command-service'
import type { ShardCommand } from '../shards/commands/command-wire'
import { readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import type { LoadedShard } from './loaded-shard'
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

/** A peer that answers commands; what it was told. */
async function listening(handlers: Partial<CommandHandlers> = {}) {
  const other = await peer()
  const told: ShardCommand[] = []
  const accept = () => ({ status: 'accepted' }) as const
  const service = createCommandService({
    ...{ host: other.host, privateKey: other.key, log: other.log, clock: systemClock },
    handlers: {
      ...{ LOAD_SHARD: accept, CANCEL: accept, PROVE_SHARD: accept, ASK_CAPABILITIES: accept, ASK_VIEW: accept },
      SHARD_LOADED(command) {
        told.push(command)
        return { status: 'accepted' }
      },
      ...handlers,
    },
  })
  await service.start()
  stops.push(() => service.stop())
  return { ...other, told, service }
}

/** A node with blocks 0–3 among the others, and its story in the runbook's words. */
async function member(options: { others: { host: Host }[]; issuer?: string; clock?: Clock }) {
  const us = await peer()
  for (const { host } of options.others) await connect(us.host, host)
  const target = { manifest: await readManifest(SAMPLE_MANIFEST), range: { start: 0, end: 4 }, modelPath: null }
  let shard: LoadedShard | null = null
  const story: string[] = []
  us.log.subscribe(({ code, message }) => void (code === 'shard.story' && story.push(message)))
  const swarm = createSwarm({
    ...{ host: us.host, privateKey: us.key, clock: options.clock ?? systemClock, log: us.log },
    isIssuer: (peer) => peer === options.issuer,
    shard: () => shard,
    level: () => 'L6',
    sessions: () => ({ active: 0, most: 1 }),
    node: {
      fetching: () => null,
      load: () => undefined,
      cancel: () => undefined,
      onUnknownBlocks: () => undefined,
    },
    onChange: () => undefined,
  })
  await swarm.start()
  stops.push(() => swarm.stop())
  const join = () => {
    swarm.setTarget(target)
    swarm.onSpans(
      options.others.map(({ host }) => ({ peer: host.peerId, start: 4, end: 8, info: { state: 'joining' } }) as never),
    )
  }
  const prove = (origin: LoadedShard['origin']) => {
    shard = { target, origin, slicePath: 'models_cache/shards/shard-0.gguf' } as LoadedShard
    swarm.proven(shard)
  }
  return { ...us, swarm, story, target, join, prove, load: { root: target.manifest.root, ...target.range } }
}

it('S-17: a peer with an old view of us is shown, and told again within 30 s until it has the new one', async () => {
  let knowsUs = false
  const other = await listening({
    ASK_VIEW: () => ({ status: 'view', loaded: knowsUs ? [{ peer: self, start: 0, end: 4 }] : [] }),
  })
  const { clock, timers } = steppedClock()
  const us = await member({ others: [other], clock })
  const self = us.host.peerId.toString()
  const { swarm } = us
  const { told } = other
  for (const { intervalMs } of timers) expect(intervalMs).toBeLessThanOrEqual(30_000)
  expect(timers.length).toBeGreaterThan(0)
  const compare = timers.slice()
  us.join()
  us.prove('stored')
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1)
  told.length = 0

  for (const { run } of compare) run()
  await expect.poll(() => swarm.crossViews(), { timeout: 20_000 }).toMatchObject([{ seesUs: false }])
  expect(swarm.talks()).toMatchObject([{ isConnected: true, command: { failure: null }, seesUs: false }])
  expect(told).toMatchObject([{ type: 'SHARD_LOADED', start: 0, end: 4, isLoaded: true, level: 'L6' }])

  // It did not believe it, or lost it again.
  for (const { run } of compare) run()
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(2)

  knowsUs = true
  for (const { run } of compare) run()
  await expect.poll(() => swarm.crossViews(), { timeout: 20_000 }).toMatchObject([{ seesUs: true }])
  expect(told).toHaveLength(2)
})

describe('S-43: what the log says, scenario by scenario', () => {
  const wait = { timeout: 20_000 }
  const BROADCAST = /^\[SHARD_LOADED\] 📢 Broadcasting shard 0-3 loaded to (\d+) peers\.\.\.$/

  it('the file was here before: loaded before joining; only peers that have acknowledged are counted', async () => {
    const refuses = () => {
      throw new EspalierError('MODEL_NOT_SERVED')
    }
    const others = [await listening(), await listening({ SHARD_LOADED: refuses }), await peer()]
    const us = await member({ others })
    us.join()
    us.prove('stored')
    await expect.poll(() => us.story.at(-1), wait).toMatch(BROADCAST)
    expect(us.story).toEqual([
      '[SHARD] ✓✓✓ SHARD 0-3 LOADED BEFORE JOINING NETWORK ✓✓✓',
      '[SHARD]   Path: models_cache/shards/shard-0.gguf',
      '[SHARD]   Shard will be available for inference immediately',
      '[LOAD_SHARD] ✓✓✓ Shard 0-3 loaded successfully from local directory ✓✓✓',
      '[SHARD_LOADED] 📢 Broadcasting shard 0-3 loaded to 1 peers...',
    ])
    expect(us.swarm.told()?.peers).toBe(1)
  })

  it('it is not, and nobody has commanded anything: it comes from peers', async () => {
    const us = await member({ others: [await listening()] })
    us.join()
    us.swarm.missing({ fromPeers: true })
    us.prove('elsewhere')
    await expect.poll(() => us.story.at(-1), wait).toMatch(BROADCAST)
    expect(us.story).toEqual([
      '[SHARD] ⚠️  ASSIGNED SHARD 0-3 NOT FOUND LOCALLY ⚠️',
      '[SHARD]   Node will join the network and download shard when LOAD_SHARD command is received.',
      '[LOAD_SHARD] 📥 Starting torrent download from peer...',
      '[LOAD_SHARD] ✓✓✓ Shard 0-3 loaded successfully ✓✓✓',
      '[SHARD_LOADED] 📢 Broadcasting shard 0-3 loaded to 1 peers...',
    ])
  })

  it('it is not, and the coordinator commands it', async () => {
    const coordinator = await listening()
    const us = await member({ others: [coordinator], issuer: coordinator.host.peerId.toString() })
    us.join()
    await coordinator.service.send(us.host.peerId, { type: 'LOAD_SHARD', ...us.load })
    us.swarm.missing({ fromPeers: true })
    us.prove('elsewhere')
    await expect.poll(() => us.story.at(-1), wait).toMatch(BROADCAST)
    expect(us.story).toEqual([
      '[LOAD_SHARD] Request to load shard 0-3',
      '[LOAD_SHARD] 🔄 Starting shard 0-3 load process...',
      '[LOAD_SHARD] ⚠️  Shard 0-3 not found locally',
      '[LOAD_SHARD] 📥 Starting torrent download from peer...',
      '[LOAD_SHARD] ✓✓✓ Shard 0-3 loaded successfully ✓✓✓',
      '[SHARD_LOADED] 📢 Broadcasting shard 0-3 loaded to 1 peers...',
    ])
  })
})
