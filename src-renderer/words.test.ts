import { describe, expect, it } from 'vitest'
import { PEERS, servingStatus, stoppedStatus } from '../e2e/support/status-fixtures'
import { type Evidence, STEP_NAMES, STEP_STATES } from '../src-shared/status'
import {
  blockWords,
  connectionHero,
  coverageWords,
  evidenceWords,
  gapsOf,
  nextWords,
  profileWords,
  progressWords,
  retryWords,
  STEP_TITLES,
  stripWords,
  whyNoPrompt,
} from './words'

const NOW = 1_700_000_000_000
const said = (words: ReturnType<typeof evidenceWords>) =>
  words.map((part) => (typeof part === 'string' ? part : 'peer' in part ? '<peer>' : '<age>')).join('')
const evidence = (kind: Evidence['kind'], by: string, value: string): Evidence => ({ kind, by, at: NOW, value })

describe('steps', () => {
  it('have a title in every state, and no two alike', () => {
    const titles = STEP_NAMES.flatMap((step) => STEP_STATES.map((state) => `${step}: ${STEP_TITLES[step][state]}`))
    expect(titles.every((title) => !title.endsWith(': ') && !title.includes('!'))).toBe(true)
    expect(new Set(titles).size).toBeGreaterThanOrEqual(STEP_NAMES.length * STEP_STATES.length - 1)
  })

  it('speak like a witness', () => {
    expect(said(evidenceWords('visible', evidence('peer', PEERS.walnut, 'and dialled back')))).toBe(
      'Seen by <peer> <age>, and dialled back',
    )
    expect(said(evidenceWords('announce', evidence('peer', PEERS.walnut, '9 of 9 records')))).toBe(
      'Read back from <peer> <age>: 9 of 9 records',
    )
    expect(said(evidenceWords('connect', evidence('peer', PEERS.walnut, 'in 3 ms')))).toBe(
      'Answered by <peer> <age> in 3 ms',
    )
    expect(said(evidenceWords('approve', evidence('coordinator', 'https://host.example/x', '')))).toBe(
      'The coordinator at host.example says so',
    )
    expect(said(evidenceWords('fetch', evidence('hash', 'sha-256', 'all 24 pieces match')))).toBe(
      'Checked with sha-256: all 24 pieces match',
    )
    expect(said(evidenceWords('load', evidence('measurement', 'engine', '42 MB')))).toBe('Measured by engine: 42 MB')
    expect(said(evidenceWords('load', evidence('coordinator', 'not a url', '')))).toContain('not a url')
  })

  it('say what comes next, and when', () => {
    expect(nextWords({ what: 'Announcing again', at: NOW + 20_000 }, NOW)).toBe('Announcing again in 20\u00a0s.')
    expect(nextWords({ what: 'A test pass' }, NOW)).toBe('A test pass.')
    expect(progressWords({ done: 3, total: 24, unit: 'pieces' })).toBe('3 of 24 pieces')
  })
})

describe('coverage', () => {
  it('names gaps as people count blocks', () => {
    expect(gapsOf([1, 0, 0, 2, 0])).toMatchObject([
      { start: 1, end: 3 },
      { start: 4, end: 5 },
    ])
    expect(coverageWords([1, 0, 0, 2, 0])).toBe('Nobody serves blocks 1–2, 4 yet')
    expect(coverageWords([1, 0])).toBe('Nobody serves block 1 yet')
    expect(coverageWords([2, 3, 2])).toBe('Every block has 2 or more copies')
    expect(coverageWords([2, 1])).toBe('Every block has at least one copy')
    expect(coverageWords([])).toBe('Not known yet who serves which block')
    expect(blockWords([{ start: 3, end: 4 }])).toBe('block 3')
  })

  it('tells the strip in runs, ours by name', () => {
    expect(stripWords([2, 2, 1, 1, 0], { start: 2, end: 4 })).toEqual([
      'Blocks 0–1: 2 copies.',
      'Blocks 2–3, yours: 1 copy.',
      'Block 4: served by nobody.',
    ])
  })
})

describe('the page without news', () => {
  it('never shows the node’s own state while there is no contact', () => {
    const retrying = { state: 'retrying', retryAt: NOW + 4_000, attempts: 1 } as const
    for (const connection of [
      { state: 'connecting' } as const,
      { state: 'open', scopes: ['read'] } as const,
      retrying,
      { state: 'refused', why: 'bad-token' } as const,
      { state: 'refused', why: 'no-token' } as const,
    ]) {
      const hero = connectionHero(connection, servingStatus(NOW))
      expect(hero.shape).not.toBe('visible')
      expect(hero.headline).not.toContain('Serving')
    }
    expect(connectionHero(retrying, null).headline).not.toBe(connectionHero(retrying, servingStatus(NOW)).headline)
    expect(retryWords(retrying, NOW - 7_000, NOW)).toBe('Last news 7\u00a0s ago. Trying again in 4\u00a0s.')
    expect(retryWords({ state: 'connecting' }, null, NOW)).toBeNull()
  })
})

describe('the prompt', () => {
  it('can be sent when every block is served, and says why not otherwise', () => {
    const serving = servingStatus(NOW)
    expect(whyNoPrompt(serving)).toBeNull()
    expect(whyNoPrompt(stoppedStatus(NOW))).toContain('Start the node')
    expect(whyNoPrompt({ ...serving, phase: 'stopping' })).toContain('stopping')
    expect(whyNoPrompt({ ...serving, model: null })).toContain('No model')
    expect(whyNoPrompt({ ...serving, coverage: [] })).toContain('Not known')
    expect(whyNoPrompt({ ...serving, coverage: [1, 0, 1] })).toBe(
      'No answer can pass yet: block 1 is served by nobody.',
    )
    expect(whyNoPrompt({ ...serving, coverage: [1, 0, 0] })).toBe(
      'No answer can pass yet: blocks 1–2 are served by nobody.',
    )
  })
})

it('profiles have names, and unknown ones keep theirs', () => {
  expect(profileWords('local')).toBe('This computer only')
  expect(profileWords('orchard')).toBe('orchard')
})
