import { useId } from 'react'
import { THEMES, type Theme } from '../theme'
import { say } from '../words'

const DRAWINGS: Readonly<Record<Theme, string>> = {
  system: 'M3 4.5h14v9H3zM7 17h6M10 13.5V17',
  light:
    'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1',
  dark: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
}

export interface ThemeSwitchProps {
  theme: Theme
  onTheme(theme: Theme): void
  /** Words beside the drawings, where there is room for them. */
  withWords?: boolean
}

export function ThemeSwitch({ theme, onTheme, withWords = false }: ThemeSwitchProps) {
  const group = useId()
  return (
    <fieldset className={withWords ? 'theme has-words' : 'theme'}>
      <legend className="only-read">{say.SETTINGS.themeLabel}</legend>
      {THEMES.map((name) => (
        <label key={name} title={say.THEME_NAMES[name]}>
          <input type="radio" name={group} value={name} checked={theme === name} onChange={() => onTheme(name)} />
          <svg className="side-icon" width="16" height="16" viewBox="0 0 20 20" aria-hidden="true">
            <path d={DRAWINGS[name]} />
          </svg>
          <span className={withWords ? undefined : 'only-read'}>{say.THEME_NAMES[name]}</span>
        </label>
      ))}
    </fieldset>
  )
}
