import type { PeerId } from '@libp2p/interface'
import type { BlockRange } from '../../src-shared/blocks'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { ServerSpan } from '../hivemind/compute-spans'
import type { Manifest } from '../shards/manifest'
import { judgeProof } from '../shards/proof'
import { ASK_AGAIN_MS, expectedShards, judgeReadiness, type ReadinessVerdict, type ReplicaSighting } from './readiness'

const MAX_AT_ONCE = 4
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000
/** Per shard; more than these only cost. */
const MAX_VERIFIED_REPLICAS = 4
/** Records are cheap to make; beyond this many servers of one model, further names are not followed. */
const MAX_KNOWN = 512

interface Known {
  peer: PeerId
  blocks: BlockRange
  state: ReplicaSighting['state']
  seenAt: number
  verifiedAt: number | null
  trouble: string | null
  pauseMs: number
  nextAskMs: number
  isAsking: boolean
}

export interface SwarmWatch {
  verdict(): ReadinessVerdict
  /** What the DHT says now. Peers that it no longer names are kept, and grow stale. */
  onSpans(spans: readonly ServerSpan[]): void
  /** A peer said that its blocks are loaded, or not any more: asked at once, believed only when its answer is right. */
  onHint(peer: PeerId, blocks: BlockRange, isLoaded: boolean): void
  /** The connection to a peer broke: what it proved before is asked again at once. */
  onDisconnect(peer: PeerId): void
  /** Whom we take for loaded, for peers that compare their views with ours. */
  verified(): { peer: string; blocks: BlockRange }[]
  stop: Disposer
}

/**
 * Keeps what this node knows of every server of its model, and verifies each claim to be loaded by asking for the
 * answer to the manifest's probe. `onChange` comes whenever the verdict may have changed.
 */
export function createSwarmWatch(options: {
  self: PeerId
  manifest: Manifest
  shardCount?: number
  /** Our own blocks and whether they are proven here, now. */
  own: () => { blocks: BlockRange; isProven: boolean } | null
  /** Asks a peer for its proof. Rejects when there is none. */
  ask: (peer: PeerId, blocks: BlockRange) => Promise<Uint8Array>
  clock: Clock
  onChange: () => void
}): SwarmWatch {
  const { self, manifest, clock, ask, onChange } = options
  const expected = expectedShards(manifest.blockCount, options.shardCount)
  const known = new Map<string, Known>()
  let asking = 0
  let cancelTimer: Disposer = () => undefined
  let stopped = false

  function sightings(): ReplicaSighting[] {
    const own = options.own()
    const now = clock.now()
    const others = [...known].map(
      ([peerId, { blocks, state, seenAt, verifiedAt, trouble }]): ReplicaSighting => ({
        peerId,
        blocks,
        state,
        seenAt,
        verifiedAt,
        trouble,
        isSelf: false,
      }),
    )
    if (!own) return others
    const us: ReplicaSighting = {
      peerId: self.toString(),
      blocks: own.blocks,
      state: own.isProven ? 'online' : 'joining',
      seenAt: now,
      verifiedAt: own.isProven ? now : null,
      trouble: null,
      isSelf: true,
    }
    return [us, ...others]
  }

  function note(peer: PeerId, blocks: BlockRange, state: Known['state']): void {
    if (peer.equals(self)) return
    const id = peer.toString()
    const before = known.get(id)
    if (!before && known.size >= MAX_KNOWN) return
    const isSame = before?.blocks.start === blocks.start && before.blocks.end === blocks.end && before.state === state
    known.set(id, {
      peer,
      blocks,
      state,
      seenAt: clock.now(),
      verifiedAt: isSame ? before.verifiedAt : null,
      trouble: isSame ? before.trouble : null,
      pauseMs: isSame ? before.pauseMs : FIRST_PAUSE_MS,
      nextAskMs: isSame ? before.nextAskMs : 0,
      isAsking: before?.isAsking ?? false,
    })
  }

  /** Asks whoever is due, and comes back when the next one is. */
  function pump(): void {
    cancelTimer()
    if (stopped) return
    const nowMs = clock.monotonicMs()
    const wanting = [...known.values()].filter(
      (entry) => entry.state === 'online' && !entry.isAsking && isWanted(entry),
    )
    for (const entry of wanting) {
      if (asking >= MAX_AT_ONCE) break
      if (entry.nextAskMs <= nowMs) void verify(entry)
    }
    const next = Math.min(...wanting.filter((entry) => !entry.isAsking).map(({ nextAskMs }) => nextAskMs))
    // Those that wait for a free place are taken when one gets free.
    if (Number.isFinite(next) && next > nowMs) cancelTimer = clock.after(next - nowMs, pump)
  }

  function isWanted({ blocks, verifiedAt }: Known): boolean {
    if (verifiedAt !== null) return true
    const others = [...known.values()].filter(
      (other) => other.verifiedAt !== null && other.blocks.start === blocks.start && other.blocks.end === blocks.end,
    )
    return others.length < MAX_VERIFIED_REPLICAS
  }

  async function verify(entry: Known): Promise<void> {
    const id = entry.peer.toString()
    entry.isAsking = true
    asking++
    let outcome: { verifiedAt: number | null; trouble: string | null }
    try {
      const values = await ask(entry.peer, entry.blocks)
      const { isRight, maxDifference, tolerance } = judgeProof(manifest, entry.blocks, values)
      if (!isRight) {
        throw new EspalierError(
          'PROBE_FAILED',
          `it differs by ${maxDifference.toExponential(1)}, allowed is ${tolerance}`,
        )
      }
      outcome = { verifiedAt: clock.now(), trouble: null }
    } catch (error) {
      outcome = { verifiedAt: null, trouble: reportOf(error).cause }
    } finally {
      asking--
    }
    const current = known.get(id)
    if (current && !stopped) {
      current.isAsking = false
      // An answer about other blocks than it claims by now says nothing.
      if (current.blocks.start === entry.blocks.start && current.blocks.end === entry.blocks.end) {
        Object.assign(current, outcome)
        if (outcome.verifiedAt !== null) {
          current.seenAt = outcome.verifiedAt
          current.pauseMs = FIRST_PAUSE_MS
          current.nextAskMs = clock.monotonicMs() + ASK_AGAIN_MS
        } else {
          current.nextAskMs = clock.monotonicMs() + current.pauseMs
          current.pauseMs = Math.min(2 * current.pauseMs, MAX_PAUSE_MS)
        }
      }
      onChange()
    }
    pump()
  }

  return {
    verdict: () => judgeReadiness(expected, sightings(), clock.now()),
    onSpans(spans) {
      for (const { peer, start, end, info } of spans) note(peer, { start, end }, info.state)
      onChange()
      pump()
    },
    onHint(peer, blocks, isLoaded) {
      note(peer, blocks, isLoaded ? 'online' : 'joining')
      const entry = known.get(peer.toString())
      if (entry) entry.nextAskMs = 0
      onChange()
      pump()
    },
    onDisconnect(peer) {
      const entry = known.get(peer.toString())
      if (!entry || entry.verifiedAt === null) return
      entry.verifiedAt = null
      entry.trouble = 'the connection to it broke'
      entry.nextAskMs = 0
      onChange()
      pump()
    },
    verified: () =>
      sightings().flatMap(({ peerId, blocks, verifiedAt }) =>
        verifiedAt === null ? [] : [{ peer: peerId, blocks: { ...blocks } }],
      ),
    stop() {
      stopped = true
      cancelTimer()
    },
  }
}
