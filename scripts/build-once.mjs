// Builds when a source is newer than the last build, so that `npm run demo` works at once on a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'out', '.built')

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs)
  }
  return latest
}

const sources = [
  'src-main',
  'src-shared',
  'src-coordinator',
  'src-renderer',
  'src-dashboard',
  'src-preload',
  'bench',
].map((name) => join(root, name))
// The lock file, because the packages that it names are bundled.
const names = [
  'package.json',
  'package-lock.json',
  'electron.vite.config.ts',
  'build/bundled-packages.ts',
  'build/third-party.ts',
]
const files = names.map((name) => statSync(join(root, name)).mtimeMs)
const changedAt = Math.max(...files, ...sources.filter(existsSync).map(newest))

if (!existsSync(stamp) || statSync(stamp).mtimeMs < changedAt) {
  // All of it goes to stderr: stdout belongs to the command that follows.
  const cli = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const { status } = spawnSync(process.execPath, [cli, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(stamp, '')
  const at = new Date()
  utimesSync(stamp, at, at)
}
