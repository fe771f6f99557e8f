import { describe, expect, it } from 'vitest'
import { PEERS, servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { checksOf, SHARDS } from '../../e2e/support/view-fixtures'
import { EspalierError } from '../../src-shared/errors'
import { type Evidence, STEP_NAMES, STEP_STATES } from '../../src-shared/status'
import { say } from '.'
import { connectionHero, retryWords } from './connection'
import { checksLead } from './diagnostics'
import { blockWords, coverageWords, gapsOf, profileWords, stripWords } from './node'
import { tokenTimeWords } from './peers'
import { shareWords } from './shards'
import { evidenceWords, nextWords, progressWords } from './steps'
import { readersWords, whyNoPrompt } from './try'
import { urlProblem } from './welcome'

const NOW = 1_700_000_000_000
const said = (words: ReturnType<typeof evidenceWords>) =>
  words.map((part) => (typeof part === 'string' ? part : 'peer' in part ? '<peer>' : '<age>')).join('')
const evidence = (kind: Evidence['kind'], by: string, value: string): Evidence => ({ kind, by, at: NOW, value })

describe('steps', () => {
  it('have a title in every state, and no two alike', () => {
    const titles = STEP_NAMES.flatMap((step) => STEP_STATES.map((state) => `${step}: ${say.STEP_TITLES[step][state]}`))
    expect(titles.every((title) => !title.endsWith(': ') && !title.includes('!'))).toBe(true)
    expect(new Set(titles).size).toBeGreaterThanOrEqual(STEP_NAMES.length * STEP_STATES.length - 1)
  })

  it('speak like a witness', () => {
    expect(said(evidenceWords('visible', evidence('peer', PEERS.walnut, 'dialled back')))).toBe(
      'Seen by <peer> <age>, and dialled back',
    )
    expect(said(evidenceWords('announce', evidence('peer', PEERS.walnut, '9 of 9 records')))).toBe(
      'Read back from <peer> <age>: 9 of 9 records',
    )
    expect(said(evidenceWords('connect', evidence('peer', PEERS.walnut, 'in 3 ms')))).toBe(
      'Answered by <peer> in 3 ms, <age>',
    )
    expect(said(evidenceWords('approve', evidence('coordinator', 'https://host.example/x', '')))).toBe(
      'The coordinator at host.example says so',
    )
    expect(said(evidenceWords('fetch', evidence('hash', 'sha-256', 'all 24 pieces match')))).toBe(
      'Checked with sha-256: all 24 pieces match',
    )
    expect(said(evidenceWords('load', evidence('measurement', 'engine', '42 MB')))).toBe('Measured by engine: 42 MB')
    expect(said(evidenceWords('load', evidence('coordinator', 'not a url', '')))).toContain('not a url')
    const answer = (fields: string) =>
      said(
        evidenceWords(
          'approve',
          evidence('coordinator', 'http://host.example', `POST /workers/heartbeat: HTTP 200${fields}`),
        ),
      )
    expect(answer(', status online, layers [4, 8), model A, B, by host, reason welcome, neighbour')).toBe(
      'The coordinator at host.example says: approved, blocks 4–7 of A, B: “welcome, neighbour”',
    )
    expect(answer(', status pending, layers none')).toBe(
      'The coordinator at host.example says: your request waits for the host',
    )
    expect(answer('')).toBe('The coordinator at host.example answered')
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
    expect(whyNoPrompt({ ...serving, loadLevel: 'L5' })).toContain('own blocks')
    expect(whyNoPrompt({ ...serving, blocks: null })).toContain('own blocks')
    const noTokenizer = new EspalierError('TOKENIZER_UNUSABLE', 'no room').report()
    const model = { name: 'm', dhtPrefix: 'm', blockCount: 8, noTokenizer }
    expect(whyNoPrompt({ ...serving, model })).toMatch(/tokenizer was not loaded: no room\. Put right/)
  })
})

it('profiles have names, and unknown ones keep theirs', () => {
  expect(profileWords('local')).toBe('This computer only')
  expect(profileWords('orchard')).toBe('orchard')
})

describe('figures of an answer', () => {
  it('tell where the time of a token went, only as far as all of it was measured', () => {
    expect(tokenTimeWords(18.6, [2.1, 3.4])).toBe(
      'A token took 54\u00a0ms: 5.5\u00a0ms of computing in 2 stages, the rest on the way and in choosing words.',
    )
    expect(tokenTimeWords(18.6, [2.1, null])).toBe('A token took 54\u00a0ms.')
    expect(tokenTimeWords(100, [20])).toBe('A token took 10\u00a0ms.')
    expect(tokenTimeWords(null, [2])).toBeNull()
  })

  it('name who has read it', () => {
    expect(readersWords(['walnut', 'fig', 'attic-pc'])).toBe('Read on the way by walnut, fig and attic-pc.')
    expect(readersWords([])).toBe(say.PRIVACY_LINE)
  })
})

describe('the address of a coordinator', () => {
  it('is a web address', () => {
    expect(urlProblem('https://orchard.example/x')).toBeNull()
    expect(urlProblem(' http://192.168.1.4:7070 ')).toBeNull()
    // As hosts say them, and as the command line takes them.
    for (const short of ['orchard.example', 'orchard.example:7070', 'localhost:8000', '127.0.0.1:8000', '[::1]:8000']) {
      expect(urlProblem(short)).toBeNull()
    }
    expect(urlProblem('')).toBe(say.URL_PROBLEMS.empty)
    for (const bad of ['my orchard', 'https:orchard', 'ann@orchard', 'file:///etc/passwd', 'javascript:alert(1)']) {
      expect(urlProblem(bad)).toBe(say.URL_PROBLEMS.bad)
    }
  })
})

describe('checks and shards in a sentence', () => {
  it('count what needs somebody', () => {
    expect(checksLead(checksOf(0))).toBe('19 checks: 1 warns, 1 could not be looked at.')
    expect(checksLead(checksOf(0).filter(({ verdict }) => verdict === 'pass'))).toBe('17 checks, and all pass.')
    expect(checksLead(null)).toBe(say.DIAGNOSTICS.lead)
  })

  it('never round a share down to nothing', () => {
    expect(shareWords({ ...SHARDS, neededBytes: 1, modelBytes: 1e9 })).toContain('less than 1')
    expect(shareWords({ ...SHARDS, neededBytes: 0, modelBytes: 0 })).toContain('0\u00a0%')
  })
})
