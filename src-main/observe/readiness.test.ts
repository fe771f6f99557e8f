import { describe, expect, it } from 'vitest'
import { FRESH_MS } from '../../src-shared/readiness'
import { PROFILES } from '../network/profiles'
import { expectedShards, judgeReadiness, listOf, type ReplicaSighting, VERIFIED_MS } from './readiness'
import { statusBlock } from './readiness-block'

const NOW = 1_800_000_000_000
const EIGHT = expectedShards(8)

function replica(index: number, change: Partial<ReplicaSighting> = {}): ReplicaSighting {
  return {
    peerId: `peer-${index}`,
    blocks: { start: index, end: index + 1 },
    state: 'online',
    seenAt: NOW - 1_000,
    verifiedAt: NOW - 500,
    trouble: null,
    isSelf: false,
    ...change,
  }
}
const all = () => EIGHT.map((_, index) => replica(index))
const without = (index: number) => all().filter(({ blocks }) => blocks.start !== index)

describe('swarm readiness', () => {
  it('S-01: 7 of 8 discovered: says 7, and which one is missing', () => {
    const verdict = judgeReadiness(EIGHT, without(5), NOW)
    expect(verdict).toMatchObject({ discovered: 7, isReady: false, reasons: ['missing 5'] })
    expect(verdict.shards[4]).toMatchObject({ by: 'peer-4', seenAt: NOW - 1_000, verified: 1 })
    expect(verdict.shards[5]).toMatchObject({ by: null, label: 'never-seen' })
  })

  it('S-03: never seen, stale, seen but not loaded, loaded: four fixtures, four labels, and claims stay claims', () => {
    const labels = [
      [],
      [replica(0, { seenAt: NOW - FRESH_MS - 1 })],
      [replica(0, { state: 'joining', verifiedAt: null })],
      [replica(0)],
      [replica(0, { verifiedAt: null })],
      [replica(0, { verifiedAt: NOW - VERIFIED_MS - 1 })],
      [replica(0, { state: 'offline' })],
    ].map((sightings) => judgeReadiness([{ start: 0, end: 1 }], sightings, NOW).shards[0]?.label)
    expect(labels).toEqual(['never-seen', 'stale', 'not-loaded', 'loaded', 'unverified', 'unverified', 'stale'])
  })

  it('S-04, X-21: one replica that is not loaded hides no other that is, whichever comes first or is newer', () => {
    const unloaded = replica(3, { peerId: 'better', state: 'joining', verifiedAt: null, seenAt: NOW })
    for (const sightings of [
      [unloaded, ...all()],
      [...all(), unloaded],
    ]) {
      const verdict = judgeReadiness(EIGHT, sightings, NOW)
      expect(verdict.isReady).toBe(true)
      expect(verdict.shards[3]).toMatchObject({ label: 'loaded', by: 'peer-3', replicas: 2, verified: 1 })
    }
  })

  it('S-04: what is loaded elsewhere is not called ours because we have it too, still unloaded', () => {
    const ours = replica(2, { peerId: 'us', isSelf: true, state: 'joining' })
    const shardOf = (change: Partial<ReplicaSighting>) =>
      judgeReadiness(EIGHT, [...all(), { ...ours, ...change }], NOW).shards[2]
    expect(shardOf({})).toMatchObject({ label: 'loaded', isLocal: false })
    expect(shardOf({ state: 'online' })).toMatchObject({ label: 'loaded', isLocal: true })
  })

  it('S-04: a peer that only says to be loaded does not make the swarm ready', () => {
    const sightings = [...without(2), replica(2, { verifiedAt: null, trouble: 'it answers wrongly' })]
    const verdict = judgeReadiness(EIGHT, sightings, NOW)
    expect(verdict).toMatchObject({ isReady: false, discovered: 8, reasons: ['not verified 2'] })
    expect(verdict.shards[2]?.trouble).toBe('it answers wrongly')
  })

  it('S-05: the input and the output shard are named', () => {
    expect(judgeReadiness(EIGHT, without(7), NOW).reasons).toEqual(['missing 7', 'no output shard'])
    expect(judgeReadiness(EIGHT, without(0), NOW).reasons).toEqual(['missing 0', 'no input shard'])
    expect(judgeReadiness([], all(), NOW).isReady).toBe(false)
  })

  it('S-34: one freshness limit, that of a record by default: up to it a replica counts, after it not', () => {
    const { timings } = PROFILES.espalier
    expect(FRESH_MS).toBe(timings.recordLifetimeMs)
    // What was proven counts for less, so that nothing is called loaded that nobody has seen for so long.
    expect(VERIFIED_MS).toBeLessThan(FRESH_MS)
    const seenFor = (ageMs: number) =>
      judgeReadiness(EIGHT, [...without(3), replica(3, { seenAt: NOW - ageMs, verifiedAt: NOW })], NOW).shards[3]?.label
    expect(seenFor(FRESH_MS)).toBe('loaded')
    expect(seenFor(FRESH_MS + 1)).toBe('stale')
  })

  it('S-35: readiness is computed anew each time, so it goes and comes back', () => {
    expect(judgeReadiness(EIGHT, all(), NOW).isReady).toBe(true)
    expect(judgeReadiness(EIGHT, all(), NOW + FRESH_MS).isReady).toBe(false)
    const lost = all().map((seen) => (seen.blocks.start === 6 ? { ...seen, verifiedAt: null } : seen))
    expect(judgeReadiness(EIGHT, lost, NOW).isReady).toBe(false)
  })

  it('S-37: 1 to 128 shards, more replicas than one, and ranges that span several shards', () => {
    const [first, second, third] = expectedShards(32, 3)
    expect([first, second, third]).toEqual([
      { start: 0, end: 11 },
      { start: 11, end: 21 },
      { start: 21, end: 32 },
    ])
    expect(expectedShards(400)).toHaveLength(128)
    expect(expectedShards(4, 0)).toHaveLength(1)
    const pairs = [first!, second!, third!].flatMap((blocks) => [
      replica(0, { peerId: 'a', blocks }),
      replica(0, { peerId: 'b', blocks }),
    ])
    const verdict = judgeReadiness([first!, second!, third!], pairs, NOW)
    expect(verdict.shards.map(({ replicas, verified }) => [replicas, verified])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ])
    expect(judgeReadiness(EIGHT, [replica(0, { blocks: { start: 0, end: 8 } })], NOW).isReady).toBe(true)
    expect(judgeReadiness([{ start: 0, end: 2 }], [replica(0)], NOW).isReady).toBe(false)
  })

  it('says runs of numbers in few words', () => {
    expect([[5], [2, 5], [0, 1, 2, 3, 7], [0, 1]].map(listOf)).toEqual(['5', '2 and 5', '0–3 and 7', '0 and 1'])
    expect(listOf(Array.from({ length: 40 }, (_, index) => index * 2))).toMatch(/and 33 more$/)
  })
})

