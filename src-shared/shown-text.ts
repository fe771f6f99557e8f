import * as z from 'zod/mini'

/** Marks that turn the direction of the text around them, and control characters: no sentence of ours has them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNSHOWN = /[\u0000-\u0008\u000b-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const LAST_DATE_MS = 8.64e15

/**
 * Text that is shown to people and that somebody else may have written: a name out of a record, a peer's words, a path
 * in a message. What is longer than `maxChars` is cut and ends with an ellipsis. Never a reason to refuse the whole
 * status that it is part of: a stranger's long name must not make a window stand still.
 */
export const shownText = (maxChars: number) => z.string().check(z.overwrite((text) => fitText(text, maxChars)))

/** A moment in ms since the epoch, as somebody said it; within what a date can be. */
export const shownTime = () =>
  z.number().check(z.overwrite((ms) => Math.min(LAST_DATE_MS, Math.max(-LAST_DATE_MS, ms))))

/** At most `maxChars` UTF-16 units, whole characters, without what can't be shown. */
export function fitText(text: string, maxChars: number): string {
  const shown = text.replace(UNSHOWN, '')
  if (shown.length <= maxChars) return shown
  const cut = shown.slice(0, maxChars - 1)
  // Half of a surrogate pair is not valid text.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
