import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exists, type PackedApp, packForLinux } from './packed-app'

const which = (name: string) =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((folder) => join(folder, name)).find((path) => existsSync(path))
const canBuild = process.platform === 'linux' && which('dpkg-deb') !== undefined
/** dpkg runs a package's scripts inside the other root, which only root may enter. */
const canInstall = canBuild && process.getuid?.() === 0 && which('update-alternatives') !== undefined
if (!canInstall) console.warn('Installing a Debian package into a root of its own needs Debian’s dpkg, and to be root.')

describe.skipIf(!canBuild)('H-53: the Debian package', () => {
  let app: PackedApp
  let deb: string
  let content: string

  beforeAll(async () => {
    app = await packForLinux('deb')
    deb = app.deb ?? ''
    content = execFileSync('dpkg-deb', ['--contents', deb], { maxBuffer: 64e6 }).toString()
  })
  afterAll(() => app?.remove())

  test('says who it is, and what it needs of the system', () => {
    const field = (name: string) => execFileSync('dpkg-deb', ['--field', deb, name]).toString().trim()
    expect(field('Package')).toBe('espalier')
    expect(field('Version')).toMatch(/^\d+\.\d+\.\d+/)
    expect(field('Architecture')).toBe(process.arch === 'x64' ? 'amd64' : process.arch)
    for (const library of ['libgtk-3-0', 'libnotify4', 'libnss3', 'libsecret-1-0']) {
      expect(field('Depends')).toContain(library)
    }
    expect(field('Description')).toContain('language-model network')
  })

  test('brings a desktop entry that is valid, with the app’s icon, its links and its window', async () => {
    const entry = await fileOf('usr/share/applications/espalier.desktop')
    const values = Object.fromEntries(
      entry.split('\n').flatMap((line) => {
        const at = line.indexOf('=')
        return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : []
      }),
    )
    expect(entry.split('\n')[0]).toBe('[Desktop Entry]')
    expect(values).toMatchObject({
      Type: 'Application',
      Name: 'Espalier',
      Terminal: 'false',
      Icon: 'espalier',
      StartupWMClass: 'espalier',
      MimeType: 'x-scheme-handler/espalier;',
      Categories: 'Network;P2P;',
    })
    expect(values.Exec).toMatch(/^\/opt\/Espalier\/espalier %U$/)
    // A key that stands there twice makes an entry invalid.
    const keys = entry.split('\n').flatMap((line) => /^([\w-]+)=/.exec(line)?.[1] ?? [])
    expect(new Set(keys).size).toBe(keys.length)
    for (const size of [16, 48, 256, 512]) {
      expect(content).toContain(`./usr/share/icons/hicolor/${size}x${size}/apps/espalier.png`)
    }
  })

  test('holds the packed app, its libraries beside the archive, and nobody’s files', async () => {
    expect(content).toContain('./opt/Espalier/resources/app.asar\n')
    expect(content).toMatch(/\.\/opt\/Espalier\/resources\/app\.asar\.unpacked\/.*libllama[\w.-]*\.so/)
    expect(content).toMatch(/\.\/opt\/Espalier\/resources\/app\.asar\.unpacked\/.*\.node\n/)
    const owners = new Set(
      content
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)[1]),
    )
    expect([...owners]).toEqual(['root/root'])
    // Whatever an installed file is, no other user may change it; the sandbox helper alone gets its bit afterwards.
    expect(content.split('\n').filter((line) => /^-.{7}w|^-.{2}[sS]/.test(line))).toEqual([])
    const wire = await getCurrentFuseWire(app.executable)
    expect(wire[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE)
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE)
  })

  test.skipIf(!canInstall)('O-18: installs, and is removed without a trace, in a root of its own', async () => {
    const root = await mkdtemp(join(tmpdir(), 'espalier-root-'))
    try {
      await makeRoot(root)
      const before = await listOf(root)
      dpkg(root, '--install', deb)
      expect(await exists(join(root, 'opt/Espalier/espalier'))).toBe(true)
      expect(await linkTarget(root, '/usr/bin/espalier')).toBe('/opt/Espalier/espalier')
      const { mode } = await stat(join(root, 'opt/Espalier/chrome-sandbox'))
      expect(mode & 0o7777).toBe(0o4755)
      expect(await readFile(join(root, 'var/lib/dpkg/status'), 'utf8')).toContain('Status: install ok installed')
      dpkg(root, '--purge', 'espalier')
      expect(await listOf(root)).toEqual(before)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })

  async function fileOf(path: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-entry-'))
    try {
      execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "./$3"', 'sh', deb, folder, path])
      return await readFile(join(folder, path), 'utf8')
    } finally {
      await rm(folder, { recursive: true })
    }
  }
})

/** What the package's scripts call, with the libraries that it needs. */
const PROGRAMS = ['bash', 'ln', 'rm', 'chmod', 'readlink', 'update-alternatives']

async function makeRoot(root: string): Promise<void> {
  for (const folder of [
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'etc/alternatives',
    'var/lib/dpkg/info',
    'var/lib/dpkg/updates',
    'var/lib/dpkg/alternatives',
    'tmp',
    'dev',
  ]) {
    await mkdir(join(root, folder), { recursive: true })
  }
  for (const folder of ['bin', 'lib', 'lib64']) await symlink(`usr/${folder}`, join(root, folder))
  await writeFile(join(root, 'dev/null'), '')
  await writeFile(join(root, 'var/lib/dpkg/status'), '')
  for (const name of PROGRAMS) {
    const program = which(name)!
    await place(root, program, `/usr/bin/${name}`)
    for (const [library] of execFileSync('ldd', [program])
      .toString()
      .matchAll(/\/[\w./+-]+\.so[\w.]*/g)) {
      await place(root, library, library)
    }
  }
}

async function place(root: string, from: string, to: string): Promise<void> {
  const target = join(root, to)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(realpathSync(from), target)
  await chmod(target, 0o755)
}

/** Its dependencies are not there and are not what is looked at. */
function dpkg(root: string, ...args: string[]): void {
  execFileSync('dpkg', [`--root=${root}`, '--force-depends', '--no-triggers', ...args], { stdio: 'pipe' })
}

async function linkTarget(root: string, path: string): Promise<string> {
  const first = execFileSync('readlink', [join(root, path)])
    .toString()
    .trim()
  return first.startsWith('/etc/alternatives')
    ? execFileSync('readlink', [join(root, first)])
        .toString()
        .trim()
    : first
}

/** Everything but what dpkg and update-alternatives write about themselves. */
async function listOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true })
  return entries.filter((path) => !/^var\/(lib\/dpkg|log)(\/|$)/.test(path) && path !== 'var/log').sort()
}
