import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDemoDirectory, sweepLeftovers } from './leftovers'

let parent: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-leftovers-'))
})
afterEach(() => rm(parent, { recursive: true, force: true }))

it('H-33: removes the directories of demonstrations whose process is gone, and nothing else', async () => {
  const own = basename(await makeDemoDirectory(parent))
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const left = own.replace(`-${process.pid}-`, `-${pid}-`)
  const elsewhere = left.replace(/^espalier-demo-\d+/, 'espalier-demo-99')
  expect(new Set([own, left, elsewhere]).size).toBe(3)
  for (const name of [left, elsewhere, 'espalier-demo-abc123', 'other']) {
    await mkdir(join(parent, name))
    await writeFile(join(parent, name, 'file'), '')
  }
  expect(await sweepLeftovers(parent)).toEqual([join(parent, left)])
  expect((await readdir(parent)).toSorted()).toEqual([own, elsewhere, 'espalier-demo-abc123', 'other'].toSorted())
})

it('does not mind a place that is not there', async () => {
  expect(await sweepLeftovers(join(parent, 'nowhere'))).toEqual([])
})
