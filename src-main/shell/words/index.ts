import { type LanguageChoice, languageFor } from '../../../src-shared/language'
import { DE } from './de'
import { EN, type ShellWords } from './en'

export type { ShellWords } from './en'

/** @param wished languages of the system, the dearest first */
export function wordsFor(choice: LanguageChoice, wished: readonly string[]): ShellWords {
  return languageFor(choice, wished) === 'de' ? DE : EN
}
