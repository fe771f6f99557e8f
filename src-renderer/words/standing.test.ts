import { describe, expect, it } from 'vitest'
import { type CoordinatorView, TIMELINE_KINDS } from '../../src-shared/coordinator-view'
import { dropWords, stateWords, timelineWords } from './standing'

const NOW = 1_700_000_000_000
const view: CoordinatorView = {
  state: 'online',
  answeredAt: NOW - 20_000,
  dropAt: null,
  sweepSlackMs: 30_000,
  quantization: null,
  recommendedSplit: null,
  notices: [],
  timeline: [],
}

describe('the standing with the coordinator', () => {
  it('C-19: an approval says who decided, when and why', () => {
    const entry = { at: NOW, kind: 'approved', by: 'Ada', reason: 'welcome', blocks: { start: 4, end: 8 } } as const
    expect(timelineWords(entry)).toEqual({ what: 'Approved by Ada: blocks 4–7', why: 'welcome.' })
    expect(timelineWords({ at: NOW, kind: 'rejected', by: '', reason: '', blocks: null })).toEqual({
      what: 'Turned down',
      why: null,
    })
    const titles = TIMELINE_KINDS.map((kind) => timelineWords({ at: NOW, kind, by: '', reason: '', blocks: null }).what)
    expect(new Set(titles).size).toBe(TIMELINE_KINDS.length)
  })

  it('C-26, C-37: silence counts down to being dropped, and says that it is exact to 30 s', () => {
    expect(dropWords(view, NOW)).toBeNull()
    const words = dropWords({ ...view, dropAt: NOW + 12_000 }, NOW)
    expect(words).toContain('The coordinator will drop you in 12\u00a0s.')
    expect(words).toContain('30\u00a0s later')
    const after = dropWords({ ...view, dropAt: NOW - 1 }, NOW)
    expect(after).toContain('probably dropped you')
    expect(after).toContain('±30\u00a0s')
  })

  it('X-12: a state that nobody knows is shown as such', () => {
    expect(stateWords('standby')).toBe('On standby')
    expect(stateWords('hibernating')).toBe('Unknown state from coordinator: hibernating')
  })
})
