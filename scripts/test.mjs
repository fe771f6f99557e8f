// Every check of the project, in the order in which they fail fastest. Installs the browser that the page tests need.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findChromium, installChromium } from './chromium.mjs'
import { startPostgres } from './postgres.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name, file) => ['node', [`${root}node_modules/${name}/${file}`]]

const steps = [
  ['types', ...bin('typescript', 'bin/tsc'), '--noEmit'],
  ['lint', ...bin('@biomejs/biome', 'bin/biome'), 'check', '.'],
  ['build', ...bin('electron-vite', 'bin/electron-vite.js'), 'build', '--logLevel', 'warn'],
  ['unit tests', ...bin('vitest', 'vitest.mjs'), 'run', '--project', 'unit'],
  ['integration tests', ...bin('vitest', 'vitest.mjs'), 'run', '--project', 'integration'],
  ['page tests', ...bin('@playwright/test', 'cli.js'), 'test', '--project', 'pages'],
  ['app tests', ...bin('@playwright/test', 'cli.js'), 'test', '--project', 'live'],
]

const chromium = findChromium() ?? installChromium()
if (!chromium) {
  console.error('The page tests need Chromium. Install it, or set CHROMIUM_PATH to one.')
  process.exit(1)
}

// The coordinator's tests run on both of its databases.
const postgres = process.env.ESPALIER_TEST_POSTGRES ? null : await startPostgres((line) => console.log(line))
const testPostgres = postgres ? { ESPALIER_TEST_POSTGRES: postgres.url } : {}

for (const [name, command, args, ...more] of steps) {
  console.log(`\n=== ${name}`)
  const startedAt = performance.now()
  const { status, signal } = spawnSync(command === 'node' ? process.execPath : command, [...args, ...more], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A whole run is a CI run wherever it happens: a retry for what a busy machine starved, and no test left on its own.
    env: { CI: 'true', ...process.env, ...testPostgres, CHROMIUM_PATH: chromium },
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  if (status !== 0) {
    console.error(`\n=== ${name} failed (${signal ?? `exit ${status}`}) after ${seconds} s`)
    await postgres?.stop()
    process.exit(1)
  }
  console.log(`=== ${name} passed in ${seconds} s`)
}
await postgres?.stop()
console.log('\nAll checks passed.')
