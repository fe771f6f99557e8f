import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { shippedCode, unreachedPackages } from '../../build/shipped.mjs'
import { buildApp, ROOT } from './packed-app'

/** Not imported, but it brings the packages with llama.cpp's libraries, whose files the engine opens. */
const LIBRARIES = 'node-llama-cpp'

beforeAll(buildApp)

test('dependencies are what the built app imports, and nothing else: the rest is bundled or only builds it', async () => {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const { packages } = shippedCode(ROOT)
  expect(Object.keys(dependencies).sort()).toEqual([...new Set([...packages, LIBRARIES])].sort())
})

test('the app reaches its page’s host and its engine, and none of the measurements', () => {
  const { files } = shippedCode(ROOT)
  for (const entry of ['index', 'cli', 'engine-child', 'coordinator']) expect(files).toContain(`out/main/${entry}.js`)
  expect(files).toContain('out/preload/index.cjs')
  expect(files.filter((file) => /bench/.test(file))).toEqual([])
})

test('package.json’s command is a program that a shell can start', async () => {
  const { bin } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect(await readFile(join(ROOT, bin.espalier), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})

test('what only unused dependencies need is left out; a name that is needed once is kept', () => {
  const left = unreachedPackages(ROOT, shippedCode(ROOT).packages)
  expect(left).toContain('simple-git')
  // Two versions are installed; what electron-updater brings needs one of them.
  expect(left).not.toContain('ms')
  expect(left.filter((name) => name.startsWith('@node-llama-cpp/'))).toEqual([])
})

test('the licences of all that is bundled lie beside it, in one file', async () => {
  const licences = await readFile(join(ROOT, 'out/third-party-licences.txt'), 'utf8')
  const bundled = await packagesInMaps(join(ROOT, 'out/main'))
  expect(bundled.size).toBeGreaterThan(100)
  // The pages are built without maps.
  for (const name of [...bundled, 'react', 'zustand']) expect(licences).toContain(`\n${name} `)
  for (const name of ['libp2p', 'fastify', 'zod']) expect(bundled).toContain(name)
  expect(licences).toContain('Copyright (c) Meta Platforms')
  expect(licences).not.toContain(ROOT)
  expect(licences).not.toContain(homedir())
})

/** Names of the packages from which there is code, as the builder noted where each line came from. */
async function packagesInMaps(folder: string): Promise<Set<string>> {
  const maps = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.js.map'))
  const sources = await Promise.all(
    maps.map(async (path): Promise<string[]> => JSON.parse(await readFile(join(folder, path), 'utf8')).sources),
  )
  return new Set(sources.flat().flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))
}
