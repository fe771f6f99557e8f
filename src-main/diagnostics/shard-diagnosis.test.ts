import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../src-shared/file-views'
import type { NodeStatus } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { expectedShards, judgeReadiness, type ReplicaSighting } from '../observe/readiness'
import type { CheckDefinition, DiagnosticsContext } from './check'
import { diagnoseShards } from './diagnose-shards'
import { runDiagnostics } from './diagnostics'
import { redact, SHARD_CHECKS, shardReport, shardTable } from './shard-diagnosis'

const clock = new FakeClock()
const NOW = clock.now()
const PEER = '12D3KooWGRUVh5d3F9qmDbT1HkqXkyjJWqU2cWkKmCsVhDgC1abc'

function statusOf(missing: number | null): Pick<NodeStatus, 'readiness' | 'at'> {
  const sightings = expectedShards(4).flatMap((blocks, index): ReplicaSighting[] =>
    index === missing
      ? []
      : [
          {
            peerId: index === 0 ? 'self' : PEER,
            blocks,
            state: index === 2 ? 'joining' : 'online',
            seenAt: NOW - 3_000,
            verifiedAt: index === 2 ? null : NOW,
            trouble: null,
            isSelf: index === 0,
          },
        ],
  )
  const verdict = judgeReadiness(expectedShards(4), sightings, NOW)
  const blocker = {
    id: 'peer-missing',
    sentence: 'Nobody has announced shard 3 yet.',
    button: 'run-diagnosis' as const,
  }
  return { at: NOW, readiness: { ...verdict, blocker, timeline: [] } }
}

function contextOf(change: object): DiagnosticsContext {
  return { clock, status: null, running: null, coordinatorUrl: null, ...change } as unknown as DiagnosticsContext
}

describe('S-41: the runbook’s four steps', () => {
  it('name what is missing and what is not loaded; a check without a node says why it can’t look', async () => {
    const swarm = {
      links: () => [
        { peer: PEER, type: 'ASK_VIEW', at: NOW, roundTripMs: 12.4, outcome: 'view' },
        { peer: `${PEER}x`, type: 'SHARD_LOADED', at: NOW, roundTripMs: null, outcome: 'TIMED_OUT' },
      ],
      history: () => ({ lastLoadAt: NOW - 30_000, lastLoadBy: PEER, lastRefusal: null }),
      askCapabilities: async () => [
        {
          ...{ peer: PEER, level: 'L6', start: 1, end: 2, quant: 'Q8_0', freeMemoryBytes: 3e9, freeCardBytes: 2e9 },
          ...{ maxConcurrent: 4, active: 1 },
        },
      ],
      crossViews: () => [{ peer: PEER, seesUs: false, at: NOW }],
    }
    const status = { ...statusOf(3), blocks: { start: 0, end: 1 } }
    const running = { swarm, target: null }
    const checks = await runDiagnostics(contextOf({ status, running }), SHARD_CHECKS)
    expect(checks.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['shards-own', 'unknown'],
      ['shards-discovery', 'fail'],
      ['shards-loaded', 'fail'],
      ['shards-commands', 'warn'],
      ['shards-sequence', 'unknown'],
      ['shards-views', 'warn'],
      ['shards-peers', 'pass'],
      ['shards-mirrors', 'unknown'],
    ])
    const words = checks.map(({ evidence }) => evidence).join('\n')
    expect(words).toContain('3 / 4, missing 3')
    expect(words).toContain('2 / 4 verified by this node; not 2 and 3')
    expect(words).toContain('LOAD_SHARD 30 s ago')
    expect(words).toContain('TIMED_OUT')
    expect(words).toContain('block 1 Q8_0 at L6, 3.0 GB free, 2.0 GB on its card, 1 of 4 sessions')
    const without = await runDiagnostics(contextOf({}), SHARD_CHECKS)
    expect(new Set(without.map(({ verdict }) => verdict))).toEqual(new Set(['unknown']))
  })

  it('S-40: the table is the runbook’s', () => {
    expect(shardTable(statusOf(3)).join('\n')).toBe(
      `Shard    Blocks    Online     Loaded  Verified  By
Shard 0  blocks 0  ★ LOCAL    ✓ YES   1/1       this node
Shard 1  blocks 1  ✓ ONLINE   ✓ YES   1/1       gC1abc, 3 s ago
Shard 2  blocks 2  ✓ ONLINE   ✗ NO    0/1       gC1abc, 3 s ago
Shard 3  blocks 3  ✗ OFFLINE  ✗ NO    0/0       never seen`,
    )
  })

  it('S-41: the report can be shared: a canary of each kind is not in it', () => {
    const canaries = [
      PEER,
      '/ip4/203.0.113.7/tcp/4001',
      '/home/alice/models/secret.gguf',
      'C:\\Users\\alice\\model.gguf',
      'hf_abcdefghijklmnop',
      '203.0.113.9',
    ]
    const report = shardReport(statusOf(3), [
      {
        id: 'x',
        title: 'Own shard',
        verdict: 'fail',
        evidence: `${canaries.join('; ')} and what remains`,
        action: null,
        code: null,
        at: NOW,
      },
    ])
    for (const canary of canaries) expect(report).not.toContain(canary)
    expect(report).toContain('what remains')
    expect(report).toContain('Blocker: Nobody has announced shard 3 yet. [peer-missing]')
    expect(redact('3 / 4, missing 3; 12/16')).toBe('3 / 4, missing 3; 12/16')
  })
})

it('S-41: all four steps are over in less than 5 s, also when one hangs, with one report', async () => {
  const slow = new FakeClock()
  const hangs: CheckDefinition = { id: 'hangs', title: 'Hangs', look: () => new Promise(() => undefined) }
  const context = contextOf({ clock: slow, status: statusOf(3) })
  let done: Diagnosis | null = null
  void diagnoseShards(context, slow, [...SHARD_CHECKS, hangs]).then((diagnosis) => {
    done = diagnosis
  })
  for (let passedMs = 0; passedMs < 4_900; passedMs += 100) await slow.advance(100)
  const diagnosis = done as unknown as Diagnosis
  expect(diagnosis.tookMs).toBeLessThan(5_000)
  expect(diagnosis.checks.map(({ id }) => id)).toEqual([...SHARD_CHECKS.map(({ id }) => id), 'hangs'])
  expect(diagnosis.checks.at(-1)).toMatchObject({ verdict: 'unknown', evidence: 'It took longer than 4 s' })
  expect(diagnosis.report).toContain('Shard 3  blocks 3  ✗ OFFLINE')
  expect(diagnosis.report).toMatch(/^FAIL Discovered shards: .* 3 \/ 4, missing 3; seen within \d+ min$/m)
})
