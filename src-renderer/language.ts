import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { LANGUAGE_CHOICES, type Language, type LanguageChoice, languageFor } from '../src-shared/language'
import { currentLanguage } from './locale'
import type { AppStores } from './stores/app-stores'
import { speak } from './words'

const KEY = 'espalier.language'

/** As it was last chosen on this page, so that the first words are right before the settings have come. */
export function readLanguage(page: Pick<Window, 'localStorage'>): LanguageChoice {
  const stored = page.localStorage.getItem(KEY)
  return LANGUAGE_CHOICES.find((choice) => choice === stored) ?? 'system'
}

/** Sets the page's language and remembers the choice; resolves to what is spoken then. */
export async function applyLanguage(
  page: Pick<Window, 'localStorage' | 'document' | 'navigator'>,
  choice: LanguageChoice,
): Promise<Language> {
  page.localStorage.setItem(KEY, choice)
  // Without its words the page stays in the language of before, which is better than no page.
  await speak(languageFor(choice, page.navigator.languages)).catch(() => undefined)
  page.document.documentElement.lang = currentLanguage()
  return currentLanguage()
}

/** The language that is spoken. Whoever operates the node chooses it; a link that only looks follows its browser. */
export function useLanguage(stores: Pick<AppStores, 'node' | 'settings'>): Language {
  const [language, setLanguage] = useState(currentLanguage)
  const mayOperate = useStore(stores.node.state, (state) => state.mayOperate)
  const isLive = useStore(stores.node.state, (state) => state.isLive)
  const saved = useStore(stores.settings.state, (state) => state.settings?.language)
  const focused = useRef('')
  // Again whenever the node is back: words that could not be loaded without it come then.
  useEffect(() => {
    if (!mayOperate || !isLive || saved === undefined) return
    let isCurrent = true
    void applyLanguage(window, saved).then((spoken) => {
      if (!isCurrent) return
      focused.current = document.activeElement?.id ?? ''
      setLanguage(spoken)
    })
    return () => {
      isCurrent = false
    }
  }, [mayOperate, isLive, saved])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the page is built anew in the new language; whoever chose it goes on where they were
  useEffect(() => document.getElementById(focused.current)?.focus(), [language])
  return language
}
