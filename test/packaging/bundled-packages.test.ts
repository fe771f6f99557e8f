import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { outside, withOwnName } from '../../build/bundled-packages'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it('what stays outside of the build are the dependencies, with all of their files, and nothing of a similar name', async () => {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const isOutside = (name: string) => outside.some((pattern) => pattern.test(name))
  expect(Object.keys(dependencies).filter((name) => !isOutside(name))).toEqual([])
  expect(Object.keys(devDependencies).filter(isOutside)).toEqual([])
  expect(isOutside('koffi/indirect')).toBe(true)
  expect(isOutside('koffi-other')).toBe(false)
})

it('a package that reads its own name from beside its code gets it as a module that is bundled', async () => {
  const code = await readFile(join(ROOT, 'node_modules/@achingbrain/ssdp/dist/src/ssdp.js'), 'utf8')
  expect(code).toContain('import.meta')
  const bundled = withOwnName(code)
  expect(bundled).toContain("import ownManifest from '../../package.json';\nconst { name, version } = ownManifest;")
  expect(bundled).not.toContain('import.meta')
  expect(bundled.split('\n')).toHaveLength(code.split('\n').length)
})
