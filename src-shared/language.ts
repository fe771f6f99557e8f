/** The languages that the app speaks. The command line and the log speak English. */
export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

export const LANGUAGE_CHOICES = ['system', ...LANGUAGES] as const
export type LanguageChoice = (typeof LANGUAGE_CHOICES)[number]

/** How numbers and dates are written in each. */
export const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' }

/** `wished`: language tags of the system or browser, the dearest first. The first that the app speaks, or English. */
export function languageFor(choice: LanguageChoice, wished: readonly string[]): Language {
  if (choice !== 'system') return choice
  for (const tag of wished) {
    const language = LANGUAGES.find((known) => known === tag.toLowerCase().split(/[-_]/)[0])
    if (language) return language
  }
  return 'en'
}
