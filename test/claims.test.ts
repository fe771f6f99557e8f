import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const ENDS = ['Proved by tests that are run by hand', 'Not proved']

/** What a paper says to be proved by every run, claim by claim. */
function claimsOf(paper: string): string[] {
  const from = paper.indexOf('Proved by tests that run on every commit')
  const to = Math.min(...ENDS.map((end) => paper.indexOf(end, from)).filter((at) => at > 0))
  if (from < 0 || to < from) return []
  return paper
    .slice(from, to)
    .split(/\n(?=- )/)
    .slice(1)
}

/** The tests that a claim links to, as they lie in the repository; papers in `docs` say where from there. */
function testsOf(claim: string): string[] {
  return [...claim.matchAll(/\]\((?:\.\.\/)?([^)]+\.(?:test|spec)\.tsx?)\)/g)].map(([, path = '']) => path)
}

/** Why a file proves nothing; null when it may. */
function whyNotProof(path: string): string | null {
  // `npm test` runs these folders and no others.
  if (!/^(src-[a-z]+|test|bench|e2e)\//.test(path)) return `${path} is not run by npm test`
  let text: string
  try {
    text = read(path)
  } catch {
    return `${path} is not there`
  }
  // Some files only choose what a suite beside them tests.
  if (!/\b(it|test|\w+Suite)(\.each|\.skipIf)?\(/.test(text)) return `${path} tests nothing`
  return /\b(describe|it|test)\.only\(|\bdescribe\.skip\(/.test(text) ? `${path} leaves out its tests` : null
}

const claims = ['README.md', 'docs/proof.md'].flatMap((paper) => claimsOf(read(paper)))

it('H-47: the papers list claims', () => {
  expect(claimsOf(read('README.md')).length).toBeGreaterThan(4)
  expect(claims.length).toBeGreaterThan(25)
})

it.each(claims.map((claim) => [claim.slice(2, 70).replaceAll('\n', ' '), claim]))(
  'H-47: what is said to be proved names its tests, and they are there: %s…',
  (_words, claim) => {
    const tests = testsOf(claim)
    expect(tests, 'the claim names no test').not.toEqual([])
    expect(tests.map(whyNotProof).filter((reason) => reason !== null)).toEqual([])
  },
)

it('H-47: a claim without a test, and one whose test has gone, are noticed', () => {
  const claims = claimsOf(
    'Proved by tests that run on every commit:\n\n- that it flies;\n- that it sings ([test](test/sings.test.ts));\n\nNot proved',
  )
  expect(claims.map(testsOf)).toEqual([[], ['test/sings.test.ts']])
  expect(whyNotProof('test/sings.test.ts')).toBe('test/sings.test.ts is not there')
  expect(whyNotProof('docs/sings.test.ts')).toContain('not run')
  expect(whyNotProof('test/claims.test.ts')).toBeNull()
})
