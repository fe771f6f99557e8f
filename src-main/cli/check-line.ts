import type { Check } from '../../src-shared/app-views'

const SHAPES: Record<Check['verdict'], string> = { pass: '●', warn: '◐', fail: '◣', unknown: '○' }

/** One check in a terminal: its shape, what it is about, what was found, and what to do. */
export function checkLine({ title, verdict, evidence, action, code }: Check): string {
  const words = action && code ? `${evidence}. ${action} (${code})` : evidence
  return `${SHAPES[verdict]} ${title.padEnd(22)} ${words}`
}
