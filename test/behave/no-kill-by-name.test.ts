import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['src-main', 'src-shared', 'src-coordinator', 'src-preload', 'scripts', 'build']
/** Ways to end a process that somebody else started. Signal 0 ends nothing: it asks whether there is one. */
const FORBIDDEN = /\b(killall|pkill|taskkill|tskill)\b|(?<![#.\w])process\.kill\s*\((?!\w+, 0\))/
/** Sends signals to the process id that Electron gave it for its own child. */
const STARTS_ITS_OWN = join('src-main', 'shell', 'utility-child.ts')
/** No part of the app: a test, which ends what runs in network namespaces that it made itself. */
const IN_ITS_OWN_NAMESPACES = join('scripts', 'nat.mjs')

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|cjs|sh|nsh)$/.test(name) && !/\.test\.ts$/.test(name))
    .map((name) => join(folder, name))
}

it('O-09, X-15: nothing in the app ends a process by its name, or by a number that it did not get from its own child', () => {
  const files = FOLDERS.flatMap(sources)
  expect(files.length).toBeGreaterThan(200)
  const offenders = files.filter((file) => FORBIDDEN.test(readFileSync(join(ROOT, file), 'utf8')))
  expect(offenders).toEqual([STARTS_ITS_OWN, IN_ITS_OWN_NAMESPACES])
  for (const [code, isForbidden] of [
    ['execSync("killall -9 python")', true],
    ['process.kill(pid, "SIGKILL")', true],
    ['process.kill(pid, 0)', false],
    ['this.#process.kill()', false],
  ] as const)
    expect(FORBIDDEN.test(code), code).toBe(isForbidden)
})
