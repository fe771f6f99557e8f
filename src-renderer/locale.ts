import { type Language, LOCALES } from '../src-shared/language'

let spoken: Language = 'en'

/** The language of the page now; English until `speak` has loaded another. */
export function currentLanguage(): Language {
  return spoken
}

/** Only `speak` in words/index.ts calls this: words and numbers change together. */
export function setLanguage(language: Language): void {
  spoken = language
}

/** One formatter per language, made when it is first needed: making one takes longer than using it a hundred times. */
export function inLocale<T>(make: (locale: string) => T): () => T {
  const made = new Map<Language, T>()
  return () => {
    const existing = made.get(spoken)
    if (existing !== undefined) return existing
    const formatter = make(LOCALES[spoken])
    made.set(spoken, formatter)
    return formatter
  }
}
