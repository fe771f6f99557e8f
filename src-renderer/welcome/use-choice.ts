import { useStore } from 'zustand'
import type { AppStores } from '../stores/app-stores'
import { type Choice, choiceOf } from './choice'

export function useChoice(stores: Pick<AppStores, 'settings' | 'welcome'>): Choice {
  const answers = useStore(stores.welcome.state)
  const { preview, settings } = useStore(stores.settings.state)
  return choiceOf(answers, preview, settings)
}
