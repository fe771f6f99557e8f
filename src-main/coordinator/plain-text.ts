// Control characters could move a terminal's cursor; bidirectional overrides could make a sentence read as another.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters to remove.
const NOT_PLAIN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g

/** A terminal's commands (colours, moves), whole: without their first character, the rest would stay as text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters to remove.
const TERMINAL_COMMANDS = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g

/**
 * Makes text from elsewhere safe to show: one line, no control characters, at most `maxLength` characters, and no half
 * of a surrogate pair, which is no character and which some databases choke on.
 */
export function plainText(text: string, maxLength: number): string {
  const line = text.replace(TERMINAL_COMMANDS, ' ').replace(NOT_PLAIN, ' ').trim()
  const shown = line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
  return shown.toWellFormed()
}
