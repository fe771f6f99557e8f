export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'espalier.theme'

export function readTheme(page: Pick<Window, 'localStorage'>): Theme {
  const stored = page.localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === stored) ?? 'system'
}

/** Sets the page's colours and remembers the choice; `system` follows the computer. */
export function applyTheme(page: Pick<Window, 'localStorage' | 'document'>, theme: Theme): void {
  page.localStorage.setItem(KEY, theme)
  if (theme === 'system') delete page.document.documentElement.dataset.theme
  else page.document.documentElement.dataset.theme = theme
}
