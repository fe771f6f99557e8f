import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { typedPath } from './typed-path'

const HOME = process.platform === 'win32' ? 'C:\\Users\\me' : '/home/me'
const FILE = join(HOME, 'models', 'big model.gguf')

it.each([
  ['as it is', FILE],
  ['with spaces and a line end around it', `  ${FILE}\n`],
  ['in quotes, as Explorer copies it', `"${FILE}"`],
  ['in single quotes, as a shell shows it', `'${FILE}'`],
  ['from the home folder', '~/models/big model.gguf'],
  ['as an address', pathToFileURL(FILE).href],
  ['with a detour', `${join(HOME, 'models')}/../models/big model.gguf`],
])('S-10: a path that is typed %s', (_, typed) => {
  expect(typedPath(typed, HOME)).toBe(FILE)
})

it.each(['model.gguf', './model.gguf', '""', '~you/model.gguf', 'file://elsewhere/%00', 'https://example.org/m.gguf'])(
  'S-10: %j names no file on this computer, and that is said',
  (typed) => {
    expect(() => typedPath(typed, HOME)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
  },
)

it('quotes and tildes within a path are part of it', () => {
  const odd = join(HOME, 'it\'s "mine"~', 'm.gguf')
  expect(typedPath(odd, HOME)).toBe(odd)
})
