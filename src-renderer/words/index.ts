import type { Language } from '../../src-shared/language'
import { setLanguage } from '../locale'
import * as en from './en'

// Why not i18next: a catalogue of plain typed modules is checked by the compiler, both what is missing and what goes
// into a sentence, and needs no code in the page to read it.

/** Every word of the app. English says what there is; another language has exactly the same. */
export type Catalogue = typeof en

/** What the page says, in its language. Read it while rendering, not when a module loads: it changes with the language. */
export let say: Catalogue = en

type OnlyKnown<T extends Readonly<Record<Exclude<keyof T, keyof Catalogue>, never>>> = T
/** Does not compile while German has a word that English lacks; one that it lacks itself fails in `speak`. */
export type German = OnlyKnown<typeof import('./de')>

let wanted: Language = 'en'

/** Loads the words of a language and speaks it from then on. Rejects, and stays as it is, when they cannot be loaded. */
export async function speak(language: Language): Promise<void> {
  wanted = language
  const words: Catalogue = language === 'de' ? await import('./de') : en
  // Somebody chose again while the words were on their way.
  if (wanted !== language) return
  say = words
  setLanguage(language)
}
