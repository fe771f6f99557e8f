import { describe, expect, it } from 'vitest'
import { BLOCKER_BUTTONS, type Readiness, SHARD_LABELS, type ShardReadiness } from '../../src-shared/readiness'
import { say } from '.'
import { readinessLead, secondsWords, shardHint, shardWords } from './readiness'

const shard = (change: Partial<ShardReadiness> = {}): ShardReadiness => ({
  index: 0,
  blocks: { start: 0, end: 1 },
  label: 'loaded',
  isLocal: false,
  by: '12D3KooWGRUVh5d3F9qmDbT1HkqXkyjJWqU2cWkKmCsVhDgC1abc',
  seenAt: 1,
  replicas: 1,
  verified: 1,
  trouble: null,
  ...change,
})

describe('the grid of shards', () => {
  it('S-25: LOCAL, ONLINE + LOADED, ONLINE (not loaded), OFFLINE; a claim is told apart', () => {
    expect(shardWords(shard({ isLocal: true }))).toBe('LOCAL + LOADED')
    expect(SHARD_LABELS.map((label) => shardWords(shard({ label })))).toEqual([
      'OFFLINE',
      'OFFLINE',
      'ONLINE (not loaded)',
      'ONLINE (not verified)',
      'ONLINE + LOADED',
    ])
  })

  it('S-01: says what is missing, and by whom it was last seen', () => {
    const readiness: Readiness = {
      isReady: false,
      discovered: 7,
      shards: Array.from({ length: 8 }, (_, index) => shard({ index })),
      reasons: ['missing 5'],
      blocker: null,
      timeline: [],
    }
    expect(readinessLead(readiness)).toBe('7 / 8 discovered: missing 5')
    expect(shardHint(shard(), [])).toBe('12D3…1abc; 1 replica, 1 verified.')
    expect(shardHint(shard({ by: null }), [])).toBe('Nobody was ever seen with it.')
    expect(shardHint(shard({ trouble: 'It is silent', verified: 0 }), [])).toContain('0 verified. It is silent.')
  })

  it('S-34: who was not seen for longer than the one limit is told by it', () => {
    const hint = shardHint(shard({ label: 'stale', replicas: 0, verified: 0 }), [])
    expect(hint).toBe('12D3…1abc; 0 replicas, 0 verified. It left, or nothing has shown it for 6\u00a0min.')
  })

  it('S-26: every button has words', () => {
    for (const button of BLOCKER_BUTTONS) expect(say.BUTTONS[button].length).toBeGreaterThan(3)
    expect([secondsWords(null), secondsWords(1.25), secondsWords(134.2)]).toEqual(['–', '1.3\u00a0s', '134\u00a0s'])
  })
})
