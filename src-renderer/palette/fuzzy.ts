/** In what a search looks: what people read, and other words that they might type for it. */
export interface Searched {
  title: string
  keywords: string
}

/**
 * How well typed text fits, or null when it does not. Every word of it must be found: at the start of a word best,
 * inside of one next, and as letters in their order last. Other words than the title's count less.
 */
export function scoreOf(query: string, { title, keywords }: Searched): number | null {
  let total = 0
  for (const word of plain(query).split(/\s+/).filter(Boolean)) {
    const best = Math.max(fitWord(word, plain(title)), asOtherWord(fitInside(word, plain(keywords))))
    if (best === 0) return null
    total += best
  }
  return total
}

/** The items that fit, best first; equally good ones stay in their order. */
export function search<T extends Searched>(query: string, items: readonly T[]): T[] {
  return items
    .flatMap((item) => {
      const score = scoreOf(query, item)
      return score === null ? [] : [{ item, score }]
    })
    .toSorted((one, other) => other.score - one.score)
    .map(({ item }) => item)
}

function asOtherWord(score: number): number {
  return score * 0.6
}

function fitWord(word: string, text: string): number {
  return Math.max(fitInside(word, text), fitLetters(word, text))
}

/** 0 where it is not inside. A word that is typed whole beats the beginning of a longer one. */
function fitInside(word: string, text: string): number {
  let best = 0
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const isStart = at === 0 || !isLetter(text[at - 1])
    const isWhole = isStart && !isLetter(text[at + word.length])
    best = Math.max(best, isWhole ? 120 : isStart ? 100 : 60)
  }
  return best
}

/** The letters in their order, each as near to the one before as can be: "cfs" finds "copy for support". */
function fitLetters(word: string, text: string): number {
  let best = 0
  for (let first = text.indexOf(word.charAt(0)); first >= 0; first = text.indexOf(word.charAt(0), first + 1)) {
    let at = first
    let starts = isLetter(text[first - 1]) ? 0 : 1
    for (const letter of word.slice(1)) {
      at = text.indexOf(letter, at + 1)
      if (at < 0) break
      if (!isLetter(text[at - 1])) starts += 1
    }
    if (at < 0) break
    // Letters that are scattered over a sentence were not meant.
    const spread = (at - first + 1) / word.length
    if (starts === word.length || spread <= 2) best = Math.max(best, 50 / spread + (20 * starts) / word.length)
  }
  return best
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}

/** Without capitals and accents, and with one kind of apostrophe. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/’/g, "'").toLowerCase()
}
