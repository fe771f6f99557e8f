import { expect, it } from 'vitest'
import { languageFor } from './language'

it.each([
  ['system', ['de-AT', 'en'], 'de'],
  ['system', ['fr-FR', 'DE_ch', 'en'], 'de'],
  ['system', ['en-US', 'de'], 'en'],
  ['system', ['fr', 'deu-x'], 'en'],
  ['system', [], 'en'],
  ['en', ['de'], 'en'],
  ['de', ['en'], 'de'],
] as const)('the choice %s with the wishes %j is %s', (choice, wished, language) => {
  expect(languageFor(choice, wished)).toBe(language)
})
