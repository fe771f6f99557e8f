import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { licencesText, packageFolder, readLicence } from '../../build/third-party'

describe('the licences of what is bundled', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-licences-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function install(name: string, manifest: object, files: Readonly<Record<string, string>>): Promise<string> {
    const at = join(folder, name)
    await mkdir(at)
    await writeFile(join(at, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }))
    for (const [file, content] of Object.entries(files)) await writeFile(join(at, file), content)
    return at
  }

  it('finds the package of a module, also of one that lies in another’s folder, and none for our own code', () => {
    expect(packageFolder('/app/node_modules/zod/v4/mini/index.js')).toBe('/app/node_modules/zod')
    expect(packageFolder('/app/node_modules/pg/node_modules/@a/b/lib/x.js?v=1')).toBe(
      '/app/node_modules/pg/node_modules/@a/b',
    )
    expect(packageFolder('C:\\app\\node_modules\\ws\\index.js')).toBe('C:/app/node_modules/ws')
    expect(packageFolder('/app/src-main/index.ts')).toBeNull()
    expect(packageFolder('\0rolldown/runtime.js')).toBeNull()
  })

  it('takes all licence files of a package, and what its README says where there is none', async () => {
    const two = await install(
      'two',
      { license: '(MIT OR Apache-2.0)' },
      {
        'LICENSE-MIT': 'Permission is granted\r\n',
        'LICENSE-APACHE': 'Apache License',
        'license.js': 'code',
        'README.md': '# License\nnot this',
      },
    )
    expect(readLicence(two)).toEqual({
      label: 'two 1.0.0',
      licence: '(MIT OR Apache-2.0)',
      text: 'Apache License\n\nPermission is granted',
    })
    const readme = await install(
      'readme',
      { licenses: [{ type: 'MIT' }, { type: 'ISC' }] },
      {
        'README.md': '# readme\n\n## License\n\nCopyright me\n\n## Thanks\nyou',
      },
    )
    expect(readLicence(readme)).toEqual({ label: 'readme 1.0.0', licence: 'MIT OR ISC', text: 'Copyright me' })
    const bare = await install('bare', {}, {})
    expect(readLicence(bare)).toEqual({ label: 'bare 1.0.0', licence: 'declares no licence', text: null })
  })

  it('lists each package once, sorted, and a text that several share once, under all their names', () => {
    const text = licencesText([
      { label: 'b 2.0.0', licence: 'MIT', text: 'shared words' },
      { label: 'c 1.0.0', licence: 'ISC', text: null },
      { label: 'a 1.0.0', licence: 'MIT', text: 'shared words' },
      { label: 'b 2.0.0', licence: 'MIT', text: 'shared words' },
    ])
    expect(text).toContain('\na 1.0.0: MIT\nb 2.0.0: MIT\nc 1.0.0: ISC (its package has no licence text)\n')
    expect(text.match(/shared words/g)).toHaveLength(1)
    expect(text).toContain('\na 1.0.0\nb 2.0.0\n\nshared words\n')
  })
})
