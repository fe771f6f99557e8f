import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/models/temporary'
import { manifest } from './manifest'

it.each([
  ['a prefix that no key can have', { prefix: 'a.b' }, '--prefix'],
  ['a source that is no address', { source: ['not-a-url'] }, '--source'],
  ['a source with a password', { source: ['https://me:secret@example.org/model.gguf'] }, '--source'],
  ['a repository without an owner', { repository: 'nonsense' }, '--repository'],
  ['a repository that is an address', { repository: 'https://huggingface.co/a/b' }, '--repository'],
  ['a name of control characters', { name: '\u001b[31m' }, '--name'],
])('H-46: %s is told to who wrote it, before the model is read', async (_, options, named) => {
  const folder = await temporaryDirectory()
  const making = manifest('no-such.gguf', { output: join(folder, 'm.json'), json: false, ...options })
  await expect(making).rejects.toMatchObject({ code: 'BAD_ARGUMENT', message: expect.stringContaining(named) })
  expect(await readdir(folder)).toEqual([])
})

it('H-46: a folder that is not there is a slip, and not a fault of the program', async () => {
  const making = manifest('no-such.gguf', { output: '/no/such/folder/m.json', json: false })
  await expect(making).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
})

it.each([
  ['that is there', ''],
  ['that is not there', '/new/'],
])('H-46: a folder %s in the place of the file is told before the model is read', async (_, suffix) => {
  const folder = await temporaryDirectory()
  const making = manifest('no-such.gguf', { output: folder + suffix, json: false })
  await expect(making).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
    message: expect.stringContaining('names a folder'),
  })
  expect(await readdir(folder)).toEqual([])
})