describe('the status block of the runbook', () => {
  it('S-24, S-25: its four fields and both lists, word for word', () => {
    const sightings = without(5).map((seen) =>
      seen.blocks.start === 0
        ? { ...seen, isSelf: true }
        : seen.blocks.start === 6
          ? { ...seen, state: 'joining' as const, verifiedAt: null }
          : seen,
    )
    expect(statusBlock(judgeReadiness(EIGHT, sightings, NOW)).join('\n')).toBe(
      `[STATUS] Cluster Discovery:
[STATUS]   Expected Shards: 8
[STATUS]   Discovered Shards: 7 / 8
[STATUS]   Pipeline Complete: ✗ NO
[STATUS] Shard Online Status:
[STATUS]   Shard 0: ★ LOCAL
[STATUS]   Shard 1: ✓ ONLINE
[STATUS]   Shard 2: ✓ ONLINE
[STATUS]   Shard 3: ✓ ONLINE
[STATUS]   Shard 4: ✓ ONLINE
[STATUS]   Shard 5: ✗ OFFLINE
[STATUS]   Shard 6: ✓ ONLINE
[STATUS]   Shard 7: ✓ ONLINE
[STATUS] Shard Loaded Status:
[STATUS]   Shard 0: ✓ YES
[STATUS]   Shard 1: ✓ YES
[STATUS]   Shard 2: ✓ YES
[STATUS]   Shard 3: ✓ YES
[STATUS]   Shard 4: ✓ YES
[STATUS]   Shard 5: ✗ NO
[STATUS]   Shard 6: ✗ NO
[STATUS]   Shard 7: ✓ YES
[STATUS] Swarm Ready: ✗ NO`,
    )
    const ready = statusBlock(judgeReadiness(EIGHT, all(), NOW))
    expect(ready).toContain('[STATUS]   Discovered Shards: 8 / 8')
    expect(ready).toContain('[STATUS]   Pipeline Complete: ✓ YES')
    expect(ready.at(-1)).toBe('[STATUS] Swarm Ready: ✓ YES')
  })
})
