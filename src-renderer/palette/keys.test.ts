import { expect, it } from 'vitest'
import { keyName, overlayOf } from './keys'

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', true>> = {}) => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false },
  ...held,
})

it('H-30: Control opens the commands and the list of keys, with and without capitals', () => {
  expect(overlayOf(press('k', { ctrlKey: true }), false)).toBe('palette')
  expect(overlayOf(press('K', { ctrlKey: true }), false)).toBe('palette')
  expect(overlayOf(press('/', { ctrlKey: true }), false)).toBe('shortcuts')
})

it('on a Mac it is Command, and Control-K goes on deleting to the end of the line', () => {
  expect(overlayOf(press('k', { metaKey: true }), true)).toBe('palette')
  expect(overlayOf(press('k', { ctrlKey: true }), true)).toBeNull()
  expect(keyName('Mod', true)).toBe('⌘')
})

it('letters alone are letters', () => {
  expect(overlayOf(press('k'), false)).toBeNull()
  expect(overlayOf(press('/'), true)).toBeNull()
  expect(overlayOf(press('k', { ctrlKey: true, altKey: true }), false)).toBeNull()
})
