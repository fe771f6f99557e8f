import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appPathsAt } from '../src-main/app-paths'
import { platformPackage } from '../src-main/engine/library'
import { createCountryTable } from '../src-main/places/country-table'
import { startChild } from '../src-main/process/owned-child'
import { SAMPLE_MANIFEST } from './live-network'
import { runNode } from './packaging/node-program'
import { exists, type PackedApp, packForLinux, ROOT } from './packaging/packed-app'

const MB = 1_000_000

if (process.platform !== 'linux') console.warn('Packaging is tested on Linux only: the stub Electron is one for Linux.')

describe.skipIf(process.platform !== 'linux')('the app, packed for Linux', () => {
  let app: PackedApp

  beforeAll(async () => {
    app = await packForLinux()
  })
  afterAll(() => app?.remove())

  test('holds the entry that its package.json names, the preload, the page and its assets', async () => {
    const manifest = JSON.parse(await readFile(join(app.extracted, 'package.json'), 'utf8'))
    expect(manifest.main).toBe('./out/main/index.js')
    expect(app.listing).toContain('out/main/index.js')
    expect(app.listing).toContain('out/preload/index.cjs')
    for (const entry of ['cli', 'engine-child', 'coordinator']) expect(app.listing).toContain(`out/main/${entry}.js`)
    const page = await readFile(join(app.extracted, 'out/renderer/index.html'), 'utf8')
    const assets = [...page.matchAll(/(?:src|href)="\.?\/?([^"]+)"/g)].map(([, path]) => path)
    expect(assets).toEqual(expect.arrayContaining([expect.stringMatching(/\.js$/), expect.stringMatching(/\.css$/)]))
    for (const asset of assets) expect(app.listing).toContain(`out/renderer/${asset}`)
  })

  test('holds nothing foreign', () => {
    const top = new Set(app.listing.map((path) => path.split('/')[0]))
    expect([...top].sort()).toEqual(['node_modules', 'out', 'package.json', 'resources'])
    const parts = new Set(app.listing.filter((path) => path.startsWith('out/')).map((path) => path.split('/')[1]))
    expect([...parts].sort()).toEqual(['dashboard', 'main', 'places', 'preload', 'renderer'])
    const sources = /\.(ts|mts|cts|tsx|map|c|cc|h|hh|cpp|gyp|proto|sh|ya?ml)$/
    expect(app.listing.filter((path) => sources.test(path))).toEqual([])
    const prose = /(^|\/)(readme|changelog|contributing)[^/]*$/i
    expect(app.listing.filter((path) => prose.test(path))).toEqual([])
    expect(app.listing.filter((path) => /^out\/main\/bench/.test(path))).toEqual([])
    const tools = ['electron', 'typescript', 'vite', 'vitest', 'node-llama-cpp', 'playwright-core']
    // Whatever is bundled is not there a second time.
    for (const name of [...tools, 'react', 'libp2p', 'fastify', 'kysely', 'pg', 'electron-log']) {
      expect(app.listing).not.toContain(`node_modules/${name}`)
    }
  })

  test('carries the licence of every package whose author gave one', async () => {
    const licence = /^(licen[cs]e|copying|notice)/i
    for (const folder of ['koffi', 'libsql', 'electron-updater', `@node-llama-cpp/${processorPackage()}`]) {
      const given = (await readdir(join(ROOT, 'node_modules', folder))).filter((name) => licence.test(name))
      expect(given, folder).not.toEqual([])
      for (const name of given) expect(app.listing).toContain(`node_modules/${folder}/${name}`)
    }
    // And of those that are bundled, where a person finds it.
    const bundled = await readFile(join(app.installed, 'resources/third-party-licences.txt'), 'utf8')
    expect(bundled).toContain('\nlibp2p ')
  })

  test('carries the binaries of this computer only, outside the archive', async () => {
    const within = async (scope: string) => (await readdir(join(app.unpacked, 'node_modules', scope))).sort()
    const here = `${process.platform}-${process.arch}`
    expect(await within('@koromix')).toEqual([`koffi-${here}`])
    expect(await within('@libsql')).toEqual([`${here}-gnu`])
    const gpu = platformPackage(process.platform, process.arch, 'vulkan')
    const libraries = [processorPackage(), gpu].filter((name) => INSTALLED_LIBRARIES.includes(name))
    expect(await within('@node-llama-cpp')).toEqual(libraries.sort())

    const binaries = app.listing.filter((path) => /\.(node|so|dll|dylib)$/.test(path))
    expect(binaries.length).toBeGreaterThan(5)
    for (const path of binaries) expect(await exists(join(app.unpacked, path)), path).toBe(true)
    expect(binaries.filter((path) => /\.(dll|dylib)$|musl|win32|darwin|llama-addon/.test(path))).toEqual([])
  })

  test('lets llama.cpp map the sample model: it lies outside the archive, unchanged', async () => {
    // Where the app itself looks once it runs from the archive.
    const [packed, here] = [appPathsAt(app.asar), appPathsAt(ROOT)]
    for (const file of ['sampleModel', 'sampleManifest'] as const) {
      expect(packed[file].startsWith(app.unpacked)).toBe(true)
      expect((await readFile(packed[file])).equals(await readFile(here[file])), file).toBe(true)
    }
    // What runs inside Electron is read through its own file system, which knows the archive.
    for (const file of ['engineChild', 'cli', 'coordinator'] as const) {
      expect(app.listing).toContain(relative(app.asar, packed[file]))
    }
  })

  test('carries the table of addresses where the app looks for it, and its terms', async () => {
    const table = relative(app.asar, appPathsAt(app.asar).countryTable)
    expect(app.listing).toContain(table)
    expect(await createCountryTable(join(app.extracted, table), { write: fail })('193.0.6.139')).toBe('NL')
  })

  test('loads its native parts in a plain Node', async () => {
    const name = processorPackage()
    const libraries = join(app.unpacked, 'node_modules/@node-llama-cpp', name, 'bins', name)
    const program = join(ROOT, 'test/packaging/natives.mjs')
    const { code, stdout, stderr } = await runNode([program, app.extracted, libraries], { cwd: app.extracted })
    expect(code, stderr).toBe(0)
    const said = JSON.parse(stdout)
    expect(said.koffi.startsWith(app.extracted)).toBe(true)
    expect(said).toMatchObject({ answer: 42, system: expect.stringContaining('CPU') })
    expect(said.devices).toBeGreaterThan(0)
  })

  test('has every package that it imports: its own doctor finds nothing missing', async () => {
    const data = await mkdtemp(join(tmpdir(), 'espalier-doctor-'))
    try {
      const { code, stdout, stderr } = await runNode(
        [join(app.extracted, 'out/main/cli.js'), 'doctor', '--json', '--data-dir', data],
        { cwd: app.extracted },
      )
      expect(code, `${stdout}\n${stderr}`).toBe(0)
    } finally {
      await rm(data, { recursive: true })
    }
  })

  test('has all of its coordinator: that starts, describes itself, and draws an invite', async () => {
    const data = await mkdtemp(join(tmpdir(), 'espalier-packed-coordinator-'))
    const token = 'the-admin-token-of-a-packed-coordinator'
    const child = startChild({
      script: join(app.extracted, 'out/main/coordinator.js'),
      args: ['--json', '--port', '0', '--dht-port', '0', '--data-dir', data, '--manifest', SAMPLE_MANIFEST],
      env: { ESPALIER_ADMIN_TOKEN: token },
    })
    try {
      const { url } = await new Promise<{ url?: string }>((resolve, reject) => {
        child.onStdoutLine((line) => resolve(JSON.parse(line)))
        void child.exited.then(({ code }) => reject(new Error(`it ended with ${code}`)))
      })
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const document = await (await fetch(`${url}/openapi.json`, { headers })).json()
      expect(Object.keys(document.paths)).toContain('/workers/register')
      const body = JSON.stringify({ label: 'test', expires_in_s: 3600 })
      const invite = await (await fetch(`${url}/invites`, { method: 'POST', headers, body })).json()
      expect(await (await fetch(url + invite.qr_path, { headers })).text()).toMatch(/^<svg /)
    } finally {
      await child.stop()
      await rm(data, { recursive: true })
    }
  })

  test('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(app.executable)
    const on = Object.entries(FuseV1Options)
      .filter(([, index]) => typeof index === 'number' && wire[index as FuseV1Options] === FuseState.ENABLE)
      .map(([name]) => name)
    expect(on.sort()).toEqual([
      'EnableCookieEncryption',
      'EnableEmbeddedAsarIntegrityValidation',
      'OnlyLoadAppFromAsar',
      // Not ours to set: Electron's default.
      'WasmTrapHandlers',
    ])
  })

  test('keeps the inspector only in builds for end-to-end tests', async () => {
    const inspectFuse = async (env: Readonly<Record<string, string>>) => {
      const program = `import c from './build/electron-builder.mjs'; console.log(c.electronFuses.enableNodeCliInspectArguments)`
      const { stdout } = await runNode(['--input-type=module', '-e', program], { cwd: ROOT, env })
      return stdout.trim()
    }
    expect(await inspectFuse({ ELECTRON_ENABLE_INSPECT: 'true' })).toBe('true')
    expect(await inspectFuse({ ELECTRON_ENABLE_INSPECT: '' })).toBe('false')
  })

  test('has one language, an icon and sane sizes', async () => {
    expect(await readdir(join(app.installed, 'locales'))).toEqual(['en-US.pak'])
    expect(app.listing).toContain('resources/icons/espalier-512.png')
    const { size } = await stat(app.asar)
    expect(size).toBeGreaterThan(5 * MB)
    // Eight of these are the table of addresses.
    expect(size).toBeLessThan(20 * MB)
    expect(await sizeOf(app.unpacked)).toBeLessThan(160 * MB)
  })
})

const INSTALLED_LIBRARIES =
  process.platform === 'linux' ? await readdir(join(ROOT, 'node_modules/@node-llama-cpp')) : []

function fail(level: string, code: string, message: string): never {
  throw new Error(`${level} ${code}: ${message}`)
}

function processorPackage(): string {
  return platformPackage(process.platform, process.arch, 'cpu')
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
