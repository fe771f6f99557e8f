import type { Check } from '../../src-shared/app-views'
import { formatBlocks } from '../../src-shared/blocks'
import { FRESH_MS } from '../../src-shared/readiness'
import type { NodeStatus } from '../../src-shared/status'
import { listOf } from '../observe/readiness'
import { type CheckDefinition, type Finding, fail, pass, unknown, warn } from './check'
import { ago, loadSequenceCheck } from './load-sequence'
import { mirrors } from './mirrors'
import { peerCapabilities } from './peer-capabilities'
import { shardFiles } from './shard-files'
import { createRedactor } from './support/redact'

/** The runbook's step 1, on this node: exists, size, hash. */
const ownShard: CheckDefinition = { ...shardFiles, id: 'shards-own', title: 'Own shard' }

/** Step 2: `Discovered Shards: X / N`. */
const discovery: CheckDefinition = {
  id: 'shards-discovery',
  title: 'Discovered shards',
  async look({ status }) {
    const readiness = status?.readiness
    if (!readiness || readiness.shards.length === 0) return unknown('no model is known yet')
    const { discovered, shards } = readiness
    const words = `${discovered} / ${shards.length}`
    // The one limit of freshness, said where it matters (S-34).
    const limit = `seen within ${FRESH_MS / 60_000} min`
    if (discovered === shards.length) return pass(`${words}, ${limit}`)
    const missing = shards.flatMap(({ label, index }) => (label === 'never-seen' || label === 'stale' ? [index] : []))
    return fail('SWARM_INCOMPLETE', `${words}, missing ${listOf(missing)}; ${limit}`)
  },
}

/** Step 3: any shard that isn't loaded is the blocker. */
const loaded: CheckDefinition = {
  id: 'shards-loaded',
  title: 'Loaded shards',
  async look({ status }) {
    const shards = status?.readiness?.shards ?? []
    if (shards.length === 0) return unknown('no model is known yet')
    const open = shards.filter(({ label }) => label !== 'loaded')
    const words = `${shards.length - open.length} / ${shards.length} verified by this node`
    if (open.length === 0) return pass(words)
    const [worst] = open
    const why = worst?.trouble ? ` (${worst.trouble})` : ''
    return fail('SWARM_INCOMPLETE', `${words}; not ${listOf(open.map(({ index }) => index))}${why}`)
  },
}

/** Step 4: commands, and who talks with whom (S-44). */
const commands: CheckDefinition = {
  id: 'shards-commands',
  title: 'Commands between nodes',
  async look({ running, clock }) {
    if (!running) return unknown('the node is not running')
    const links = running.swarm.links()
    const { lastLoadAt } = running.swarm.history()
    const asked = lastLoadAt === null ? 'no LOAD_SHARD came' : `LOAD_SHARD ${ago(lastLoadAt, clock.now())}`
    if (links.length === 0) return unknown(`${asked}; no other node serves this model`)
    const broken = links.filter(({ roundTripMs, outcome }) => roundTripMs === null && outcome !== null)
    const words = links
      .slice(0, 8)
      .map(({ peer, type, roundTripMs, outcome }) => {
        const how = roundTripMs === null ? (outcome ?? 'under way') : `${outcome} in ${Math.round(roundTripMs)} ms`
        return `${peer.slice(-6)} ${type} ${how}`
      })
      .join('; ')
    const evidence = `${asked}; ${words}`
    return broken.length > 0 ? warn('PEER_UNREACHABLE', evidence) : pass(evidence)
  },
}

/** What the others see of us, beside what we see (S-17). */
const crossView: CheckDefinition = {
  id: 'shards-views',
  title: 'How others see this node',
  async look({ running, status }): Promise<Finding> {
    if (!running || !status?.blocks) return unknown('no blocks are served here')
    const views = running.swarm.crossViews()
    if (views.length === 0) return unknown('no other node was asked yet')
    const seeing = views.filter(({ seesUs }) => seesUs === true).length
    const words = `${seeing} of ${views.length} take blocks ${formatBlocks(status.blocks)} here for loaded`
    const isDeaf = views.some(({ seesUs }) => seesUs === false)
    return isDeaf ? warn('NOT_READ_BACK', `${words}; the others are told again`) : pass(words)
  },
}

/** The runbook's four steps, its sequence and the cross view, each at most 5 s, side by side (S-41). */
export const SHARD_CHECKS: readonly CheckDefinition[] = [
  ownShard,
  discovery,
  loaded,
  commands,
  loadSequenceCheck,
  crossView,
  peerCapabilities,
  mirrors,
]

/** One table for window, file and terminal: shard, where, loaded. Peers are shortened, nothing else is personal. */
export function shardTable(status: Pick<NodeStatus, 'readiness' | 'at'>): string[] {
  const { readiness } = status
  if (!readiness || readiness.shards.length === 0) return ['No model is known yet.']
  const rows = readiness.shards.map(({ index, blocks, label, isLocal, by, seenAt, replicas, verified }) => {
    const where = isLocal ? '★ LOCAL' : label === 'never-seen' || label === 'stale' ? '✗ OFFLINE' : '✓ ONLINE'
    const seen = isLocal || seenAt === null ? '' : `, ${ago(seenAt, status.at)}`
    const who = by === null ? 'never seen' : isLocal ? 'this node' : `${by.slice(-6)}${seen}`
    const isLoaded = label === 'loaded' ? '✓ YES' : '✗ NO'
    return [`Shard ${index}`, `blocks ${formatBlocks(blocks)}`, where, isLoaded, `${verified}/${replicas}`, who]
  })
  const head = ['Shard', 'Blocks', 'Online', 'Loaded', 'Verified', 'By']
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** The share-able report: the table, the blocker, the checks; no paths, addresses or whole peer ids. */
export function shardReport(status: Pick<NodeStatus, 'readiness' | 'at'>, checks: readonly Check[]): string {
  const { readiness } = status
  const blocker = readiness?.blocker ? [`Blocker: ${readiness.blocker.sentence} [${readiness.blocker.id}]`] : []
  const lines = checks.map(({ title, verdict, evidence }) => `${verdict.toUpperCase()} ${title}: ${evidence}`)
  return redact([...shardTable(status), ...blocker, ...lines].join('\n'))
}

/** Takes out what says where or who somebody is. */
export function redact(text: string): string {
  return createRedactor().clean(text)
}
