import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { idleStatus, type Situation } from '../src-main/app/idle-status'
import { summarize } from '../src-main/node/words'
import { PAUSE_REASONS } from './app-view'
import { ERROR_CATALOGUE } from './error-catalogue'
import { EspalierError } from './errors'
import { headlineIn, reportIn, sentenceIn } from './node-says'
import { NODE_SAYS_DE } from './node-says-de'
import { emptySteps, STEP_NAMES, STEP_STATES, type Step } from './status'

const report = new EspalierError('PORT_TAKEN', '4001').report()

const alone = new EspalierError('ALONE').report()

const SEEN: Step['evidence'] = [{ kind: 'peer', by: '12D3KooWfig', at: 1, value: 'dialled back' }]

/** English words that no German sentence has. */
const ENGLISH = /\b(the|this|is|are|and|of|with|to|your|by|it|node|nobody|not)\b/i

describe('what the node says in fixed words, in German', () => {
  it('every headline and sentence of a running node has its German', () => {
    for (const name of STEP_NAMES)
      for (const state of STEP_STATES)
        for (const blocker of [undefined, report, alone]) {
          const steps = emptySteps().map((step): Step => {
            if (step.name !== name)
              return STEP_NAMES.indexOf(step.name) < STEP_NAMES.indexOf(name)
                ? { ...step, state: 'done', evidence: SEEN }
                : step
            return {
              ...step,
              state,
              evidence: SEEN,
              progress: { done: 1, total: 4, unit: 'bytes' },
              ...(blocker && { blocker }),
            }
          })
          const { headline, sentence } = summarize('running', steps, { start: 0, end: 2 }, 0)
          const told = [headlineIn(NODE_SAYS_DE, headline), sentenceIn(NODE_SAYS_DE, sentence, blocker && [blocker])]
          expect(told[0], headline).not.toBe(headline)
          for (const text of told) expect(text, `${name} ${state}`).not.toMatch(ENGLISH)
        }
  })

  it('so has every state without a node', () => {
    const situations: Situation[] = [
      { kind: 'idle' },
      { kind: 'opening' },
      { kind: 'failed', report },
      { kind: 'held-back', report },
      ...PAUSE_REASONS.map((reason) => ({ kind: 'resting' as const, reasons: [reason] })),
    ]
    for (const situation of situations)
      for (const network of [
        null,
        { kind: 'demo' as const },
        { kind: 'coordinator' as const, url: 'https://a.example' },
      ]) {
        const given = { tokens: 0, requests: 0 }
        const { headline, sentence } = idleStatus({ network, situation, publicName: 'fig', revision: 1, at: 1, given })
        expect(headlineIn(NODE_SAYS_DE, headline), headline).not.toBe(headline)
        expect(sentenceIn(NODE_SAYS_DE, sentence, [report]), sentence).not.toMatch(ENGLISH)
      }
  })

  it('every check has a German title', () => {
    const folder = join(import.meta.dirname, '../src-main/diagnostics')
    const titles = readdirSync(folder)
      .filter((name) => /(?<!\.test)\.ts$/.test(name))
      .flatMap((name) =>
        [...readFileSync(join(folder, name), 'utf8').matchAll(/title: '([^']+)'/g)].map(([, title]) => title),
      )
    expect(titles.length).toBeGreaterThan(25)
    expect(titles.filter((title) => title && !NODE_SAYS_DE.phrases[title])).toEqual(['Coordinator', 'Manifest'])
  })

  it('serving, with percents, with trouble', () => {
    const headlines = [
      'Serving blocks 4–7',
      'Serving block 4',
      'Loading, 45 %',
      'Announcing, with a problem',
      'Odd news',
    ]
    expect(headlines.map((headline) => headlineIn(NODE_SAYS_DE, headline))).toEqual([
      'Stellt die Blöcke 4–7 bereit',
      'Stellt Block 4 bereit',
      'Lädt, 45 %',
      'Macht sich bekannt, mit einem Problem',
      'Odd news',
    ])
    expect(
      sentenceIn(
        NODE_SAYS_DE,
        'Seen by 12D3…f3aQ and Qm4x…9abc, and dialled back. 2 conversations are passing through now.',
      ),
    ).toBe(
      'Gesehen von 12D3…f3aQ und Qm4x…9abc, die auch zurückgerufen haben. Gerade laufen 2 Unterhaltungen durch ihn.',
    )
  })

  it('an error keeps its particulars, and words that are not the catalogue’s', () => {
    expect(reportIn(NODE_SAYS_DE, report)).toEqual({
      code: 'PORT_TAKEN',
      cause: 'Der Port kann nicht benutzt werden: 4001',
      action: 'Wählen Sie einen anderen zwischen 1024 und 65535.',
    })
    const other = { code: 'PORT_TAKEN', cause: 'Somebody else has it', action: 'Ask them.' }
    expect(reportIn(NODE_SAYS_DE, other)).toEqual(other)
    expect(reportIn(NODE_SAYS_DE, { ...other, code: 'toString' })).toMatchObject({ cause: 'Somebody else has it' })
    expect(reportIn(null, report)).toBe(report)
  })

  it('H-46: German causes and actions have the form of the English ones', () => {
    for (const [code, { cause, action }] of Object.entries(NODE_SAYS_DE.errors)) {
      expect(cause, code).toMatch(/^(\p{Lu}|llama\.cpp).*[^.!?:]$/u)
      expect(action, code).toMatch(/^\p{Lu}.*(\.|: espalier \w+)$/u)
      expect(`${cause} ${action}`, code).not.toMatch(ENGLISH)
      expect([cause.length <= 130, action.length <= 300], code).toEqual([true, true])
    }
    expect(Object.keys(NODE_SAYS_DE.errors).length).toBe(Object.keys(ERROR_CATALOGUE).length)
  })
})
