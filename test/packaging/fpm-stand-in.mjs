#!/usr/bin/env node
// Stands in for fpm, which electron-builder fetches where the network lets it: reads the same arguments and has Debian's
// own dpkg-deb make the package. Only what electron-builder asks for deb; anything else ends with an error.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const SINGLE = [
  ...['-s', '-t', '--architecture', '--after-install', '--after-remove', '--description', '--version', '--package'],
  ...['--name', '--maintainer', '--vendor', '--url', '--deb-priority', '--deb-compression', '--license', '--category'],
]
const MANY = ['-d', '--deb-recommends']

const given = new Map()
const mappings = []
const args = process.argv.slice(2)
for (let at = 0; at < args.length; at++) {
  const name = args[at]
  if (name === '--force') continue
  if (SINGLE.includes(name) || MANY.includes(name)) {
    at += 1
    given.set(name, [...(given.get(name) ?? []), args[at]])
  } else if (!name.startsWith('-') && name.includes('=/')) mappings.push(name.split('=/'))
  else throw new Error(`fpm's argument ${name} is not known here`)
}
const one = (name) => given.get(name)?.at(-1) ?? ''
if (one('-t') !== 'deb') throw new Error('only deb')

const root = mkdtempSync(join(tmpdir(), 'espalier-deb-'))
try {
  for (const [from, to] of mappings) {
    const target = join(root, to)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(from, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  }
  setModes(root)
  const control = join(root, 'DEBIAN')
  mkdirSync(control)
  const [summary, ...more] = one('--description').split('\n')
  const fields = [
    ['Package', one('--name')],
    ['Version', one('--version')],
    ['Architecture', one('--architecture')],
    ['Maintainer', one('--maintainer')],
    ['Installed-Size', String(Math.ceil(sizeOf(root) / 1024))],
    ['Depends', (given.get('-d') ?? []).join(', ')],
    ['Recommends', (given.get('--deb-recommends') ?? []).join(', ')],
    ['Section', one('--category') || 'default'],
    ['Priority', one('--deb-priority')],
    ['Homepage', one('--url')],
    ['Description', [summary, ...more.map((line) => ` ${line.trim() || '.'}`)].join('\n')],
  ]
  const text = fields.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])).join('\n')
  writeFileSync(join(control, 'control'), `${text}\n`)
  for (const [option, name] of [
    ['--after-install', 'postinst'],
    ['--after-remove', 'postrm'],
  ]) {
    cpSync(one(option), join(control, name))
    chmodSync(join(control, name), 0o755)
  }
  // The fastest compression: a test reads the package once.
  const made = spawnSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', root, one('--package')], {
    stdio: 'inherit',
  })
  process.exitCode = made.status ?? 1
} finally {
  rmSync(root, { recursive: true, force: true })
}

/** Folders that others may read, whatever this user's mask is. */
function setModes(folder) {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setModes(join(folder, entry.name))
  }
}

function sizeOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(path) : lstatSync(path).size)
  }, 0)
}
