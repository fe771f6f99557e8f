import type { LogLine } from '../src-shared/app-views'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLine['level'][]

/** Lines of at least `level` in which every word of `query` stands somewhere, in code or message, in any case. */
export function filterLines(
  lines: readonly LogLine[],
  { query, level }: { query: string; level: LogLine['level'] },
): readonly LogLine[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const least = LOG_LEVELS.indexOf(level)
  if (words.length === 0 && least === 0) return lines
  return lines.filter((line) => {
    if (LOG_LEVELS.indexOf(line.level) < least) return false
    const text = `${line.code} ${line.message}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** One line of text, for a report or another program: exact time, level, code, message. */
export function lineText({ at, level, code, message }: LogLine, timeOf: (atEpochMs: number) => string): string {
  return `${timeOf(at)} ${level.toUpperCase().padEnd(5)} ${code} ${message}`
}
