import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { servingStatus } from '../e2e/support/status-fixtures'
import { fitText, shownText, shownTime } from './shown-text'
import { NodeStatusSchema } from './status'

describe('text that somebody else wrote', () => {
  it('is cut, never refused, and never in the middle of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const shown = shownText(max).parse(text)
        expect(shown.length).toBeLessThanOrEqual(max)
        expect(Buffer.from(shown, 'utf8').toString('utf8')).toBe(shown)
      }),
      { numRuns: 1_000, seed: 46 },
    )
  })

  it('keeps what fits as it is, lines included, and says where it was cut', () => {
    expect(fitText('Kim’s node\nin the cellar', 60)).toBe('Kim’s node\nin the cellar')
    expect(fitText('x'.repeat(10), 4)).toBe('xxx…')
    expect(fitText(`ab${'😀'.repeat(4)}`, 4)).toBe('ab…')
  })

  it('loses what would turn the words around it', () => {
    expect(fitText('install \u202egnihton\u2066!\u0007', 60)).toBe('install gnihton!')
  })

  it('may be said for a time that no calendar has', () => {
    const at = shownTime().parse(1e300)
    expect(() => new Intl.DateTimeFormat('en').format(at)).not.toThrow()
  })
})

describe('a status', () => {
  it('is given whatever a stranger calls himself and however long a cause is', () => {
    const status = servingStatus(1_000)
    const long = 'x'.repeat(5_000)
    const [first] = status.steps
    const [peer] = status.peers
    const parsed = NodeStatusSchema.parse({
      ...status,
      peers: [{ ...peer, publicName: long }],
      steps: [
        {
          ...first,
          blocker: { code: 'NOT_READ_BACK', cause: long, action: long },
          evidence: [{ kind: 'peer', by: long, at: 1e300, value: long }],
          next: { what: long },
        },
      ],
    })
    expect(parsed.peers[0]?.publicName).toHaveLength(200)
    expect(parsed.steps[0]?.blocker?.cause).toHaveLength(600)
    expect(parsed.steps[0]?.next?.what).toHaveLength(200)
  })
})
