import { describe, expect, it } from 'vitest'
import { hopBadge, lostBadge } from './routing-trace'

const blocks = { start: 0, end: 4 }
const peerId = '12D3KooWQ1aBcD2eF3gH4iJ5'

describe('routing badges', () => {
  it('H-23: a local hop', () => {
    expect(hopBadge({ peerId, blocks, computeMs: 23.2, isSelf: true, score: 0.944, roundTripMs: 0 })).toBe(
      '🏠 Local · score 0.94 · 23 ms',
    )
  })

  it('H-23: a remote hop, with its way', () => {
    expect(hopBadge({ peerId, blocks, computeMs: 3, isSelf: false, score: 0.9, roundTripMs: 38.4 })).toBe(
      '🌐 Remote Q1aBcD2eF3gH4iJ5 · score 0.90 · 41 ms',
    )
    expect(hopBadge({ peerId, blocks, computeMs: 1.26 })).toBe('🌐 Remote Q1aBcD2eF3gH4iJ5 · 1.3 ms')
    expect(hopBadge({ peerId, blocks, computeMs: null, score: 1 })).toBe('🌐 Remote Q1aBcD2eF3gH4iJ5 · score 1.00')
  })

  it('H-23: a hop that failed', () => {
    expect(lostBadge({ peerId, blocks, code: 'STAGE_LOST', cause: 'gone', pauseMs: 212.4 })).toBe(
      '✖ Failed Q1aBcD2eF3gH4iJ5 · STAGE_LOST · paused 212 ms',
    )
  })
})
