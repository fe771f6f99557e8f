// Finds a Chromium for the page tests, or installs one: Debian's package where we may, else Playwright's own build.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

export function findChromium() {
  return [process.env.CHROMIUM_PATH, ...PLACES, playwrightsOwn()].find((path) => path && existsSync(path)) ?? null
}

export function installChromium() {
  const isRoot = process.getuid?.() === 0
  if (isRoot && run('apt-get', ['--version'], 'ignore')) {
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  } else {
    run(process.execPath, [createRequire(import.meta.url).resolve('playwright-core/cli.js'), 'install', 'chromium'])
  }
  return findChromium()
}

function playwrightsOwn() {
  return createRequire(import.meta.url)('playwright-core').chromium.executablePath()
}

function run(command, args, stdio = 'inherit') {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: ['ignore', stdio, stdio], env }).status === 0
}
