import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { ServerInfo } from '../hivemind/server-info'
import { PROFILES } from '../network/profiles'
import { type Manifest, readManifest } from '../shards/manifest'
import { createSwarmWatch, type SwarmWatch } from './swarm-watch'
import { rightProof } from './testing/right-proof'

const NODES = 8
const LOOK_MS = 2_000
/** As long as a command waits for its answer. */
const ASK_TIMEOUT_MS = 10_000
const STEP_MS = 500

interface Node {
  peer: PeerId
  blocks: BlockRange
  /** What its record says; it stays as it is when the process is killed. */
  state: ServerInfo['state']
  isAlive: boolean
  /** How often the others have asked it. */
  asked: number
  watch: SwarmWatch
}

let manifest: Manifest
let peers: PeerId[]
let clock: FakeClock
let nodes: Node[]
/** How a call to a node that is gone ends. */
let isRefused: boolean

beforeAll(async () => {
  manifest = await readManifest('resources/models/tiny-jargon-8.manifest.json')
  const keys = await Promise.all(Array.from({ length: NODES }, () => generateKeyPair('Ed25519')))
  peers = keys.map((key) => peerIdFromPrivateKey(key))
})

beforeEach(async () => {
  clock = new FakeClock()
  isRefused = true
  nodes = peers.map((peer, index): Node => {
    const blocks = { start: index, end: index + 1 }
    const own = (): Node | undefined => nodes.find((node) => node.peer === peer)
    const watch = createSwarmWatch({
      self: peer,
      manifest,
      own: () => ({ blocks, isProven: own()?.state === 'online' }),
      ask,
      clock,
      onChange: () => undefined,
    })
    return { peer, blocks, state: 'online', isAlive: true, asked: 0, watch }
  })
  clock.every(LOOK_MS, lookAround)
  await pass(5_000)
  expect(nodes.map(({ watch }) => watch.verdict().isReady)).toEqual(Array(NODES).fill(true))
})

async function ask(peer: PeerId, blocks: BlockRange): Promise<Uint8Array> {
  const asked = nodes.find((node) => node.peer.equals(peer))
  if (asked) asked.asked++
  if (asked?.isAlive && asked.state === 'online') return rightProof(manifest, blocks)
  if (asked?.isAlive) throw new EspalierError('SHARD_NOT_LOADED')
  if (!isRefused) await clock.sleep(ASK_TIMEOUT_MS)
  throw new EspalierError(isRefused ? 'PEER_UNREACHABLE' : 'TIMED_OUT')
}

/** The DHT names whoever has a record, alive or not. */
function lookAround(): void {
  const spans = nodes.map(({ peer, blocks, state }) => ({ peer, ...blocks, info: { state } as ServerInfo }))
  for (const { watch, isAlive } of nodes) if (isAlive) watch.onSpans(spans)
}

async function pass(durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += STEP_MS) await clock.advance(STEP_MS)
}

/** How long until every living node says this, in ms; Infinity when one does not within five minutes. */
async function untilAll(isReady: boolean): Promise<number> {
  const startedMs = clock.monotonicMs()
  for (let step = 0; step < 600; step++) {
    const living = nodes.filter(({ isAlive }) => isAlive)
    if (living.every(({ watch }) => watch.verdict().isReady === isReady)) return clock.monotonicMs() - startedMs
    await pass(STEP_MS)
  }
  return Number.POSITIVE_INFINITY
}

/** The process ends without a word. */
function kill(node: Node, { breaksConnections }: { breaksConnections: boolean }): void {
  node.isAlive = false
  if (!breaksConnections) return
  for (const { watch, isAlive } of nodes) if (isAlive) watch.onDisconnect(node.peer)
}

/** It starts again, is joining while it loads, and then tells the others, unless nothing that it says arrives. */
async function comeBack(node: Node, { tells }: { tells: boolean }): Promise<void> {
  Object.assign(node, { isAlive: true, state: 'joining' })
  await pass(3_000)
  node.state = 'online'
  if (!tells) return
  for (const { watch } of nodes) if (watch !== node.watch) watch.onHint(node.peer, node.blocks, true)
}

describe('D-T29: one of eight nodes is killed', () => {
  const { announceIntervalMs } = PROFILES.espalier.timings

  it.each([0, 3, 7])('S-35: node %i; connections break: NOT READY everywhere within 10 s', async (index) => {
    kill(nodes[index]!, { breaksConnections: true })
    expect(await untilAll(false)).toBeLessThanOrEqual(10_000)
    await pass(60_000)
    expect(await untilAll(false)).toBe(0)
  })

  it('S-35: it falls silent, and no connection says so: NOT READY everywhere within one announce interval', async () => {
    isRefused = false
    // The worst moment: everybody has just asked it once more.
    const node = nodes[5]!
    for (node.asked = 0; node.asked < NODES - 1; ) await pass(STEP_MS)
    kill(node, { breaksConnections: false })
    expect(await untilAll(false)).toBeLessThanOrEqual(announceIntervalMs)
  })

  it.each([
    { how: 'it tells them', tells: true },
    { how: 'nothing that it says arrives, and they find it in the DHT', tells: false },
  ])('after ten minutes it comes back; $how: READY everywhere within 15 s', async ({ tells }) => {
    const node = nodes[2]!
    isRefused = false
    kill(node, { breaksConnections: true })
    await pass(600_000)
    expect(await untilAll(false)).toBe(0)
    const startedMs = clock.monotonicMs()
    await comeBack(node, { tells })
    expect(await untilAll(true)).not.toBe(Number.POSITIVE_INFINITY)
    expect(clock.monotonicMs() - startedMs).toBeLessThanOrEqual(15_000)
  })
})
