import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/models/temporary'
import { makeFolders } from './make-folders'

it('makes what is missing, says which was the uppermost, and does nothing where all is there', async () => {
  const root = await temporaryDirectory()
  const deep = join(root, 'a', 'b', 'c')
  expect(await makeFolders(deep, 0o700)).toBe(join(root, 'a'))
  expect((await stat(deep)).isDirectory()).toBe(true)
  expect(await makeFolders(deep)).toBeUndefined()
})

it('several at once make the same folder', async () => {
  const deep = join(await temporaryDirectory(), 'a', 'b')
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(deep)))
  expect(existsSync(deep)).toBe(true)
})

it('a file in the way is named', async () => {
  const file = join(await temporaryDirectory(), 'file')
  await writeFile(file, '')
  for (const path of [file, join(file, 'below', 'deeper')]) {
    await expect(makeFolders(path)).rejects.toMatchObject({ code: 'ENOTDIR' })
  }
})

it.skipIf(process.platform !== 'linux')('does not ask for ever where the system makes no folders', async () => {
  await expect(makeFolders('/proc/espalier/slice')).rejects.toMatchObject({ code: 'ENOENT' })
})
