import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../../test/models/temporary'
import { readManifest } from '../manifest'
import { verifyModel } from '../verify-model'
import { readCatalogue } from './catalogue'

it('ships the sample with the manifest that its bytes have, and links without one', async () => {
  const models = await readCatalogue('resources')
  const [sample, ...others] = models
  const manifest = await readManifest(join('resources', sample!.bundled!.manifest))
  expect(await verifyModel(join('resources', sample!.bundled!.model), manifest)).toEqual({
    pieces: manifest.pieces.length,
  })
  expect(others.length).toBeGreaterThan(2)
  for (const { bundled, page } of others)
    expect([bundled, page?.startsWith('https://huggingface.co/')]).toEqual([null, true])
})

it.each([
  ['a path out of the resources', { model: '../secret', manifest: 'x' }, 'llama'],
  ['an absolute path', { model: '/etc/passwd', manifest: 'x' }, 'llama'],
  ['an architecture that can’t be cut', null, 'mamba'],
])('refuses %s', async (_, bundled, architecture) => {
  const directory = await temporaryDirectory()
  await mkdir(directory, { recursive: true })
  const model = { name: 'x', summary: '', architecture, page: null, bundled, gated: false }
  await writeFile(join(directory, 'catalogue.json'), JSON.stringify({ version: 1, models: [model] }))
  await expect(readCatalogue(directory)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
})
