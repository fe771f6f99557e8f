import type { BlockRange } from '../../src-shared/blocks'
import { FRESH_MS, type ShardLabel, type ShardReadiness } from '../../src-shared/readiness'

/** One peer's claim to some blocks, and what we know of it ourselves. */
export interface ReplicaSighting {
  peerId: string
  blocks: BlockRange
  /** What its record says. `online` is the wire's word for loaded and proven, L6 or above. */
  state: 'online' | 'joining' | 'offline'
  /** When a live record or an answer of its own last showed it. */
  seenAt: number
  /** When we last had the right answer of these blocks from it; null: never, or it was wrong since. */
  verifiedAt: number | null
  /** Why it isn't verified, for people. */
  trouble: string | null
  isSelf: boolean
}

export interface ReadinessVerdict {
  isReady: boolean
  discovered: number
  shards: ShardReadiness[]
  reasons: string[]
}

/** Another peer's view of us, beside our own. */
export interface CrossView {
  peer: string
  /** Whether it takes us for loaded; null: it did not answer. */
  seesUs: boolean | null
  at: number
}

/** A right answer counts this long. */
export const VERIFIED_MS = 300_000
/**
 * It is asked for again after this: who falls silent while no connection breaks is noticed within one announce
 * interval (120 s, D-T29), the 10 s that an answer may take included.
 */
export const ASK_AGAIN_MS = 100_000
export const MAX_SHARDS = 128

const ORDER: readonly ShardLabel[] = ['never-seen', 'stale', 'not-loaded', 'unverified', 'loaded']

/** The shards that a model is expected to be served in: `count` even parts, by default one a block, at most 128. */
export function expectedShards(blockCount: number, count = blockCount): BlockRange[] {
  const parts = Math.max(1, Math.min(MAX_SHARDS, blockCount, count))
  const cut = (index: number) => Math.round((index * blockCount) / parts)
  return Array.from({ length: parts }, (_, index) => ({ start: cut(index), end: cut(index + 1) }))
}

/**
 * Whether every block of a model is served, from what this node saw and verified itself. A shard is ready when any
 * one of its replicas is fresh, loaded and verified: which replica would be chosen for work does not matter here, or a
 * better-rated one that isn't loaded hides one that is.
 */
export function judgeReadiness(
  expected: readonly BlockRange[],
  sightings: readonly ReplicaSighting[],
  now: number,
): ReadinessVerdict {
  const shards = expected.map((blocks, index) => judgeShard(index, blocks, sightings, now))
  const isDiscovered = ({ label }: ShardReadiness) => label !== 'never-seen' && label !== 'stale'
  const reasons = reasonsOf(shards)
  return {
    isReady: shards.length > 0 && reasons.length === 0,
    discovered: shards.filter(isDiscovered).length,
    shards,
    reasons,
  }
}

function judgeShard(
  index: number,
  blocks: BlockRange,
  sightings: readonly ReplicaSighting[],
  now: number,
): ShardReadiness {
  const replicas = sightings.filter((seen) => seen.blocks.start <= blocks.start && seen.blocks.end >= blocks.end)
  const labelled = replicas.map((replica) => ({ replica, label: labelOf(replica, now) }))
  const [best] = labelled.toSorted(
    (a, b) => ORDER.indexOf(b.label) - ORDER.indexOf(a.label) || b.replica.seenAt - a.replica.seenAt,
  )
  const fresh = labelled.filter(({ label }) => label !== 'stale')
  return {
    index,
    blocks: { ...blocks },
    label: best?.label ?? 'never-seen',
    isLocal: labelled.some(({ replica, label }) => replica.isSelf && label === best?.label),
    by: best?.replica.peerId ?? null,
    seenAt: best?.replica.seenAt ?? null,
    replicas: fresh.length,
    verified: fresh.filter(({ label }) => label === 'loaded').length,
    trouble: best?.label === 'loaded' ? null : (best?.replica.trouble?.slice(0, 300) ?? null),
  }
}

function labelOf({ state, seenAt, verifiedAt }: ReplicaSighting, now: number): ShardLabel {
  if (now - seenAt > FRESH_MS || state === 'offline') return 'stale'
  if (state !== 'online') return 'not-loaded'
  return verifiedAt !== null && now - verifiedAt <= VERIFIED_MS ? 'loaded' : 'unverified'
}

/** A pipeline with a gap, an end or a beginning missing: each is said by its own name. */
function reasonsOf(shards: readonly ShardReadiness[]): string[] {
  const reasons: string[] = []
  const say = (labels: readonly ShardLabel[], words: string) => {
    const found = shards.filter(({ label }) => labels.includes(label)).map(({ index }) => index)
    if (found.length > 0) reasons.push(`${words} ${listOf(found)}`)
  }
  say(['never-seen', 'stale'], 'missing')
  say(['not-loaded'], 'not loaded')
  say(['unverified'], 'not verified')
  if (shards[0] && shards[0].label !== 'loaded') reasons.push('no input shard')
  const last = shards.at(-1)
  if (last && last.label !== 'loaded') reasons.push('no output shard')
  return reasons
}

/** "5", "2 and 5", "0–3 and 7": runs are drawn together. */
export function listOf(numbers: readonly number[]): string {
  const runs: [number, number][] = []
  for (const number of numbers) {
    const run = runs.at(-1)
    if (run && run[1] === number - 1) run[1] = number
    else runs.push([number, number])
  }
  const words = runs.flatMap(([from, to]) =>
    from === to ? [`${from}`] : to === from + 1 ? [`${from}`, `${to}`] : [`${from}–${to}`],
  )
  const shown = words.length > 8 ? [...words.slice(0, 7), `${words.length - 7} more`] : words
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : (shown[0] ?? '')
}
