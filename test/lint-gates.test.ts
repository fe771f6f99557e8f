import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// A gate that does not close is worse than none: each rule that the house relies on is shown a violation (H-03).

const ROOT = fileURLToPath(new URL('..', import.meta.url))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(ROOT, 'src-main', 'lint-gate-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function rulesFor(code: string): string[] {
  const file = join(folder, 'violation.ts')
  writeFileSync(file, code)
  const { stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), 'lint', '--reporter=json', file],
    { cwd: ROOT, encoding: 'utf8' },
  )
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; severity: string }[] }
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ category }) => category)
}

describe('lint gates (H-03)', () => {
  const cases: [string, string, string][] = [
    [
      'a floating promise',
      'async function f() {}\nexport function g() {\n  f()\n}\n',
      'lint/nursery/noFloatingPromises',
    ],
    [
      'an empty catch',
      'export function g() {\n  try {\n    JSON.parse("")\n  } catch {}\n}\n',
      'lint/suspicious/noEmptyBlockStatements',
    ],
    ['a self-assignment', 'export function g(a: number) {\n  a = a\n  return a\n}\n', 'lint/correctness/noSelfAssign'],
    ['Date outside the clock module', 'export const now = () => Date.now()\n', 'lint/style/noRestrictedGlobals'],
    [
      'setTimeout outside the clock module',
      'export const wait = () => setTimeout(() => null, 5)\n',
      'lint/style/noRestrictedGlobals',
    ],
    [
      'setInterval outside the clock module',
      'export const wait = () => setInterval(() => null, 5)\n',
      'lint/style/noRestrictedGlobals',
    ],
    [
      'child_process outside its module',
      "import { spawn } from 'node:child_process'\nexport { spawn }\n",
      'lint/style/noRestrictedImports',
    ],
    ['electron as a value', "import { app } from 'electron'\nexport { app }\n", 'lint/style/noRestrictedImports'],
    ['any', 'export const f = (a: any) => a\n', 'lint/suspicious/noExplicitAny'],
    ['a non-null assertion', 'export const f = (a: string | null) => a!.length\n', 'lint/style/noNonNullAssertion'],
    ['console', 'export const f = () => console.log(1)\n', 'lint/suspicious/noConsole'],
  ]
  for (const [what, code, rule] of cases) {
    it(`refuses ${what}`, () => expect(rulesFor(code)).toContain(rule))
  }

  it('lets clean code pass', () => expect(rulesFor('export const f = (a: number) => a + 1\n')).toEqual([]))
})
