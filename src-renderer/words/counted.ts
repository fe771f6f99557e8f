import { formatWhole } from '../format'
import { inLocale } from '../locale'

const plurals = inLocale((locale) => new Intl.PluralRules(locale))

/** "1 node", "1,204 nodes": the form that the language asks for, with the number as it writes it in place of `#`. */
export function counted(count: number, one: string, other: string): string {
  return (plurals().select(count) === 'one' ? one : other).replace('#', formatWhole(count))
}
