import { ERROR_CATALOGUE } from './error-catalogue'

/** What the node says in English, in another language: what it says in fixed words, and no more. */
export interface NodePhrases {
  /** By the English sentence or headline, without its full stop. */
  phrases: Readonly<Record<string, string>>
  /** By error code. */
  errors: Readonly<Record<string, { cause: string; action: string }>>
  serving(blocks: string): string
  withProblem(doing: string): string
  doesNotWork(doing: string): string
  seenBy(peers: string): string
  conversations(count: string): string
  /** "and" between two names. */
  and: string
}

interface Report {
  code: string
  cause: string
  action: string
}

/** Windows, the tray and the command line say the same state; this is the state in the language of one of them. */
export function headlineIn(language: NodePhrases | null, headline: string): string {
  if (!language) return headline
  const known = language.phrases[headline]
  if (known) return known
  const [, doing = headline, percent = '', rest = ''] =
    /^(.*?)(, \d+ %)?(, with a problem| does not work)?$/.exec(headline) ?? []
  const told = language.phrases[doing]
  if (told) {
    if (rest === '') return `${told}${percent}`
    return rest === ', with a problem' ? language.withProblem(told) : language.doesNotWork(told)
  }
  const blocks = /^Serving blocks? (.+)$/.exec(headline)?.[1]
  return blocks ? language.serving(blocks) : headline
}

/** What went wrong and what to do; the particulars behind a cause stay as they came. */
export function reportIn<R extends Report>(language: NodePhrases | null, report: R): R {
  const told = language?.errors[report.code]
  const english: Report | undefined = isKnown(report.code)
    ? { code: report.code, ...ERROR_CATALOGUE[report.code] }
    : undefined
  if (!told || !english) return report
  return {
    ...report,
    cause: report.cause.startsWith(english.cause)
      ? told.cause + report.cause.slice(english.cause.length)
      : report.cause,
    action: report.action === english.action ? told.action : report.action,
  }
}

function isKnown(code: string): code is keyof typeof ERROR_CATALOGUE {
  return Object.hasOwn(ERROR_CATALOGUE, code)
}

/** A text of one or more sentences. `reports`: what may be quoted in it. */
export function sentenceIn(language: NodePhrases | null, text: string, reports: readonly Report[] = []): string {
  if (!language) return text
  let told = text
  for (const report of reports) {
    const { cause, action } = reportIn(language, report)
    told = told.replace(bare(report.cause), () => bare(cause)).replace(bare(report.action), () => bare(action))
  }
  for (const [english, phrase] of Object.entries(language.phrases)) {
    if (!told.includes(english)) continue
    // Whole sentences only: "Loading" is a headline, and a part of many words.
    told = told.replace(wholeSentence(english), (_, before: string) => `${before}${phrase}`)
  }
  return told
    .replace(/Seen by (.+?), and dialled back\./, (_, peers: string) =>
      language.seenBy(peers.replaceAll(' and ', ` ${language.and} `)),
    )
    .replace(/(\d+) conversations? (?:is|are) passing through now\./, (_, count: string) =>
      language.conversations(count),
    )
}

function bare(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

function wholeSentence(english: string): RegExp {
  return new RegExp(`(^|[.?] )${english.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=[.?]|$)`)
}
