/** Lets an answer through up to the first of some texts at which it shall end. */
export interface StopFilter {
  /** What may be shown now. What could be the beginning of a stop is kept back until it is known. */
  push(text: string): { text: string; isStopped: boolean }
  /** The rest, when the answer ended without a stop. */
  flush(): string
}

/** Empty stops are ignored. */
export function createStopFilter(stops: readonly string[]): StopFilter {
  const wanted = stops.filter((stop) => stop !== '')
  let kept = ''
  return {
    push(text) {
      kept += text
      const found = wanted.map((stop) => kept.indexOf(stop)).filter((index) => index >= 0)
      if (found.length > 0) {
        const shown = kept.slice(0, Math.min(...found))
        kept = ''
        return { text: shown, isStopped: true }
      }
      const shown = kept.slice(0, kept.length - longestBeginning(kept, wanted))
      kept = kept.slice(shown.length)
      return { text: shown, isStopped: false }
    },
    flush() {
      const rest = kept
      kept = ''
      return rest
    },
  }
}

/** Characters at the end of the text that a stop could begin with. */
function longestBeginning(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map(({ length }) => length - 1))
  for (let count = Math.min(longest, text.length); count > 0; count--) {
    const end = text.slice(text.length - count)
    if (stops.some((stop) => stop.startsWith(end))) return count
  }
  return 0
}
