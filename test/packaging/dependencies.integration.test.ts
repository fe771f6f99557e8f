import { readFile } from 'node:fs/promises'
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
  // Two versions are installed; libp2p's logger needs one of them.
  expect(left).not.toContain('ms')
  expect(left.filter((name) => name.startsWith('@node-llama-cpp/'))).toEqual([])
})
