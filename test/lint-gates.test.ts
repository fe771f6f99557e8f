import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// A gate that does not close is worse than none: each rule that the house relies on is shown a violation (H-03).

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CASES: [string, string, string][] = [
  ['a floating promise', 'async function f() {}\nexport function g() {\n  f()\n}\n', 'lint/nursery/noFloatingPromises'],
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
const CLEAN = 'export const f = (a: number) => a + 1\n'

let folder: string
/** Rules by file name, from one run over all violations. */
const found = new Map<string, string[]>()

beforeAll(() => {
  // A place of its own: other tests read all of `src-main`, and would find what goes again under their hands.
  folder = mkdtempSync(join(tmpdir(), 'espalier-lint-gate-'))
  const sources = join(folder, 'src-main')
  mkdirSync(sources)
  for (const name of ['biome.json', '.gitignore']) copyFileSync(join(ROOT, name), join(folder, name))
  for (const [i, [, code]] of CASES.entries()) writeFileSync(join(sources, `${i}.ts`), code)
  writeFileSync(join(sources, 'clean.ts'), CLEAN)
  const { stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), 'lint', '--reporter=json', '--max-diagnostics=200', sources],
    { cwd: folder, encoding: 'utf8' },
  )
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] }
  for (const { category, severity, location } of diagnostics) {
    if (severity !== 'error') continue
    const file = basename(typeof location.path === 'string' ? location.path : location.path.file)
    found.set(file, [...(found.get(file) ?? []), category])
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Diagnostic {
  category: string
  severity: string
  location: { path: string | { file: string } }
}

describe('lint gates (H-03)', () => {
  for (const [i, [what, , rule]] of CASES.entries()) {
    it(`refuses ${what}`, () => expect(found.get(`${i}.ts`)).toContain(rule))
  }

  it('lets clean code pass', () => expect(found.get('clean.ts')).toBeUndefined())
})
